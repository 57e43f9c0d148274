/** Hours of some days, by the wall clock of a time zone, so that daylight saving moves it as people move. */
export interface TimeInterval {
  readonly timeZone: string;
  /** 1 Monday to 7 Sunday; none: every day. One that passes midnight belongs to the day on which it begins. */
  readonly weekdays: readonly number[];
  /** Minutes after midnight; `to` is not part of it, and less than `from` means on the next day. None: the whole day. */
  readonly hours: readonly { readonly from: number; readonly to: number }[];
  /** `2025-12-24` days; none: any. */
  readonly dates: readonly string[];
}

interface Wall {
  readonly minute: number;
  readonly weekday: number;
  readonly date: string;
}

function wallAt(ms: number, timeZone: string): { today: Wall; yesterday: Wall } {
  const now = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  const before = now.toPlainDate().subtract({ days: 1 });
  const minute = now.hour * 60 + now.minute;
  return { today: { minute, weekday: now.dayOfWeek, date: now.toPlainDate().toString() }, yesterday: { minute, weekday: before.dayOfWeek, date: before.toString() } };
}

function dayFits({ weekdays, dates }: TimeInterval, { weekday, date }: Wall): boolean {
  return (weekdays.length === 0 || weekdays.includes(weekday)) && (dates.length === 0 || dates.includes(date));
}

export function holdsAt(interval: TimeInterval, ms: number): boolean {
  const { today, yesterday } = wallAt(ms, interval.timeZone);
  if (interval.hours.length === 0) return dayFits(interval, today);
  return interval.hours.some(({ from, to }) => {
    if (from < to) return dayFits(interval, today) && today.minute >= from && today.minute < to;
    return (dayFits(interval, today) && today.minute >= from) || (dayFits(interval, yesterday) && yesterday.minute < to);
  });
}

export function anyHolds(intervals: readonly TimeInterval[], ms: number): boolean {
  return intervals.some((interval) => holdsAt(interval, ms));
}

/** A wall time on a date as ms UTC; one that the clock leaves out is as much later, one that comes twice is the first. */
export function wallTime(date: Temporal.PlainDate, minute: number, timeZone: string): number {
  const dateTime = date.toPlainDateTime({ hour: Math.floor(minute / 60) % 24, minute: minute % 60 });
  return (minute >= 1440 ? dateTime.add({ days: 1 }) : dateTime).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The day it is there. */
export function dateAt(ms: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** Times in `(from, to]` at which the interval may begin or end to hold; some at which it does not change are among them. */
export function edges({ timeZone, hours }: TimeInterval, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  const last = dateAt(toMs, timeZone);
  for (let date = dateAt(fromMs, timeZone); Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const minute of [0, ...hours.flatMap(({ from, to }) => [from, to])]) {
      const at = wallTime(date, minute, timeZone);
      if (at > fromMs && at <= toMs) found.push(at);
    }
  }
  return found.sort((one, other) => one - other);
}
