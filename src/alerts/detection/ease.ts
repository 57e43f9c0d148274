// Hours and weekdays of which nobody can say what is usual: two of the last weeks held far less than the fit. After two promotions on the same weekdays the
// robust middle of four or five weeks may be the promotion.

import type { DayTotal } from "./days.ts";
import type { HourRecord } from "./hours.ts";

/** Fit over what the second poorest week held, from which on that week counts. */
const FAR = 1.25;
/** With two weeks to go by they must disagree so much. */
const FAR_OF_TWO = 1.5;
/** Weight by alarms above which a record tells what the shop does by itself; by age it is at least 0.28 after five weeks. */
const LEAST_TRUST = 0.2;

/**
 * By hour of the week the share of the fitted volume that may be asked for, at most 1. `perMinute` is the fit by quarter of the week; hours and days are scaled to
 * the time of the fit. Minutes in alarm do not count: an outage is not what a shop often does.
 */
export function fitEase(hours: readonly HourRecord[], days: ReadonlyMap<number, DayTotal>, perMinute: Float64Array): Float64Array {
  const held: number[][] = Array.from({ length: 168 }, () => []);
  for (const { cell, count, share, trust } of hours) if (trust >= LEAST_TRUST && share >= 0.75) held[cell]?.push(count / share);
  const daysHeld: number[][] = Array.from({ length: 7 }, () => []);
  for (const { weekday, count, trusted } of days.values()) if (trusted >= 0.5) daysHeld[weekday]?.push(count);
  const hourly = Float64Array.from({ length: 168 }, (_, hour) => 15 * sum(perMinute, hour * 4, hour * 4 + 4));
  return hourly.map((expected, hour) => {
    const day = Math.floor(hour / 24);
    return Math.min(easeOf(held[hour] ?? [], expected), easeOf(daysHeld[day] ?? [], sum(hourly, day * 24, day * 24 + 24)));
  });
}

/** The second poorest: one poor week, or one outage that nobody noticed, is not what a shop often does. */
function easeOf(values: number[], expected: number): number {
  if (values.length < 2 || expected <= 0) return 1;
  values.sort((a, b) => a - b);
  const [poorest = 0, second = 0] = values;
  const poor = values.length > 2 ? second : second > FAR_OF_TWO * poorest ? poorest : expected;
  // Chance alone makes small counts smaller.
  const held = poor + 2 * Math.sqrt(poor) + 2;
  return held < expected / FAR ? held / expected : 1;
}

function sum(values: Float64Array, from: number, until: number): number {
  let total = 0;
  for (let at = from; at < until; at++) total += values[at] ?? 0;
  return total;
}
