import { z } from "zod";
import { isoSeconds } from "../../platform/index.ts";
import { MONEY_SHAPE, showMoney } from "../present.ts";
import type { StoredBacktest } from "./stored.ts";

/** How a backtest looks outside: the API and the command line show the same. */

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const TIME = z.string().nullable();

export const BACKTEST_SHAPE = z.object({
  from: z.string(),
  until: z.string(),
  minutes: z.number(),
  learnt_days: z.number().describe("Days of history before it that were learnt from"),
  alerts: z.number(),
  alerts_a_month: z.number(),
  hours_open: z.number(),
  at_stake: z.array(MONEY_SHAPE).describe("Of all firings together, per currency"),
  by_rule: z.record(z.string(), z.number()),
  by_weekday: z.record(z.string(), z.number()).describe("Of the merchant's week, by when they fired"),
  by_day: z.array(z.object({ date: z.string(), warnings: z.number(), criticals: z.number() })),
  firings: z.array(z.object({ part: z.enum(["adaptive", "threshold"]), rule: z.string(), severity: z.enum(["WARNING", "CRITICAL"]), fired_at: z.string(), resolved_at: TIME, minutes: z.number().nullable(), why: z.string(), stake: MONEY_SHAPE.nullable() })),
});

export type ShownBacktest = z.output<typeof BACKTEST_SHAPE>;

const MONTH_MINUTES = 30 * 1440;

export function showBacktest({ fromMs, untilMs, minutes, learntDays, firings }: StoredBacktest, timeZone: string): ShownBacktest {
  const byRule: Record<string, number> = {};
  const byWeekday: Record<string, number> = Object.fromEntries(WEEKDAYS.map((day) => [day, 0]));
  const stakes = new Map<string, number>();
  const days = new Map<string, { warnings: number; criticals: number }>();
  const local = (ms: number): Temporal.ZonedDateTime => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  for (let day = local(fromMs).toPlainDate(); Temporal.PlainDate.compare(day, local(Math.max(fromMs, untilMs - 1)).toPlainDate()) <= 0; day = day.add({ days: 1 })) days.set(day.toString(), { warnings: 0, criticals: 0 });
  let openMs = 0;
  for (const { rule, severity, firedAt, resolvedAt, stake } of firings) {
    const at = local(firedAt);
    byRule[rule] = (byRule[rule] ?? 0) + 1;
    const weekday = WEEKDAYS[at.dayOfWeek - 1] ?? "Monday";
    byWeekday[weekday] = (byWeekday[weekday] ?? 0) + 1;
    openMs += (resolvedAt ?? untilMs) - firedAt;
    if (stake !== null) stakes.set(stake.currency, (stakes.get(stake.currency) ?? 0) + stake.minor);
    const day = days.get(at.toPlainDate().toString());
    if (day !== undefined) day[severity === "CRITICAL" ? "criticals" : "warnings"] += 1;
  }
  return {
    from: isoSeconds(fromMs),
    until: isoSeconds(untilMs),
    minutes,
    learnt_days: learntDays,
    alerts: firings.length,
    alerts_a_month: minutes === 0 ? 0 : Math.round((firings.length / minutes) * MONTH_MINUTES * 100) / 100,
    hours_open: Math.round(openMs / 360_000) / 10,
    at_stake: [...stakes].flatMap(([currency, minor]) => showMoney({ currency, minor }) ?? []),
    by_rule: byRule,
    by_weekday: byWeekday,
    by_day: [...days].map(([date, counts]) => ({ date, ...counts })),
    firings: firings.map((one) => ({
      part: one.part,
      rule: one.rule,
      severity: one.severity,
      fired_at: isoSeconds(one.firedAt),
      resolved_at: one.resolvedAt === null ? null : isoSeconds(one.resolvedAt),
      minutes: one.resolvedAt === null ? null : Math.round((one.resolvedAt - one.firedAt) / 60_000),
      why: one.why,
      stake: showMoney(one.stake),
    })),
  };
}

const WEEK = 7;

/** A week a line: `.` a quiet day, `!` a warning, `#` something critical; the monday's date before it. */
export function picture({ by_day: days }: ShownBacktest): string {
  const lines: string[] = [];
  let line = "";
  for (const { date, warnings, criticals } of days) {
    const weekday = Temporal.PlainDate.from(date).dayOfWeek;
    if (line === "") line = `${date}  ${" ".repeat(weekday - 1)}`;
    line += criticals > 0 ? "#" : warnings > 0 ? "!" : ".";
    if (weekday === WEEK) {
      lines.push(line);
      line = "";
    }
  }
  if (line !== "") lines.push(line);
  return lines.join("\n");
}
