import { z } from "zod";
import { isoSeconds } from "../platform/index.ts";
import { type BurnVerdict, judgeBurn } from "./burn.ts";
import { attainment, badOf, budgetLeft, budgetOf, type Counts, MILLION, percent, type Slo, spanText, unreachableLimits } from "./objective.ts";
import { exhaustedInMs } from "./rule.ts";
import { WORDS } from "./source.ts";
import type { DayStanding, Standing } from "./store.ts";

/** How objectives look outside: the API and the command line show the same. */

const COUNTS = { good: z.number(), bad: z.number(), total: z.number() };
const MONEY = z.object({ currency: z.string(), minor: z.number().describe("Minor units"), text: z.string() });
const SHARE = z.number().nullable();

export const SLO_SHAPE = z.object({
  name: z.string(),
  title: z.string(),
  indicator: z.enum(["webhook_processed", "event_completeness", "payment_success", "api_availability"]),
  counts_as_good: z.string(),
  objective: z.number().describe("0.999 is 99.9 %"),
  objective_text: z.string(),
  window_days: z.number(),
  status: z.enum(["met", "missed", "no_data"]).describe("Of the period: attainment against the objective"),
  attainment: SHARE,
  attainment_text: z.string(),
  period: z.object(COUNTS),
  budget: z.object({
    allowed_events: z.number(),
    spent_events: z.number(),
    left_events: z.number().describe("Below zero: overspent"),
    left: SHARE.describe("1 is all, 0 nothing, below zero overspent"),
    money: z.array(z.object({ currency: z.string(), allowed: MONEY, spent: MONEY, left: MONEY })).describe("An estimate, per currency"),
    gone_at: z.string().nullable().describe("At the pace of the longest window; null when it lasts"),
  }),
  burn: z.array(
    z.object({
      severity: z.enum(["page", "ticket"]),
      limit: z.number(),
      long: z.object({ window: z.string(), burn: SHARE, ...COUNTS }),
      short: z.object({ window: z.string(), burn: SHARE, ...COUNTS }),
      state: z.enum(["fires", "held", "quiet", "no_data"]).describe("held: over the limit, on too few bad events to alert"),
    }),
  ),
  min_bad_events: z.number(),
  exclude: z.array(z.string()),
  only: z.object({ kind: z.string(), value: z.string() }).nullable(),
  warnings: z.array(z.string()),
  measured_at: z.string().nullable(),
  until: z.string().nullable().describe("Until when the indicator can speak"),
});

export type ShownSlo = z.output<typeof SLO_SHAPE>;

/** Writes money for people, e.g. "USD 12.50". */
export type MoneyText = (currency: string, minor: number) => string;

function counts(of: Counts): { good: number; bad: number; total: number } {
  return { good: of.good, bad: badOf(of), total: of.total };
}

/** Millionths of an event as events, to two decimals. */
function events(millionths: number): number {
  return Math.round(millionths / (MILLION / 100)) / 100;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6;
}

function showBurn({ limit, long, short, longBurn, shortBurn, kind }: BurnVerdict): ShownSlo["burn"][number] {
  return {
    severity: limit.severity,
    limit: limit.burn,
    long: { window: spanText(limit.longMs), burn: rounded(longBurn), ...counts(long) },
    short: { window: spanText(limit.shortMs), burn: rounded(shortBurn), ...counts(short) },
    state: kind,
  };
}

const NOTHING: Standing = { measuredAt: 0, untilMs: null, period: { good: 0, total: 0 }, windows: [], money: [] };

function goneAt(slo: Slo, standing: Standing): string | null {
  const slowest = standing.windows.at(-1);
  if (slowest === undefined) return null;
  const burn = judgeBurn(slo, { severity: "ticket", longMs: slowest.ms, shortMs: slowest.ms, burn: 1 }, standing.windows).longBurn ?? 0;
  const ms = burn > 1 ? exhaustedInMs(slo, standing, burn) : null;
  return ms === null ? null : isoSeconds(standing.measuredAt + ms);
}

export function showSlo(slo: Slo, given: Standing | undefined, moneyText: MoneyText): ShownSlo {
  const standing = given ?? NOTHING;
  const { period } = standing;
  const budget = budgetOf(period, slo.objectivePpm);
  const reached = attainment(period);
  const amount = (currency: string, minor: number) => ({ currency, minor, text: moneyText(currency, minor) });
  return {
    name: slo.name,
    title: WORDS[slo.indicator].title,
    indicator: slo.indicator,
    counts_as_good: WORDS[slo.indicator].good,
    objective: slo.objectivePpm / MILLION,
    objective_text: percent(slo.objectivePpm / MILLION, 4),
    window_days: slo.windowDays,
    status: reached === null ? "no_data" : budget.left >= 0 ? "met" : "missed",
    attainment: rounded(reached),
    attainment_text: reached === null ? "no data" : percent(reached),
    period: counts(period),
    budget: {
      allowed_events: events(budget.allowed),
      spent_events: events(budget.spent),
      left_events: events(budget.left),
      left: rounded(budgetLeft(period, slo.objectivePpm)),
      money: standing.money.map(({ currency, allowed, spent, left }) => ({ currency, allowed: amount(currency, allowed), spent: amount(currency, spent), left: amount(currency, left) })),
      gone_at: goneAt(slo, standing),
    },
    burn: slo.limits.map((limit) => showBurn(judgeBurn(slo, limit, standing.windows))),
    min_bad_events: slo.minBad,
    exclude: [...slo.exclude],
    only: slo.only === null ? null : { ...slo.only },
    warnings: unreachableLimits(slo),
    measured_at: given === undefined ? null : isoSeconds(standing.measuredAt),
    until: standing.untilMs === null ? null : isoSeconds(standing.untilMs),
  };
}

export const DAY_SHAPE = z.object({
  start: z.string(),
  objective: z.number(),
  ...COUNTS,
  attainment: SHARE.describe("Of the day"),
  period_attainment: SHARE.describe("Of the rolling period that ended with the day"),
  budget_left: SHARE,
});

export function showDay({ startMs, objectivePpm, day, period }: DayStanding): z.output<typeof DAY_SHAPE> {
  return {
    start: isoSeconds(startMs),
    objective: objectivePpm / MILLION,
    ...counts(day),
    attainment: rounded(attainment(day)),
    period_attainment: rounded(attainment(period)),
    budget_left: rounded(budgetLeft(period, objectivePpm)),
  };
}
