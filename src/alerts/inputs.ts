import { consumerSeq, countFailures, lastSeq } from "../ledger/index.ts";
import { salesByCurrency, saleUnevenness, sumBy, sumWindow } from "../metrics/index.ts";
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
  /** Whose cursor tells whether the figures are up to date; not looked at when left out. */
  readonly consumer?: string;
}

const FIVE_MINUTES = 300_000;
const HOUR = 3_600_000;

const MINUTE = 60_000;

interface Taken {
  readonly amount: number;
  readonly sales: number;
}

/** What was taken per currency in `[fromMs, toMs)`: whole minutes from buckets, the last part of a minute one by one. */
async function taken(tx: Tx, fromMs: number, toMs: number, live: boolean): Promise<Map<string, Taken>> {
  const edge = Math.max(fromMs, Math.floor(toMs / MINUTE) * MINUTE);
  const whole = await sumBy(tx, "currency", { fromMs, toMs: edge, live });
  const sums = new Map([...whole].map(([currency, { gross, captures }]) => [currency, { amount: gross, sales: captures }]));
  for (const [currency, { amount, count }] of await salesByCurrency(tx, edge, toMs, live, null)) {
    const before = sums.get(currency) ?? { amount: 0, sales: 0 };
    sums.set(currency, { amount: before.amount + amount, sales: before.sales + count });
  }
  return sums;
}

async function revenue(tx: Tx, scope: Scope, nowMs: number): Promise<RevenueOfDay[]> {
  const { todayFrom, yesterdayFrom, yesterdayTo, lastWeekFrom, lastWeekTo } = dayParts(nowMs, scope.timeZone);
  const { live } = scope;
  const today = await taken(tx, todayFrom, nowMs + 1, live);
  const yesterday = await taken(tx, yesterdayFrom, yesterdayTo + 1, live);
  const lastWeek = await sumBy(tx, "currency", { fromMs: lastWeekFrom, toMs: Math.floor(lastWeekTo / MINUTE) * MINUTE, live });
  const currencies = [...new Set([...today.keys(), ...yesterday.keys()])].sort();
  return await Promise.all(
    currencies.map(async (currency) => ({
      currency,
      today: today.get(currency)?.amount ?? 0,
      salesToday: today.get(currency)?.sales ?? 0,
      yesterday: yesterday.get(currency)?.amount ?? 0,
      salesYesterday: yesterday.get(currency)?.sales ?? 0,
      lastWeek: lastWeek.get(currency)?.gross ?? 0,
      unevenness: (await saleUnevenness(tx, yesterdayFrom, yesterdayTo, live, null, currency)) ?? 1,
    })),
  );
}

async function eventsBehind(tx: Tx, scope: Scope): Promise<number> {
  return scope.consumer === undefined ? 0 : (await lastSeq(tx)) - (await consumerSeq(tx, scope.consumer));
}

/** Reads what the literal rules judge. Every figure is of the time up to and including `nowMs` (ms UTC). */
export async function readInputs(tx: Tx, scope: Scope, nowMs: number): Promise<ProductionInputs> {
  const until = nowMs + 1;
  const { failures, rejected } = await countFailures(tx, until - FIVE_MINUTES, until);
  const hour = await sumWindow(tx, { fromMs: until - HOUR, toMs: until, live: scope.live });
  return { webhookFailures5m: failures, webhookRejected5m: rejected, attempted1h: hour.attempts, failed1h: hour.failed, revenue: await revenue(tx, scope, nowMs), eventsBehind: await eventsBehind(tx, scope) };
}
