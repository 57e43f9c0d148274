// Days on which the ordinary week does not hold.

import { createRequire } from "node:module";
import type { default as HolidaysLibrary } from "date-holidays";

/** Loaded when a country is asked for: its rules for all countries cost a tenth of a second and 20 MB. */
const loadLibrary = (): typeof HolidaysLibrary => createRequire(import.meta.url)("date-holidays") as typeof HolidaysLibrary;

/**
 * holiday, closed: less is expected. promotion: more may come. maintenance: nothing is judged. None of them is learnt from.
 */
export type DayKind = "holiday" | "closed" | "promotion" | "maintenance";

export interface SpecialDay {
  /** "YYYY-MM-DD" in the store's time zone. */
  readonly date: string;
  readonly kind: DayKind;
  readonly name?: string;
}

export type Calendar = ReadonlyMap<string, SpecialDay>;

/** Share of the usual volume still expected on a holiday when testing for a dip. DETECTION §3. */
export const HOLIDAY_SHARE = 0.35;

export function calendarOf(days: Iterable<SpecialDay>): Calendar {
  const calendar = new Map<string, SpecialDay>();
  // A merchant's own word about a day comes later in the list and wins.
  for (const day of days) calendar.set(day.date, day);
  return calendar;
}

/**
 * Public and bank holidays of a country ("DE", or with a region "DE-BY") in the given years.
 * Throws RangeError for a country that the library does not know.
 */
export function publicHolidays(country: string, years: Iterable<number>): SpecialDay[] {
  const [code = "", ...region] = country.split("-");
  const holidays = new (loadLibrary())();
  if (holidays.getCountries()[code.toUpperCase()] === undefined) throw new RangeError(`unknown country "${country}"; expected an ISO 3166 code such as "DE"`);
  holidays.init(code, ...region);
  const days = new Map<string, SpecialDay>();
  for (const year of years) {
    for (const day of holidays.getHolidays(year)) {
      if (day.type !== "public" && day.type !== "bank") continue;
      const date = day.date.slice(0, 10);
      days.set(date, { date, kind: "holiday", name: day.name });
    }
  }
  return [...days.values()].sort((a, b) => a.date.localeCompare(b.date));
}
