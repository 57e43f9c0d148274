/** Wall clocks and moments: what a person writes as "25 October, 02:30" in a zone, and what it is in UTC. */

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    formats.set(zone, format);
  }
  return format;
}

/** What the wall clock shows, read as if it were UTC: ms. */
function wallMs(ms: number, zone: string): number {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(new Date(ms)).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts["year"] ?? 0, (parts["month"] ?? 1) - 1, parts["day"], parts["hour"], parts["minute"], parts["second"]);
}

/** `2026-10-25T02:30`, as a field of the browser for date and time has it. */
export function wallText(ms: number, zone: string): string {
  return new Date(wallMs(ms, zone)).toISOString().slice(0, 16);
}

/** `2026-10-25`: the day it is there. */
export function dayText(ms: number, zone: string): string {
  return wallText(ms, zone).slice(0, 10);
}

/**
 * The moment of a wall time, ms UTC; NaN for what is no time. One that the clock leaves out is as much later, one that
 * comes twice is the first: as the service has it.
 */
export function momentOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`);
  if (Number.isNaN(asUtc)) return Number.NaN;
  const before = wallMs(asUtc - DAY_MS, zone) - (asUtc - DAY_MS);
  const after = wallMs(asUtc + DAY_MS, zone) - (asUtc + DAY_MS);
  const fits = [before, after].map((offset) => asUtc - offset).filter((ms) => wallMs(ms, zone) === asUtc);
  return fits.length === 0 ? asUtc - before : Math.min(...fits);
}

/** The day so many days later, by the calendar. */
export function dayLater(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
