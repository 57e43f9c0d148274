/** Start and end of a local day, ms UTC; 23 to 25 hours apart where clocks change. */
export interface Day {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The merchant's local days. Asking the calendar costs microseconds and events cluster, so the last days are kept.
 *
 * @param timeZone IANA, e.g. "Europe/Berlin". @throws RangeError for an unknown one.
 */
export function localDays(timeZone: string): (ms: number) => Day {
  // Fails here and not at the first event.
  Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  let known: Day[] = [];
  return (ms) => {
    const found = known.find((day) => day.startMs <= ms && ms < day.endMs);
    if (found !== undefined) return found;
    const start = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).startOfDay();
    const end = start.add({ days: 1 }).startOfDay();
    const day = { startMs: start.epochMilliseconds, endMs: end.epochMilliseconds };
    known = [day, ...known.slice(0, 15)];
    return day;
  };
}
