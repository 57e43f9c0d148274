import { localDays } from "../metrics/index.ts";
import { type Database, DAY_MS, HOUR_MS, MINUTE_MS, type Tx } from "../platform/index.ts";
import { windowsOf } from "./burn.ts";
import { moneyBudgets } from "./money.ts";
import type { Counts, Slo } from "./objective.ts";
import type { Source } from "./source.ts";
import { type DayStanding, forgetStandings, readDays, readStandings, type Standing, writeDay, writeStanding } from "./store.ts";

/** An objective with where its counts come from. */
export interface Measured {
  readonly slo: Slo;
  readonly source: Source;
}

export interface MeasureOptions {
  readonly measured: readonly Measured[];
  /** IANA; history is kept per day of the merchant's. */
  readonly timeZone: string;
}

const NOTHING: Counts = { good: 0, total: 0 };

/** Windows end with the minute that is under way, so that trouble shows at once. */
function endOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
}

/** The rolling period before a time: on whole hours at its far end, where minutes may be gone. */
function periodFrom(endMs: number, windowDays: number): number {
  return Math.floor((endMs - windowDays * DAY_MS) / HOUR_MS) * HOUR_MS;
}

/** How an objective stands now; only reads. */
export async function standingOf(tx: Tx, { slo, source }: Measured, nowMs: number): Promise<Standing> {
  const reached = source.untilMs === undefined ? nowMs : await source.untilMs(tx);
  const sizes = windowsOf(slo.limits);
  if (reached === null) return { measuredAt: nowMs, untilMs: null, period: NOTHING, windows: sizes.map((ms) => ({ ms, ...NOTHING })), money: [] };
  const end = endOf(Math.min(nowMs, reached));
  const from = periodFrom(end, slo.windowDays);
  const period = await source.counts(tx, from, end);
  const windows = [];
  for (const ms of sizes) windows.push({ ms, ...(await source.counts(tx, end - ms, end)) });
  const worth = source.worth === undefined ? [] : await source.worth(tx, from, end);
  return { measuredAt: nowMs, untilMs: Math.min(end, nowMs), period, windows, money: moneyBudgets(worth, period, slo.objectivePpm) };
}

/** What came late (a dispute's late failure, a recovered event) still corrects these days; older ones are history. */
const CORRECTED_DAYS = 3;
/** Of the past, in one step: at the first start a whole period is filled in, a few days at a time. */
const DAYS_PER_STEP = 3;

async function dayStanding(tx: Tx, { slo, source }: Measured, day: { startMs: number; endMs: number }, nowMs: number): Promise<DayStanding> {
  const end = Math.min(day.endMs, endOf(nowMs));
  return { ...day, objectivePpm: slo.objectivePpm, day: await source.counts(tx, day.startMs, end), period: await source.counts(tx, periodFrom(end, slo.windowDays), end), updatedAt: nowMs };
}

/** The merchant's days of the last period, newest first. */
function daysBack(timeZone: string, nowMs: number, count: number): { startMs: number; endMs: number }[] {
  const dayOf = localDays(timeZone);
  const days = [];
  for (let day = dayOf(nowMs); days.length < count; day = dayOf(day.startMs - 1)) days.push(day);
  return days;
}

/** Days whose figures are missing or may have changed. The day under way is always among them. */
async function staleDays(tx: Tx, { slo }: Measured, timeZone: string, nowMs: number): Promise<{ startMs: number; endMs: number }[]> {
  const days = daysBack(timeZone, nowMs, slo.windowDays + 1);
  const oldest = days.at(-1)?.startMs ?? nowMs;
  const known = new Map((await readDays(tx, slo.name, oldest, nowMs + DAY_MS)).map((day) => [day.startMs, day]));
  return days.filter(({ startMs }, age) => {
    const row = known.get(startMs);
    if (age === 0 || row === undefined) return true;
    return age <= CORRECTED_DAYS && nowMs - row.updatedAt >= HOUR_MS;
  });
}

/**
 * One step: measures every objective, and keeps how it stands and what its last days came to. Reads first, writes in one
 * short transaction. Answers whether days of the past are still missing.
 */
export async function measureSlos(db: Database, { measured, timeZone }: MeasureOptions, nowMs: number): Promise<boolean> {
  const results: { name: string; standing: Standing; days: DayStanding[] }[] = [];
  let more = false;
  for (const one of measured) {
    const standing = await standingOf(db.read, one, nowMs);
    const stale = await staleDays(db.read, one, timeZone, nowMs);
    const taken = stale.slice(0, 1 + DAYS_PER_STEP);
    if (stale.length > taken.length) more = true;
    const days = [];
    for (const day of taken) days.push(await dayStanding(db.read, one, day, nowMs));
    results.push({ name: one.slo.name, standing, days });
  }
  await db.write(async (tx) => {
    for (const { name, standing, days } of results) {
      await writeStanding(tx, name, standing);
      for (const day of days) await writeDay(tx, name, day);
    }
    const names = results.map(({ name }) => name);
    const known = await readStandings(tx);
    if (known.size > names.length) await forgetStandings(tx, names);
  });
  return more;
}
