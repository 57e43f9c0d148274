import { type Arrival, knownEvents, NO_ENDPOINT, openAppendBeside, readHead } from "../ledger/index.ts";
import { findPayments } from "../payments/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { type BookedCharge, type BookedDispute, type BookedPayout, type BookedRefund, type Books, STRIPE_API_VERSION } from "../stripe/index.ts";
import { compareBooking, compareCharge, compareDispute, comparePayout, compareRefund, type Difference, isBooked, type Sources, summed } from "./difference.ts";
import { ourPayouts, type OurPayout } from "./our-payouts.ts";

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

type Found =
  | { readonly object: "charge"; readonly facts: BookedCharge; readonly raw: unknown }
  | { readonly object: "refund"; readonly facts: BookedRefund; readonly raw: unknown }
  | { readonly object: "dispute"; readonly facts: BookedDispute; readonly raw: unknown }
  | { readonly object: "payout"; readonly facts: BookedPayout; readonly raw: unknown };

async function fetchObject({ books, account }: RepairOptions, id: string): Promise<Found | null> {
  if (/^(ch|py)_/.test(id)) {
    const found = await books.charge(id, account);
    return found === null ? null : { object: "charge", facts: found.facts, raw: found.object };
  }
  if (/^(re|pyr)_/.test(id)) {
    const found = await books.refund(id, account);
    return found === null ? null : { object: "refund", facts: found.facts, raw: found.object };
  }
  if (/^(dp|du)_/.test(id)) {
    const found = await books.dispute(id, account);
    return found === null ? null : { object: "dispute", facts: found.facts, raw: found.object };
  }
  if (id.startsWith("po_")) {
    const found = await books.payout(id, account);
    return found === null ? null : { object: "payout", facts: found.facts, raw: found.object };
  }
  return null;
}

/**
 * The object as it is at Stripe now, as events of ours. What was missing is told at the time Stripe made it, so that
 * its money stands on its day; what differed is told now, so that it is later than whatever said otherwise. The id says
 * which object and when: the same repair twice is one event. The money of a dispute moves by events of its own, at the
 * time it moved at Stripe.
 */
function eventsOf(found: Found, kind: Difference["kind"], options: RepairOptions, nowMs: number): Arrival[] {
  const told = kind === "missing" ? found.facts.createdAt : nowMs;
  if (found.object !== "dispute") return [arrivalOf(`${found.object}.updated`, "", found, told, options, nowMs)].filter((event) => event !== null);
  const { withdrawnAt, reinstatedAt } = found.facts;
  return [
    arrivalOf("charge.dispute.updated", "", found, told, options, nowMs),
    withdrawnAt === null ? null : arrivalOf("charge.dispute.funds_withdrawn", "_withdrawn", found, withdrawnAt, options, nowMs),
    reinstatedAt === null ? null : arrivalOf("charge.dispute.funds_reinstated", "_reinstated", found, reinstatedAt, options, nowMs),
  ].filter((event) => event !== null);
}

function arrivalOf(type: string, suffix: string, found: Found, atMs: number, options: RepairOptions, nowMs: number): Arrival | null {
  const created = Math.floor(atMs / 1000);
  const event = {
    id: `gen_verify_${found.facts.id}${suffix}_${created}`.slice(0, 255),
    object: "event",
    api_version: STRIPE_API_VERSION,
    type,
    created,
    livemode: options.live,
    ...(options.account === null ? {} : { account: options.account }),
    data: { object: found.raw },
    recovered_from: "verify",
  };
  const head = readHead(event, nowMs);
  return head.kind === "malformed" ? null : { kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "sweep", endpoint: NO_ENDPOINT };
}

/** What the object moved of the balance is what it should have by what is here now. */
async function movedAlike({ books, account }: RepairOptions, id: string, sources: Sources): Promise<boolean> {
  return summed(await books.bookingsOf(id, account)).every((booking) => {
    if (!isBooked(booking)) return true;
    const compared = compareBooking(booking, sources);
    return compared.converted || compared.difference === null;
  });
}

function same(found: Found, { payment, payout }: Sources): boolean {
  switch (found.object) {
    case "charge":
      return compareCharge(found.facts, payment).difference === null;
    case "refund":
      return compareRefund(found.facts, payment).difference === null;
    case "dispute":
      return compareDispute(found.facts, payment).difference === null;
    case "payout":
      return comparePayout(found.facts, payout).difference === null;
  }
}

/** What is here of an object, after what was taken. */
function sourcesOf({ db, live, account }: RepairOptions, taken: readonly { readonly found: Found }[]): (found: Found) => Promise<Sources> {
  // All payouts are read from their events at once, since the oldest that was taken.
  const since = Math.min(...taken.flatMap(({ found }) => (found.object === "payout" ? [found.facts.createdAt] : [])));
  let payouts: Promise<Map<string, OurPayout>> | null = null;
  return async ({ object, facts: { id } }) => {
    if (object !== "payout") return { payment: (await findPayments(db.read, [id], { live, account })).get(id), payout: undefined };
    payouts ??= ourPayouts(db, { live, account }, since);
    return { payment: undefined, payout: (await payouts).get(id) };
  };
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
    const all = found === null ? [] : eventsOf(found, difference.kind, options, options.clock.now());
    // One that an earlier repair made says the same of the same moment.
    const known = await knownEvents(options.db.read, all.map(({ head }) => head.eventId));
    const events = all.filter(({ head }) => !known.has(head.eventId));
    if (found === null || all.length === 0) {
      left.push(difference);
      continue;
    }
    if (events.length > 0) await append(events, async () => {});
    taken.push({ difference, found });
  }
  await options.catchUp();
  const here = sourcesOf(options, taken);
  for (const { difference, found } of taken) {
    const sources = await here(found);
    const mended = same(found, sources) && (difference.object !== "booking" || (await movedAlike(options, found.facts.id, sources)));
    if (!mended) left.push({ ...difference, text: `${difference.text}. Taking it from Stripe did not mend that: \`tillwatch rebuild --check\` says whether what is derived is what the events tell` });
  }
  return { repaired: differences.length - left.length, left };
}
