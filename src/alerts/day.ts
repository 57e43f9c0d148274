/** The bounds for comparing today so far with the same part of yesterday, ms UTC, half-open. */
export interface DayParts {
  readonly todayFrom: number;
  readonly yesterdayFrom: number;
  /** The same time of day, yesterday. */
  readonly yesterdayTo: number;
  /** The same part of the same weekday of last week. */
  readonly lastWeekFrom: number;
  readonly lastWeekTo: number;
}

/**
 * Equal parts of two days by the merchant's clock, which is what customers live by: on the day of a clock change both
 * parts end at the same time of day, though one is an hour longer.
 *
 * @param timeZone IANA name.
 */
export function dayParts(nowMs: number, timeZone: string): DayParts {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
  const yesterday = now.toPlainDate().subtract({ days: 1 });
  const lastWeek = now.toPlainDate().subtract({ days: 7 });
  return {
    todayFrom: now.startOfDay().epochMilliseconds,
    yesterdayFrom: yesterday.toZonedDateTime(timeZone).epochMilliseconds,
    yesterdayTo: yesterday.toZonedDateTime({ timeZone, plainTime: now.toPlainTime() }).epochMilliseconds,
    lastWeekFrom: lastWeek.toZonedDateTime(timeZone).epochMilliseconds,
    lastWeekTo: lastWeek.toZonedDateTime({ timeZone, plainTime: now.toPlainTime() }).epochMilliseconds,
  };
}
