import type { Tx } from "../platform/index.ts";
import type { WindowCounts } from "./burn.ts";
import type { MoneyBudget } from "./money.ts";
import type { Counts } from "./objective.ts";

interface CountRow {
  indicator: string;
  grain: string;
  start: number;
  good: number;
  bad: number;
}

interface DayRow {
  slo: string;
  start: number;
  end_at: number;
  objective_ppm: number;
  good: number;
  total: number;
  period_good: number;
  period_total: number;
  updated_at: number;
}

interface StateRow {
  slo: string;
  measured_at: number;
  state: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    slo_count: CountRow;
    slo_day: DayRow;
    slo_state: StateRow;
  }
}

/** How an objective stood when it was last measured. Times in ms UTC. */
export interface Standing {
  readonly measuredAt: number;
  /** The end of all windows: until when the indicator can speak. Null: of nothing yet. */
  readonly untilMs: number | null;
  readonly period: Counts;
  readonly windows: readonly WindowCounts[];
  readonly money: readonly MoneyBudget[];
}

export interface DayStanding {
  /** The merchant's day. */
  readonly startMs: number;
  readonly endMs: number;
  /** As it was configured then. */
  readonly objectivePpm: number;
  readonly day: Counts;
  /** The rolling period that ended with the day (or now). */
  readonly period: Counts;
  readonly updatedAt: number;
}

export async function readStandings(tx: Tx): Promise<ReadonlyMap<string, Standing>> {
  const rows = await tx.selectFrom("slo_state").selectAll().execute();
  return new Map(rows.map((row) => [row.slo, { ...(JSON.parse(row.state) as Omit<Standing, "measuredAt">), measuredAt: row.measured_at }]));
}

export async function writeStanding(tx: Tx, slo: string, { measuredAt, ...rest }: Standing): Promise<void> {
  const values = { measured_at: measuredAt, state: JSON.stringify(rest) };
  await tx
    .insertInto("slo_state")
    .values({ slo, ...values })
    .onConflict((conflict) => conflict.column("slo").doUpdateSet(values))
    .execute();
}

/** Of objectives that are no longer configured; their days stay. */
export async function forgetStandings(tx: Tx, slos: readonly string[]): Promise<void> {
  await tx
    .deleteFrom("slo_state")
    .$if(slos.length > 0, (query) => query.where("slo", "not in", slos))
    .execute();
}

/** The days that start in `[fromMs, toMs)`, oldest first. */
export async function readDays(tx: Tx, slo: string, fromMs: number, toMs: number): Promise<DayStanding[]> {
  const rows = await tx.selectFrom("slo_day").selectAll().where("slo", "=", slo).where("start", ">=", fromMs).where("start", "<", toMs).orderBy("start").execute();
  return rows.map((row) => ({
    startMs: row.start,
    endMs: row.end_at,
    objectivePpm: row.objective_ppm,
    day: { good: row.good, total: row.total },
    period: { good: row.period_good, total: row.period_total },
    updatedAt: row.updated_at,
  }));
}

export async function writeDay(tx: Tx, slo: string, day: DayStanding): Promise<void> {
  const values = {
    end_at: day.endMs,
    objective_ppm: day.objectivePpm,
    good: day.day.good,
    total: day.day.total,
    period_good: day.period.good,
    period_total: day.period.total,
    updated_at: day.updatedAt,
  };
  await tx
    .insertInto("slo_day")
    .values({ slo, start: day.startMs, ...values })
    .onConflict((conflict) => conflict.columns(["slo", "start"]).doUpdateSet(values))
    .execute();
}
