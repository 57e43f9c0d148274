import { AppError, DAY_MS, MINUTE_MS } from "../platform/index.ts";

/** Periods by name, all of them in whole local days; weeks begin on Monday. */
export const PERIODS = ["yesterday", "last_7_days", "last_30_days", "last_90_days", "last_week", "last_month", "last_quarter", "last_year", "week_to_date", "month_to_date", "year_to_date"] as const;
export type PeriodName = (typeof PERIODS)[number];

/** What a report is asked for, as texts. */
export interface PeriodAsked {
  /** `2026-01-01` (its beginning) or a time with its zone. */
  readonly from?: string | undefined;
  /** `2026-01-31` (with that day) or a time with its zone, exclusive. */
  readonly to?: string | undefined;
  readonly period?: PeriodName | undefined;
  /** IANA. */
  readonly tz?: string | undefined;
  readonly compare?: "previous" | undefined;
}

/** A time that a report speaks of, `[fromMs, toMs)` in ms UTC, whole minutes. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  readonly timeZone: string;
  /** False when it had not ended: it is told until now. */
  readonly complete: boolean;
}

/** A piece of a period for pictures. */
export interface Bin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
}

type Zoned = Temporal.ZonedDateTime;

const YEARS_MOST = 10;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function zoned(ms: number, timeZone: string): Zoned {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
}

function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function refuse(name: string, given: string, right: string): AppError {
  return new AppError("invalid", `${name}: must be ${right} (given ${JSON.stringify(given.slice(0, 40))})`, { code: "period_invalid" });
}

/** @throws AppError `invalid` for an unknown one. */
function zoneOf(tz: string | undefined, fallback: string): string {
  if (tz === undefined) return fallback;
  try {
    // Only names: "+01:00" knows no summer time, and a report over a year would be wrong for half of it.
    if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(tz)) throw new RangeError();
    zoned(0, tz);
    return tz;
  } catch {
    throw refuse("tz", tz, "the name of a time zone such as Europe/Berlin");
  }
}

/** @param end a date means the end of that day, not its beginning. */
function momentOf(name: string, given: string, timeZone: string, end: boolean): number {
  try {
    if (DATE.test(given)) {
      const day = Temporal.PlainDate.from(given, { overflow: "reject" });
      return (end ? day.add({ days: 1 }) : day).toZonedDateTime(timeZone).epochMilliseconds;
    }
    if (TIME.test(given)) return floorMinute(Temporal.Instant.from(given).epochMilliseconds);
  } catch {
    // Said below.
  }
  throw refuse(name, given, "a date as 2026-01-31 or a time with its zone as 2026-01-31T12:00:00Z");
}

function named(period: PeriodName, now: Zoned): { from: Zoned; to: Zoned } {
  const today = now.startOfDay();
  const monday = today.subtract({ days: today.dayOfWeek - 1 }).startOfDay();
  const month = today.with({ day: 1 }).startOfDay();
  const quarter = month.subtract({ months: (month.month - 1) % 3 }).startOfDay();
  const year = today.with({ month: 1, day: 1 }).startOfDay();
  const days = (many: number) => ({ from: today.subtract({ days: many }).startOfDay(), to: today });
  switch (period) {
    case "yesterday":
      return days(1);
    case "last_7_days":
      return days(7);
    case "last_30_days":
      return days(30);
    case "last_90_days":
      return days(90);
    case "last_week":
      return { from: monday.subtract({ weeks: 1 }).startOfDay(), to: monday };
    case "last_month":
      return { from: month.subtract({ months: 1 }).startOfDay(), to: month };
    case "last_quarter":
      return { from: quarter.subtract({ months: 3 }).startOfDay(), to: quarter };
    case "last_year":
      return { from: year.subtract({ years: 1 }).startOfDay(), to: year };
    case "week_to_date":
      return { from: monday, to: monday.add({ weeks: 1 }).startOfDay() };
    case "month_to_date":
      return { from: month, to: month.add({ months: 1 }).startOfDay() };
    case "year_to_date":
      return { from: year, to: year.add({ years: 1 }).startOfDay() };
  }
}

function bounds(asked: PeriodAsked, timeZone: string, nowMs: number): { fromMs: number; endMs: number } {
  const { from, to, period } = asked;
  if (period !== undefined && (from !== undefined || to !== undefined)) throw new AppError("invalid", "period: give period, or from and to, not both", { code: "period_invalid" });
  if (from === undefined && to === undefined) {
    const { from: begin, to: end } = named(period ?? "last_30_days", zoned(nowMs, timeZone));
    return { fromMs: begin.epochMilliseconds, endMs: end.epochMilliseconds };
  }
  const endMs = to === undefined ? floorMinute(nowMs) : momentOf("to", to, timeZone, true);
  const fromMs = from === undefined ? zoned(endMs, timeZone).subtract({ days: 30 }).epochMilliseconds : momentOf("from", from, timeZone, false);
  return { fromMs, endMs };
}

function wholeDays(fromMs: number, toMs: number, timeZone: string): boolean {
  return [fromMs, toMs].every((ms) => zoned(ms, timeZone).startOfDay().epochMilliseconds === ms);
}

