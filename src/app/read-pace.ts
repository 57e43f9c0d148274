import { countSucceeded } from "../payments/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import type { Config } from "./config.ts";

/** How often Stripe is asked without a cause. */
export interface ReadPace {
  /** Each account's list of events, ms. */
  readonly sweepMs: number;
  /** The endpoints, ms. */
  readonly guardMs: number;
  /** Requests in 30 days that this makes. */
  readonly reads: number;
  /** Requests in 30 days that Stripe allows. */
  readonly allowed: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const MONTH_MS = 30 * DAY;
/** https://docs.stripe.com/rate-limits: reads per transaction, averaged over 30 days, and what everybody has. */
const READS_PER_PAYMENT = 500;
const READS_AT_LEAST = 10_000;
/** The rest is for the backfill, for validation and for people. */
const SHARE = 0.95;
const READS_PER_LOOK = 2;

/** From what is best to what is still good: a quiet shop's endpoints are looked at less often before its events are. */
const PACES: readonly (readonly [sweepMin: number, guardMin: number])[] = [
  [5, 15],
  [5, 30],
  [5, 60],
  [5, 120],
  [10, 120],
  [15, 120],
  [30, 120],
  [60, 120],
];

/**
 * Pure: the best pace within Stripe's allowance. With very many accounts and hardly a payment even the slowest is above
 * it; then it is the slowest.
 *
 * @param payments that succeeded in 30 days.
 */
export function paceOf(payments: number, accounts: number): ReadPace {
  const allowed = Math.max(READS_AT_LEAST, READS_PER_PAYMENT * payments);
  const paces = PACES.map(([sweepMin, guardMin]) => {
    const [sweepMs, guardMs] = [sweepMin * MINUTE, guardMin * MINUTE];
    return { sweepMs, guardMs, reads: accounts * (MONTH_MS / sweepMs) + READS_PER_LOOK * (MONTH_MS / guardMs), allowed };
  });
  const fitting = paces.find(({ reads }) => reads <= allowed * SHARE) ?? paces.at(-1);
  if (fitting === undefined) throw new Error("there are no paces");
  return fitting;
}

/** More payments than this change nothing. */
function enough(accounts: number): number {
  return Math.ceil(paceOf(0, accounts).reads * 12);
}

/** The pace of this shop now. The sandbox allows what it is asked. */
export async function readPace(db: Database, config: Pick<Config, "sandbox" | "stripe" | "ingest">, clock: Clock): Promise<ReadPace> {
  const accounts = 1 + config.ingest.accounts.length;
  if (config.sandbox) return paceOf(Number.POSITIVE_INFINITY, accounts);
  return paceOf(await countSucceeded(db.read, config.stripe.mode === "live", clock.now() - MONTH_MS, enough(accounts)), accounts);
}
