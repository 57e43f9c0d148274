import type { TimeSeries } from "../../ui/chart.tsx";
import type { Expectation } from "./read.ts";

function sums(values: readonly (number | null)[], per: number): (number | null)[] {
  let total = 0;
  return values.map((value) => (value === null ? null : (total += value) / per));
}

/**
 * The running total of today over its expected band, with yesterday's.
 *
 * The service tells the band of each step and of today so far. A band of sums is narrower than the sum of bands: the
 * spread of a sum of independent sales grows as the root of their number. So at each step the half-width is that of now,
 * times √(expected until then ÷ expected until now), and meets the service's own band at this moment.
 *
 * @param per minor units in a major unit.
 */
export function runningTotal({ today, yesterday, now }: Expectation, per: number): Omit<TimeSeries, "labels" | "marks"> {
  const actual = sums(today.map(({ seen }) => seen), per);
  const shown = { at: today.map(({ at }) => at), actual, past: sums(yesterday.map(({ seen }) => seen), per).slice(0, today.length) };
  const [middle, low, high] = [now.expected, now.low, now.high].map((value) => (value === null ? null : value / per));
  if (middle === null || middle === undefined || middle <= 0 || low === null || low === undefined || high === null || high === undefined) return shown;
  // A step that nothing is known of leaves a gap, and the rest stands.
  const expected = sums(today.map(({ expected: step }) => step), per);
  const side = (width: number): ((total: number | null) => number | null) => (total) => (total === null ? null : Math.max(0, total + width * Math.sqrt(total / middle)));
  return { ...shown, low: expected.map(side(low - middle)), high: expected.map(side(high - middle)) };
}
