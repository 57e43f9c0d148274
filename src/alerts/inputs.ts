import { countFailures } from "../ledger/index.ts";
import { saleUnevenness, sumBy, sumWindow } from "../metrics/index.ts";
import type { Tx } from "../platform/index.ts";
import { dayParts } from "./day.ts";
import type { ProductionInputs, RevenueOfDay } from "./production.ts";

/** Whose figures are judged: the account itself, in one mode. Connected accounts are shown apart. */
export interface Scope {
  readonly live: boolean;
  /** IANA name; in it the merchant's day begins. */
  readonly timeZone: string;
  /** ISO 4217, lower case. */
  readonly mainCurrency: string;
}

const FIVE_MINUTES = 300_000;
const HOUR = 3_600_000;

async function revenue(tx: Tx, scope: Scope, nowMs: number): Promise<RevenueOfDay[]> {
  const { todayFrom, yesterdayFrom, yesterdayTo } = dayParts(nowMs, scope.timeZone);
  const { live } = scope;
  const today = await sumBy(tx, "currency", { fromMs: todayFrom, toMs: nowMs + 1, live });
  const yesterday = await sumBy(tx, "currency", { fromMs: yesterdayFrom, toMs: yesterdayTo, live });
  const currencies = [...new Set([...today.keys(), ...yesterday.keys()])].sort();
  return await Promise.all(
    currencies.map(async (currency) => ({
      currency,
      today: today.get(currency)?.gross ?? 0,
      salesToday: today.get(currency)?.captures ?? 0,
      yesterday: yesterday.get(currency)?.gross ?? 0,
      salesYesterday: yesterday.get(currency)?.captures ?? 0,
      unevenness: (await saleUnevenness(tx, yesterdayFrom, yesterdayTo, live, null, currency)) ?? 1,
    })),
  );
}

/** Reads what the literal rules judge. Every figure is of the time up to and including `nowMs` (ms UTC). */
export async function readInputs(tx: Tx, scope: Scope, nowMs: number): Promise<ProductionInputs> {
  const until = nowMs + 1;
  const { failures, rejected } = await countFailures(tx, until - FIVE_MINUTES, until);
  const hour = await sumWindow(tx, { fromMs: until - HOUR, toMs: until, live: scope.live });
  return { webhookFailures5m: failures, webhookRejected5m: rejected, attempted1h: hour.attempts, failed1h: hour.failed, revenue: await revenue(tx, scope, nowMs) };
}
