import { type EventsVerified, verifyEvents } from "../ingest/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { type Difference, type PartFound, reconcile, repairOf } from "../reconcile/index.ts";
import { type Allowance, type Books, eventLister, openBooks, readAllowance, type StripeApi } from "../stripe/index.ts";
import type { Config } from "./config.ts";
import { catchUp } from "./derive.ts";

export interface VerifyAllOptions {
  readonly db: Database;
  readonly api: Pick<StripeApi, "sdk" | "live">;
  readonly config: Pick<Config, "merchant">;
  readonly clock: Clock;
  readonly account: string | null;
  /** ms UTC. */
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly repair: boolean;
  /** False: events only. */
  readonly objects: boolean;
  /** Requests to Stripe at the most. */
  readonly reads: number;
  /** Between requests; left out, real time passes. */
  readonly wait?: (ms: number) => Promise<void>;
  /** @param share of everything, 0 to 1. */
  onProgress(share: number, note: string): void;
}

export interface Verified {
  readonly events: EventsVerified;
  readonly parts: readonly PartFound[];
  readonly repaired: number;
  /** Differences of objects that are still there; all of them without `repair`. */
  readonly left: readonly Difference[];
  /** How many they are: more than `left` when there are very many. */
  readonly drift: number;
  readonly requests: number;
}

function sparing(books: Books, allowance: Allowance): Books {
  return {
    charges: allowance.keep(books.charges),
    refunds: allowance.keep(books.refunds),
    disputes: allowance.keep(books.disputes),
    payouts: allowance.keep(books.payouts),
    bookings: allowance.keep(books.bookings),
    dispute: allowance.keep(books.dispute),
    payout: allowance.keep(books.payout),
    charge: allowance.keep(books.charge),
    refund: allowance.keep(books.refund),
    bookingsOf: allowance.keep(books.bookingsOf),
  };
}

const MINUTE = 60_000;
/** Stripe's list of events reaches 30 days back. */
const REACH_MS = 30 * 86_400_000 - MINUTE;
const GRACE_MS = MINUTE;
const CATCH_UP_MS = 10 * 60_000;
const SHARES = { events: 0.5, charges: 0.2, refunds: 0.06, disputes: 0.02, payouts: 0.02, balance: 0.2 } as const;
const BEFORE = { charges: 0.5, refunds: 0.7, disputes: 0.76, payouts: 0.78, balance: 0.8 } as const;

/**
 * Events first, since objects follow from them; then the objects. Nothing here is taken from what sweeps noted.
 *
 * @throws StripeTrouble when not even events can be asked for.
 */
export async function verifyAll(options: VerifyAllOptions): Promise<Verified> {
  const { db, api, clock, account, sinceMs, nowMs, repair, onProgress } = options;
  const wait = options.wait ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const allowance = readAllowance({ reads: options.reads, clock, wait });
  const all = options.objects ? SHARES.events : 1;
  const events = await verifyEvents({ db, list: allowance.keep(eventLister(api)), account, sinceMs, nowMs, repair, onProgress: (share, compared) => onProgress(share * all, `${compared} events compared`) });
  if (!options.objects) return { events, parts: [], repaired: 0, left: [], drift: 0, requests: allowance.used() };
  const books = sparing(openBooks(api), allowance);
  const derive = async (): Promise<void> => void (await catchUp(db, options.config.merchant.timeZone, clock, CATCH_UP_MS));
  const second = (ms: number): number => Math.floor(ms / 1000) * 1000;
  const parts = await reconcile({
    db,
    books,
    live: api.live,
    account,
    // What was made in the very minute that Stripe's list of events ends in may have no event there any more.
    fromMs: second(nowMs - sinceMs > REACH_MS + MINUTE ? sinceMs : Math.max(sinceMs, nowMs - REACH_MS)),
    untilMs: second(nowMs - GRACE_MS),
    catchUp: derive,
    onProgress: (part, share, compared) => onProgress(BEFORE[part] + SHARES[part] * share, `${compared} ${part} compared`),
  });
  const found = parts.flatMap(({ examples }) => examples);
  const total = parts.reduce((sum, { differences }) => sum + differences, 0);
  if (!repair || found.length === 0) return { events, parts, repaired: 0, left: found, drift: total, requests: allowance.used() };
  const { repaired, left } = await repairOf(found, { db, clock, books, live: api.live, account, catchUp: derive, onProgress: (share) => onProgress(share, "repairing") });
  return { events, parts, repaired, left, drift: total - repaired, requests: allowance.used() };
}
