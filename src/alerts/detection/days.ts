// The days that the week's profile is learnt from: their totals, growth from week to week, the mean of each weekday.

import { type History, learnWeight, QUARTERS_A_DAY, slot } from "./history.ts";
import { median } from "./quantile.ts";

export const DAYS_LEARNT = 35;
export const DECAY_WEEKS = 4;
/** Residual beyond which an hour or a day loses weight: Noufaily et al. 2013 use 2.58. */
export const OUTLIER = 2.5;
const GROWTH_LIMIT = Math.log(1.05);
const QUARTERS_A_WEEK = 672;

export interface DayTotal {
  count: number;
  /** Share of a usual day's volume that may be learnt from. */
  covered: number;
  /** The same, minutes in alarm counting less. */
  trusted: number;
  readonly weekday: number;
  readonly age: number;
  weight: number;
}

export const ageInWeeks = (last: number, quarter: number): number => (last - quarter) / QUARTERS_A_WEEK;

export function dayTotals(history: History, first: number, last: number, growth: number): Map<number, DayTotal> {
  const days = new Map<number, DayTotal>();
  const usual = usualDay(history, first, last);
  for (let quarter = first; quarter <= last; quarter++) {
    const at = slot(quarter);
    const usable = learnWeight(history, at);
    if (usable === 0) continue;
    const day = history.day[at] ?? 0;
    const cell = history.cell[at] ?? 0;
    let total = days.get(day);
    if (total === undefined) {
      total = { count: 0, covered: 0, trusted: 0, weekday: Math.floor(cell / QUARTERS_A_DAY), age: ageInWeeks(last, quarter), weight: 0 };
      days.set(day, total);
    }
    total.covered += usual[cell % QUARTERS_A_DAY] ?? 0;
    total.trusted += usable * (usual[cell % QUARTERS_A_DAY] ?? 0);
    total.count += (history.attempts[at] ?? 0) * (history.scale[at] ?? 1) * Math.exp(growth * total.age);
  }
  for (const [day, total] of days) {
    // A day with masked hours is made whole by what they usually bring; one with hardly any of its volume left says nothing.
    if (total.covered < 0.5) days.delete(day);
    else total.count /= total.covered;
    total.weight = Math.exp(-total.age / DECAY_WEEKS) * Math.min(1, total.trusted);
  }
  return days;
}

/** Share of a day's attempts in each quarter of the day. */
function usualDay(history: History, first: number, last: number): Float64Array {
  const counts = new Float64Array(QUARTERS_A_DAY);
  const seen = new Float64Array(QUARTERS_A_DAY);
  for (let quarter = first; quarter <= last; quarter++) {
    const at = slot(quarter);
    if (learnWeight(history, at) === 0) continue;
    const place = (history.cell[at] ?? 0) % QUARTERS_A_DAY;
    counts[place] = (counts[place] ?? 0) + (history.attempts[at] ?? 0);
    seen[place] = (seen[place] ?? 0) + 1;
  }
  const means = counts.map((count, place) => (count + 0.1) / Math.max(1, seen[place] ?? 0));
  const total = means.reduce((sum, mean) => sum + mean, 0);
  return means.map((mean) => mean / total);
}

/** Median of week-over-week log ratios, shrunk to none by its standard error, at most 5 % a week. */
export function fitGrowth(days: Map<number, DayTotal>): number {
  const ratios: number[] = [];
  for (const [day, total] of days) {
    const before = days.get(day - 7);
    if (before !== undefined && before.count >= 1 && total.count >= 1) ratios.push(Math.log(total.count / before.count));
  }
  if (ratios.length < 7) return 0;
  const middle = median(ratios);
  const spread = 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - middle)));
  const error = (1.2533 * spread) / Math.sqrt(ratios.length);
  const shrunk = middle === 0 ? 0 : (middle * middle * middle) / (middle * middle + error * error);
  return Math.max(-GROWTH_LIMIT, Math.min(GROWTH_LIMIT, shrunk));
}

/** One over the weighted days behind a weekday; five weeks of them are worth about three. */
export function vagueness(days: Map<number, DayTotal>): Float64Array {
  const known = new Float64Array(7);
  for (const day of days.values()) known[day.weekday] = (known[day.weekday] ?? 0) + day.weight;
  return known.map((weight) => Math.max(0, 1 / Math.max(0.3, weight) - 0.35));
}

/** Mean of each weekday: median start, days far from it lose weight, three events of the overall mean as prior. */
export function fitDays(days: Map<number, DayTotal>): Float64Array {
  const all = [...days.values()];
  const overall = Math.max(0.5, all.reduce((total, day) => total + day.count * day.weight, 0) / Math.max(1e-9, all.reduce((total, day) => total + day.weight, 0)));
  const means = new Float64Array(7);
  for (let weekday = 0; weekday < 7; weekday++) {
    const same = all.filter((day) => day.weekday === weekday);
    const start = same.length === 0 ? overall : median(same.map((day) => day.count));
    let count = 0;
    let weights = 0;
    for (const day of same) {
      const distance = Math.abs(day.count - start) / Math.sqrt(Math.max(1, start) + 0.03 * start * start);
      if (distance > OUTLIER) day.weight *= (OUTLIER / distance) ** 2;
      count += day.weight * day.count;
      weights += day.weight;
    }
    means[weekday] = (count + 3) / (weights + 3 / overall);
  }
  return means;
}
