import { sumBy } from "../../metrics/index.ts";
import { DAY_MS, type Tx } from "../../platform/index.ts";
import type { Metric } from "../detection/index.ts";
import type { Scope } from "../inputs.ts";

/** Something that a detector follows: all payments together, or those of one currency. */
export interface Stream {
  /** `all`, or a currency. */
  readonly name: string;
  /** Of the amounts, lower case; null where payments of several currencies are counted together and no amount can be named. */
  readonly currency: string | null;
  readonly metrics: readonly Metric[];
}

const EVERYTHING: readonly Metric[] = ["revenue_dip", "payment_error", "webhook_failure", "card_testing", "revenue_spike", "refund_surge", "dispute_surge"];
/** What only a currency of its own can tell; the rest is judged for all together, with the currency as one of the slices. */
const OF_A_CURRENCY: readonly Metric[] = ["revenue_dip", "revenue_spike"];

const LOOK_BACK_DAYS = 28;
/** From this share on one currency is as good as all. */
const ALONE = 0.98;
/** Attempts a day below which a currency has too little to be judged by itself. */
const LEAST_A_DAY = 10;
const MOST_CURRENCIES = 6;

/**
 * What is to be followed: one stream in a shop of one currency; else all payments together, and each currency that has
 * volume by itself for what is about amounts.
 */
export async function planStreams(tx: Tx, scope: Scope, nowMs: number): Promise<Stream[]> {
  const sums = await sumBy(tx, "currency", { fromMs: nowMs - LOOK_BACK_DAYS * DAY_MS, toMs: nowMs, live: scope.live });
  const counts = [...sums].map(([currency, { attempts }]) => ({ currency, attempts })).sort((a, b) => b.attempts - a.attempts || (a.currency < b.currency ? -1 : 1));
  const total = counts.reduce((sum, { attempts }) => sum + attempts, 0);
  const [first] = counts;
  if (first === undefined || total === 0) return [{ name: "all", currency: scope.mainCurrency, metrics: EVERYTHING }];
  if (first.attempts >= ALONE * total) return [{ name: "all", currency: first.currency, metrics: EVERYTHING }];
  const own = counts.filter(({ attempts }) => attempts >= LEAST_A_DAY * LOOK_BACK_DAYS).slice(0, MOST_CURRENCIES);
  return [{ name: "all", currency: null, metrics: EVERYTHING }, ...own.map(({ currency }): Stream => ({ name: currency, currency, metrics: OF_A_CURRENCY }))];
}
