import type { Fields } from "./reading.ts";

const MAX_S = 1e11;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Noon of that day there: in the middle, so that no clock change and no rounding moves it into another day. */
function noonOf(day: string, timeZone: string): number | null {
  try {
    return Temporal.PlainDate.from(day).toZonedDateTime({ timeZone, plainTime: "12:00" }).epochMilliseconds;
  } catch {
    return null;
  }
}

/** Whether a calendar has that day. `Temporal` would say so too, at the cost of a tenth of an import. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).getUTCDate() === Number(day.slice(8));
}

function fromText(text: string): number | null {
  // Python's `isoformat() + "Z"` of a time that has its offset already; and of one without any, which is UTC.
  const tidy = text.trim().replace(/([+-]\d\d:?\d\d)Z$/, "$1").replace(" ", "T");
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(tidy) ? tidy : `${tidy}Z`;
  // A day that no calendar has is a mistake of the line; `Date.parse` would make it another day.
  if (DAY.test(tidy.slice(0, 10)) && !isDay(tidy.slice(0, 10))) return null;
  const ms = Date.parse(zoned);
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}

/**
 * The time a line gives (`ts`, else `date`, else `created`): ISO 8601 (UTC where it names no zone), seconds or
 * milliseconds since 1970, or a day. A day stands for its noon, and for now where noon has not come yet, so that what
 * came in is never in the future.
 *
 * @returns ms UTC, and the same without regard to now, for ids; null when there is no usable time.
 */
export function timeOf(line: Fields, timeZone: string, nowMs: number): { atMs: number; nominalMs: number } | null {
  const given = line["ts"] ?? line["date"] ?? line["created"] ?? line["timestamp"];
  if (typeof given === "number" && Number.isFinite(given) && given > 0) {
    const ms = given < MAX_S ? Math.round(given * 1000) : Math.round(given);
    return ms < MAX_S * 1000 ? { atMs: ms, nominalMs: ms } : null;
  }
  if (typeof given !== "string" || given.length > 40) return null;
  if (DAY.test(given)) {
    const noon = noonOf(given, timeZone);
    return noon === null ? null : { atMs: noon > nowMs && noon - nowMs < 86_400_000 ? nowMs : noon, nominalMs: noon };
  }
  const ms = fromText(given);
  return ms === null ? null : { atMs: ms, nominalMs: ms };
}