/** The same length before: as many months where months are whole, as many days where days are, else as much time. */
function before(fromMs: number, endMs: number, timeZone: string): number {
  const [from, end] = [zoned(fromMs, timeZone), zoned(endMs, timeZone)];
  if (!wholeDays(fromMs, endMs, timeZone)) return fromMs - (endMs - fromMs);
  if (from.day === 1 && end.day === 1) {
    const { months, years } = from.until(end, { largestUnit: "year" });
    return from.subtract({ months: months + 12 * years }).startOfDay().epochMilliseconds;
  }
  const { days } = from.until(end, { largestUnit: "day" });
  return from.subtract({ days }).startOfDay().epochMilliseconds;
}

/**
 * The period that is asked for, and the one before it when a comparison is. A period that has not ended is told until
 * now, and is compared with as much of the one before: a part with a whole would always be a fall.
 *
 * @param fallbackZone the merchant's. @throws AppError `invalid` that says what would be right.
 */
export function resolvePeriod(asked: PeriodAsked, fallbackZone: string, nowMs: number): { period: Period; previous: Period | null } {
  const timeZone = zoneOf(asked.tz, fallbackZone);
  const { fromMs, endMs } = bounds(asked, timeZone, nowMs);
  const now = floorMinute(nowMs);
  if (fromMs >= endMs) throw new AppError("invalid", "from: must be before to", { code: "period_invalid" });
  if (fromMs >= now) throw new AppError("invalid", "from: must be in the past; nothing has happened since", { code: "period_invalid" });
  if (fromMs < EARLIEST_MS) throw new AppError("invalid", "from: must be 2000-01-01 or later", { code: "period_invalid" });
  if (zoned(fromMs, timeZone).add({ years: YEARS_MOST }).epochMilliseconds < endMs) throw new AppError("invalid", `to: a report spans at most ${YEARS_MOST} years`, { code: "period_too_long" });
  const complete = endMs <= now;
  const period: Period = { fromMs, toMs: complete ? endMs : now, timeZone, complete };
  if (asked.compare === undefined) return { period, previous: null };
  const beginMs = before(fromMs, endMs, timeZone);
  const gone = zoned(fromMs, timeZone).until(zoned(period.toMs, timeZone), { largestUnit: "day" });
  const untilMs = complete ? fromMs : Math.min(fromMs, floorMinute(zoned(beginMs, timeZone).add(gone).epochMilliseconds));
  return { period, previous: { fromMs: beginMs, toMs: untilMs, timeZone, complete: true } };
}

/** `1 Jan 2026 – 31 Jan 2026`, or with times where days are not whole. The end that is shown is the last that belongs to it. */
export function periodText({ fromMs, toMs, timeZone }: Period): string {
  const day = (at: Zoned): string => `${at.day} ${at.toLocaleString("en-US", { month: "short" })} ${at.year}`;
  const clock = (at: Zoned): string => `${day(at)}, ${at.toPlainTime().toString({ smallestUnit: "minute" })}`;
  const from = zoned(fromMs, timeZone);
  if (!wholeDays(fromMs, toMs, timeZone)) return `${clock(from)} – ${clock(zoned(toMs, timeZone))}`;
  const last = zoned(toMs - 1, timeZone);
  return day(from) === day(last) ? day(from) : `${day(from)} – ${day(last)}`;
}

type Step = "hour" | "day" | "week" | "month" | "quarter";

function stepFor(lengthMs: number): Step {
  const days = lengthMs / DAY_MS;
  if (days <= 2.1) return "hour";
  if (days <= 45) return "day";
  if (days <= 200) return "week";
  return days <= 5 * 367 ? "month" : "quarter";
}

function nextEdge(at: Zoned, step: Step): Zoned {
  switch (step) {
    case "hour": {
      // By the clock that does not jump: the hour that summer time repeats is two hours.
      const next = Temporal.Instant.fromEpochMilliseconds(at.epochMilliseconds + 60 * MINUTE_MS).toZonedDateTimeISO(at.timeZoneId);
      return next.subtract({ minutes: next.minute });
    }
    case "day":
      return at.startOfDay().add({ days: 1 }).startOfDay();
    case "week":
      return at.startOfDay().add({ days: 8 - at.dayOfWeek }).startOfDay();
    case "month":
      return at.with({ day: 1 }).startOfDay().add({ months: 1 }).startOfDay();
    case "quarter":
      return at.with({ day: 1 }).startOfDay().add({ months: 3 - ((at.month - 1) % 3) }).startOfDay();
  }
}

function labelOf(at: Zoned, step: Step): string {
  const month = at.toLocaleString("en-US", { month: "short" });
  switch (step) {
    case "hour":
      return `${at.day} ${month} ${at.toPlainTime().toString({ smallestUnit: "minute" })}`;
    case "day":
      return `${at.day} ${month}`;
    case "week":
      return `week of ${at.day} ${month}`;
    case "month":
      return `${month} ${at.year}`;
    case "quarter":
      return `Q${Math.ceil(at.month / 3)} ${at.year}`;
  }
}

/** Cuts a period into at most about sixty hours, days, weeks, months or quarters of its zone, without gap or overlap. */
export function binsOf({ fromMs, toMs, timeZone }: Period): Bin[] {
  const step = stepFor(toMs - fromMs);
  const bins: Bin[] = [];
  let at = fromMs;
  while (at < toMs) {
    const begin = zoned(at, timeZone);
    const end = Math.min(toMs, nextEdge(begin, step).epochMilliseconds);
    bins.push({ fromMs: at, toMs: end, label: labelOf(begin, step) });
    at = end;
  }
  return bins;
}
