import { sql } from "kysely";
import { type Database, HOUR_MS, inChunks, MINUTE_MS, type Tx } from "../platform/index.ts";
import type { Counts } from "./objective.ts";

/** What is counted here, because no other bucket holds it. */
export type Counted = "webhook" | "api";

/** Events of one moment. */
export interface Tally {
  readonly atMs: number;
  readonly good: number;
  readonly bad: number;
}

const MINUTE_GRAIN = "m";
const HOUR_GRAIN = "h";

const floor = (ms: number, unit: number): number => Math.floor(ms / unit) * unit;
const ceil = (ms: number, unit: number): number => Math.ceil(ms / unit) * unit;

export interface Span {
  readonly grain: "minute" | "hour";
  readonly fromMs: number;
  readonly toMs: number;
}

/** Whole minutes as hours inside and minutes at the edges, so that a month is some 800 rows. */
export function hoursAndMinutes(fromMs: number, toMs: number): Span[] {
  const [first, last] = [ceil(fromMs, HOUR_MS), floor(toMs, HOUR_MS)];
  const spans: Span[] =
    first >= last
      ? [{ grain: "minute", fromMs, toMs }]
      : [
          { grain: "minute", fromMs, toMs: first },
          { grain: "hour", fromMs: first, toMs: last },
          { grain: "minute", fromMs: last, toMs },
        ];
  return spans.filter((span) => span.fromMs < span.toMs);
}

/** Adds to the minutes and hours that the tallies fall into; in the transaction of what they count. */
export async function addCounts(tx: Tx, indicator: Counted, tallies: readonly Tally[]): Promise<void> {
  const rows = new Map<string, { indicator: string; grain: string; start: number; good: number; bad: number }>();
  for (const { atMs, good, bad } of tallies) {
    for (const [grain, start] of [[MINUTE_GRAIN, floor(atMs, MINUTE_MS)], [HOUR_GRAIN, floor(atMs, HOUR_MS)]] as const) {
      const key = `${grain}${start}`;
      const row = rows.get(key) ?? { indicator, grain, start, good: 0, bad: 0 };
      row.good += good;
      row.bad += bad;
      rows.set(key, row);
    }
  }
  for (const chunk of inChunks([...rows.values()], 64)) {
    await tx
      .insertInto("slo_count")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(["indicator", "grain", "start"]).doUpdateSet((eb) => ({
          good: eb(eb.ref("slo_count.good"), "+", eb.ref("excluded.good")),
          bad: eb(eb.ref("slo_count.bad"), "+", eb.ref("excluded.bad")),
        })),
      )
      .execute();
  }
}

/** Whole minutes of `[fromMs, toMs)`. */
export async function sumCounts(tx: Tx, indicator: Counted, fromMs: number, toMs: number): Promise<Counts> {
  let [good, bad] = [0, 0];
  for (const { grain, fromMs: from, toMs: to } of hoursAndMinutes(fromMs, toMs)) {
    const { rows } = await sql<{ good: number | null; bad: number | null }>`select sum(good) as good, sum(bad) as bad from slo_count
      where indicator = ${indicator} and grain = ${grain === "hour" ? HOUR_GRAIN : MINUTE_GRAIN} and start >= ${from} and start < ${to}`.execute(tx);
    good += rows[0]?.good ?? 0;
    bad += rows[0]?.bad ?? 0;
  }
  return { good, total: good + bad };
}

async function lastMinute(tx: Tx, indicator: Counted): Promise<number | null> {
  const row = await tx.selectFrom("slo_count").select("start").where("indicator", "=", indicator).where("grain", "=", MINUTE_GRAIN).orderBy("start", "desc").limit(1).executeTakeFirst();
  return row?.start ?? null;
}

/** Minutes are kept this long, a little longer than the longest burn window; hours for as long as a period and a chart. */
const KEEP_MS = { [MINUTE_GRAIN]: 8 * 24 * HOUR_MS, [HOUR_GRAIN]: 100 * 24 * HOUR_MS } as const;
/** A longer silence than this is a gap: the service was down, or could not write. */
const GAP_MS = 2 * MINUTE_MS;

/** Answers that the API gave since the last sign of life. */
export interface ApiAnswers {
  readonly answered: number;
  /** Of them, answered 5xx. */
  readonly failed: number;
}

/**
 * A sign of life of the API, and what it answered since the last one. Each sign counts as one good answer and each that
 * is missing as a bad one: otherwise an API that is down, and is asked nothing that anybody could count, would look
 * perfect, and one failure among the ten requests of a quiet day a disaster.
 *
 * @param everyMs how often the service gives a sign of life.
 */
export async function recordLife(tx: Tx, lock: Database["dialect"]["lock"], { answered, failed }: ApiAnswers, everyMs: number, nowMs: number): Promise<void> {
  await lock(tx, "slo:api");
  const last = await lastMinute(tx, "api");
  const tallies: Tally[] = [{ atMs: nowMs, good: 1 + answered - failed, bad: failed }];
  const minute = floor(nowMs, MINUTE_MS);
  if (last !== null && minute - last >= GAP_MS) {
    // The minute of the last sign and this one are left alone: parts of them may have been well.
    const perMinute = Math.max(1, Math.round(MINUTE_MS / everyMs));
    const from = Math.max(last + MINUTE_MS, minute - KEEP_MS[MINUTE_GRAIN]);
    for (let at = from; at < minute; at += MINUTE_MS) tallies.push({ atMs: at, good: 0, bad: perMinute });
  }
  await addCounts(tx, "api", tallies);
}

/** Lets go about `limit` old counts; answers how many went. */
export async function retainSloCounts(tx: Tx, nowMs: number, limit: number): Promise<number> {
  for (const [grain, keepMs] of Object.entries(KEEP_MS)) {
    const { numAffectedRows } = await sql`delete from slo_count where (indicator, grain, start) in (
      select indicator, grain, start from slo_count where indicator in ('webhook', 'api') and grain = ${grain} and start < ${nowMs - keepMs} limit ${limit})`.execute(tx);
    if (Number(numAffectedRows ?? 0) > 0) return Number(numAffectedRows);
  }
  return 0;
}
