import { type Arrival, NO_ENDPOINT, openAppendBeside, readHead } from "../ledger/index.ts";
import { findPayments } from "../payments/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { type BookedCharge, type BookedRefund, type Books, STRIPE_API_VERSION } from "../stripe/index.ts";
import { compareCharge, compareRefund, type Difference } from "./difference.ts";

export interface RepairOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly books: Books;
  readonly live: boolean;
  readonly account: string | null;
  catchUp(): Promise<void>;
  onProgress(share: number): void;
}

export interface Repaired {
  readonly repaired: number;
  /** What still differs, and what to do about it. */
  readonly left: readonly Difference[];
}

type Found = { readonly object: "charge"; readonly facts: BookedCharge; readonly raw: unknown } | { readonly object: "refund"; readonly facts: BookedRefund; readonly raw: unknown };

async function fetchObject({ books, account }: RepairOptions, id: string): Promise<Found | null> {
  if (/^(ch|py)_/.test(id)) {
    const found = await books.charge(id, account);
    return found === null ? null : { object: "charge", facts: found.facts, raw: found.object };
  }
  if (/^(re|pyr)_/.test(id)) {
    const found = await books.refund(id, account);
    return found === null ? null : { object: "refund", facts: found.facts, raw: found.object };
  }
  return null;
}

/**
 * The object as it is at Stripe now, as an event of ours. What was missing is told at the time Stripe made it, so that
 * its money stands on its day; what differed is told now, so that it is later than whatever said otherwise. The id says
 * which object and when: the same repair twice is one event.
 */
function eventOf(found: Found, kind: Difference["kind"], options: RepairOptions, nowMs: number): Arrival | null {
  const created = Math.floor((kind === "missing" ? found.facts.createdAt : nowMs) / 1000);
  const event = {
    id: `gen_verify_${found.facts.id}_${created}`.slice(0, 255),
    object: "event",
    api_version: STRIPE_API_VERSION,
    type: `${found.object}.updated`,
    created,
    livemode: options.live,
    ...(options.account === null ? {} : { account: options.account }),
    data: { object: found.raw },
    recovered_from: "verify",
  };
  const head = readHead(event, nowMs);
  return head.kind === "malformed" ? null : { kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "sweep", endpoint: NO_ENDPOINT };
}

async function agrees({ db, live, account }: RepairOptions, found: Found): Promise<boolean> {
  const payment = (await findPayments(db.read, [found.facts.id], { live, account })).get(found.facts.id);
  const { difference } = found.object === "charge" ? compareCharge(found.facts, payment) : compareRefund(found.facts, payment);
  return difference === null;
}

/**
 * Takes each object that is missing or differs from Stripe, by the ordinary path. What is here and not at Stripe is
 * never removed: a person finds out where it came from.
 *
 * @throws StripeTrouble
 */
export async function repairOf(differences: readonly Difference[], options: RepairOptions): Promise<Repaired> {
  const append = openAppendBeside(options.db);
  const left: Difference[] = [];
  const taken: { difference: Difference; found: Found }[] = [];
  for (const [index, difference] of differences.entries()) {
    options.onProgress(index / differences.length);
    const found = difference.kind === "unknown_to_stripe" ? null : await fetchObject(options, difference.id);
    const event = found === null ? null : eventOf(found, difference.kind, options, options.clock.now());
    if (found === null || event === null) {
      left.push(difference);
      continue;
    }
    await append([event], async () => {});
    taken.push({ difference, found });
  }
  await options.catchUp();
  for (const { difference, found } of taken) {
    if (!(await agrees(options, found))) left.push({ ...difference, text: `${difference.text}. Taking it from Stripe did not mend that: \`tillwatch rebuild --check\` says whether what is derived is what the events tell` });
  }
  return { repaired: differences.length - left.length, left };
}
