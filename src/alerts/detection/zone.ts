// Local time for a stream of minutes: the offset is looked up once per clock change, not once per minute.

export const HOUR = 3600;
export const DAY = 86_400;
/** The epoch was a Thursday; weeks here begin on Monday. */
const THURSDAY = 3;

/** A stretch of time [from, until) with one UTC offset; all in seconds. `before` is the offset until `from`. */
export interface ZoneSpan {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
  readonly before: number;
}

/** Throws RangeError for a name that is no IANA time zone. */
export function assertTimeZone(timeZone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  } catch {
    throw new RangeError(`unknown time zone "${timeZone}"; expected an IANA name such as "Europe/Berlin"`);
  }
}

/** The span that holds the instant. */
export function zoneSpan(timeZone: string, ts: number): ZoneSpan {
  const here = Temporal.Instant.fromEpochMilliseconds(ts * 1000).toZonedDateTimeISO(timeZone);
  const next = here.getTimeZoneTransition("next");
  const since = atOrBefore(here);
  const offset = here.offsetNanoseconds / 1e9;
  const from = since === null ? -Infinity : since.epochMilliseconds / 1000;
  const before = since === null ? offset : since.subtract({ seconds: 1 }).offsetNanoseconds / 1e9;
  return { from, until: next === null ? Infinity : next.epochMilliseconds / 1000, offset, before };
}

/** `getTimeZoneTransition("previous")` is strictly earlier: an instant that is itself the transition belongs to its own span. */
function atOrBefore(here: Temporal.ZonedDateTime): Temporal.ZonedDateTime | null {
  return here.add({ seconds: 1 }).getTimeZoneTransition("previous");
}

/** Monday 0 ... Sunday 6, from local seconds. */
export const weekday = (local: number): number => (Math.floor(local / DAY) + THURSDAY) % 7;

/** Quarter of an hour in the week, 0 (Monday 00:00) to 671, from local seconds. */
export const quarterOfWeek = (local: number): number => weekday(local) * 96 + Math.floor((((local % DAY) + DAY) % DAY) / 900);

/** "HH:MM" from local seconds. */
export const localClock = (local: number): string => new Date(local * 1000).toISOString().slice(11, 16);
