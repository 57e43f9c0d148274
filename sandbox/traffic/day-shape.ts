/**
 * How busy each hour is, in hundredths of the average: quiet nights, a rise through the morning, a peak in the
 * evening. The twenty-four figures add up to 2400, so a day's total does not depend on the shape.
 */
const HOURS = [40, 28, 22, 20, 20, 26, 42, 68, 92, 112, 122, 128, 134, 130, 124, 122, 126, 136, 150, 168, 182, 172, 124, 112];
const HOUR_MS = 3_600_000;
/** Monday to Sunday; adds up to 700. */
const WEEKDAYS = [104, 102, 100, 102, 110, 98, 84];

/**
 * @param atMs epoch milliseconds
 * @param offsetMs of the merchant's time zone
 * @returns the factor on the average rate, linear between the hours
 */
export function dayFactor(atMs: number, offsetMs: number): number {
  const local = atMs + offsetMs;
  const hours = local / HOUR_MS;
  const hour = Math.floor(hours);
  const here = HOURS[((hour % 24) + 24) % 24] ?? 100;
  const next = HOURS[(((hour + 1) % 24) + 24) % 24] ?? 100;
  const days = Math.floor(local / (24 * HOUR_MS));
  // 1970-01-01 was a Thursday.
  const weekday = WEEKDAYS[(((days + 3) % 7) + 7) % 7] ?? 100;
  return ((here + (next - here) * (hours - hour)) / 100) * (weekday / 100);
}

/** The largest factor there is: what thinning a Poisson stream needs to know. */
export const PEAK_FACTOR = (Math.max(...HOURS) / 100) * (Math.max(...WEEKDAYS) / 100);
