// Long because the weekly shape, its robust passes and its shrinkage share one set of working arrays.
// Expected attempts by quarter of the local week (DETECTION §3), fitted once a day from the last 35 days.

import { type History, learnWeight, QUARTERS_A_DAY, slot } from "./history.ts";
import { median } from "./quantile.ts";

/** Quarters in a week; cells of the profile. */
export const CELLS = 672;

export interface VolumeProfile {
  /** Expected attempts a minute in each quarter of the local week, at the time of the fit. */
  readonly perMinute: Float64Array;
  /** Logarithm of growth a week. */
  readonly growth: number;
  /** Events behind the fit, weighted. */
  readonly evidence: number;
  readonly attemptsADay: number;
  /** By weekday: how far fewer days than usual are behind it; variance over mean of a forecast, beyond what the errors of the past hold. */
  readonly vague: Float64Array;
}

const DAYS_LEARNT = 35;
const DECAY_WEEKS = 4;
/** What the pooled shape is worth: ten events (Gamma-Poisson), or being right within a third. */
const HOUR_PRIOR = 10;
const CLASS_PRIOR = 10;
const QUARTER_PRIOR = 200;
/** Weeks at which a quarter's own counts and its class's shape have equal say, in logarithms. */
const QUARTER_WEEKS = 0.4;
/** A quarter counts for at most so many times its class's shape, and some events. */
const BURST = 1.6;
const BURST_LEAST = 10;
/** Residual beyond which an hour or a day loses weight: Noufaily et al. 2013 use 2.58. */
const OUTLIER = 2.5;
const GROWTH_LIMIT = Math.log(1.05);

interface HourRecord {
  readonly cell: number;
  readonly day: number;
  /** Counts scaled to the time of the fit. */
  count: number;
  /** Share of the hour that may be learnt from. */
  readonly share: number;
  /** Weight by age and by alarms, before outliers are found. */
  readonly trust: number;
  weight: number;
}

interface DayTotal {
  count: number;
  /** Share of a usual day's volume that may be learnt from. */
  covered: number;
  /** The same, minutes in alarm counting less. */
  trusted: number;
  readonly weekday: number;
  readonly age: number;
  weight: number;
}

/** `phi` is the over-dispersion of an hour, for judging outliers. */
export function fitVolume(history: History, phi: number): VolumeProfile {
  const last = history.next - 1;
  const first = Math.max(history.first, history.next - DAYS_LEARNT * QUARTERS_A_DAY);
  const growth = fitGrowth(dayTotals(history, first, last, 0));
  const days = dayTotals(history, first, last, growth);
  const hours = hourRecords(history, first, last, growth);
  const dayMeans = fitDays(days);
  const pooled = fitShape(hours, days, dayMeans);
  const hourCells = fitHours(hours, pooled, phi);
  const perMinute = fitQuarters(history, first, last, growth, hours, hourCells);
  const level = fitLevel(history, perMinute, phi, growth);
  let attemptsADay = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const rate = (perMinute[cell] ?? 0) * level;
    perMinute[cell] = rate;
    attemptsADay += (rate * 15) / 7;
  }
  let evidence = 0;
  for (const hour of hours) evidence += hour.count * hour.weight;
  return { perMinute, growth, evidence, attemptsADay, vague: vagueness(days) };
}

/** Hours of the days learnt from; a relabelled quarter may lie a day before the first. */
const HOURS_HELD = (DAYS_LEARNT + 12) * 24;
const hourPlace = (firstDay: number, day: number, hour: number): number => (day - firstDay + 2) * 24 + hour;

const ageInWeeks = (last: number, quarter: number): number => (last - quarter) / CELLS;

function dayTotals(history: History, first: number, last: number, growth: number): Map<number, DayTotal> {
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
function fitGrowth(days: Map<number, DayTotal>): number {
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

/** By local day and hour; after a clock change the quarters of an hour need not be neighbours in time. */
function hourRecords(history: History, first: number, last: number, growth: number): HourRecord[] {
  const firstDay = history.day[slot(first)] ?? 0;
  const counts = new Float64Array(HOURS_HELD);
  const parts = new Uint8Array(HOURS_HELD);
  const trusts = new Float64Array(HOURS_HELD).fill(1);
  const began = new Int32Array(HOURS_HELD);
  for (let quarter = first; quarter <= last; quarter++) {
    const at = slot(quarter);
    const usable = learnWeight(history, at);
    if (usable === 0) continue;
    const hour = hourPlace(firstDay, history.day[at] ?? 0, ((history.cell[at] ?? 0) >> 2) % 24);
    if (parts[hour] === 0) began[hour] = quarter;
    trusts[hour] = Math.min(trusts[hour] ?? 1, usable);
    counts[hour] = (counts[hour] ?? 0) + (history.attempts[at] ?? 0) * (history.scale[at] ?? 1);
    parts[hour] = (parts[hour] ?? 0) + 1;
  }
  const records: HourRecord[] = [];
  parts.forEach((quarters, hour) => {
    if (quarters === 0) return;
    const quarter = began[hour] ?? 0;
    const age = ageInWeeks(last, quarter);
    const trust = (trusts[hour] ?? 1) * Math.exp(-age / DECAY_WEEKS);
    const at = slot(quarter);
    // The hour that a clock change repeats has eight quarters.
    records.push({ cell: (history.cell[at] ?? 0) >> 2, day: history.day[at] ?? 0, count: (counts[hour] ?? 0) * Math.exp(growth * age), share: quarters / 4, trust, weight: trust });
  });
  return records;
}

/** One over the weighted days behind a weekday; five weeks of them are worth about three. */
function vagueness(days: Map<number, DayTotal>): Float64Array {
  const known = new Float64Array(7);
  for (const day of days.values()) known[day.weekday] = (known[day.weekday] ?? 0) + day.weight;
  return known.map((weight) => Math.max(0, 1 / Math.max(0.3, weight) - 0.35));
}

/** Mean of each weekday: median start, days far from it lose weight, three events of the overall mean as prior. */
function fitDays(days: Map<number, DayTotal>): Float64Array {
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

const isWeekend = (hourCell: number): boolean => hourCell >= 120;

/** Day-of-week factor times the hour-of-day profile of weekdays or of weekends. */
function fitShape(hours: readonly HourRecord[], days: Map<number, DayTotal>, dayMeans: Float64Array): Float64Array {
  const counts = [new Float64Array(24), new Float64Array(24)] as const;
  const expected = [new Float64Array(24), new Float64Array(24)] as const;
  for (const hour of hours) {
    const kind = isWeekend(hour.cell) ? 1 : 0;
    const weight = Math.min(hour.weight, days.get(hour.day)?.weight ?? hour.weight * 0.25);
    const at = hour.cell % 24;
    counts[kind][at] = (counts[kind][at] ?? 0) + weight * hour.count;
    expected[kind][at] = (expected[kind][at] ?? 0) + weight * hour.share * (dayMeans[Math.floor(hour.cell / 24)] ?? 0);
  }
  const pooled = new Float64Array(168);
  for (let cell = 0; cell < 168; cell++) {
    const kind = isWeekend(cell) ? 1 : 0;
    const at = cell % 24;
    // Weekends with few events lean on the weekday shape, weekdays on a flat day.
    const flat = 1 / 24;
    const weekdayShare = ((counts[0][at] ?? 0) + 4 * flat) / ((expected[0][at] ?? 0) + 4);
    const share = kind === 0 ? weekdayShare : ((counts[1][at] ?? 0) + 8 * weekdayShare) / ((expected[1][at] ?? 0) + 8);
    pooled[cell] = Math.max(1e-6, share * (dayMeans[Math.floor(cell / 24)] ?? 0));
  }
  return pooled;
}

/**
 * Attempts of each hour of the week: robust passes, shrunk to the pooled shape. An hour of mean m says 1 / (1 / m + phi) about it: with
 * over-dispersion even a million sales are only one look. Leaves the weights used in the records.
 */
function fitHours(hours: readonly HourRecord[], pooled: Float64Array, phi: number): Float64Array {
  const byCell: HourRecord[][] = Array.from({ length: 168 }, () => []);
  for (const hour of hours) byCell[hour.cell]?.push(hour);
  const cells = new Float64Array(168);
  byCell.forEach((records, cell) => {
    const prior = pooled[cell] ?? 0;
    let mean = prior >= 20 ? startOf(records, prior) : prior;
    for (let pass = 0; pass < 3; pass++) {
      let sum = HOUR_PRIOR * prior;
      let precision = HOUR_PRIOR;
      for (const record of records) {
        const value = record.count / record.share;
        const distance = Math.abs(value - mean) / Math.sqrt(mean / record.share + phi * mean * mean);
        record.weight = record.trust * (distance > OUTLIER ? (OUTLIER / distance) ** 2 : 1);
        const worth = record.weight / (1 / (mean * record.share) + phi);
        sum += worth * value;
        precision += worth;
      }
      mean = Math.max(1e-6, sum / precision);
    }
    cells[cell] = mean;
  });
  return cells;
}

/** Median of the weeks, those in alarm too: after two promotions on a weekday it is the ordinary weeks that raise it. The fewer there are, the more votes has the pooled shape, so that one promotion among two weeks has no majority. */
function startOf(records: readonly HourRecord[], prior: number): number {
  const votes = records.map((record) => record.count / record.share);
  for (let extra = votes.length; extra < 4; extra++) votes.push(prior);
  return Math.max(1e-6, median(votes));
}

/**
 * Quarters, per minute: the hour's curve, bent by the quarter's share of its hour among weekdays or weekends,
 * bent by the cell's own counts as far as there are enough.
 */
function fitQuarters(history: History, first: number, last: number, growth: number, hours: readonly HourRecord[], hourCells: Float64Array): Float64Array {
  const curve = new Float64Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) curve[cell] = (interpolate(hourCells, cell >> 2, ((cell & 3) + 0.5) / 4) ?? 0) / 4;
  const firstDay = history.day[slot(first)] ?? 0;
  const weightOf = new Float64Array(HOURS_HELD);
  for (const hour of hours) weightOf[hourPlace(firstDay, hour.day, hour.cell % 24)] = hour.weight;
  const weights = new Float64Array(CELLS);
  const step = Math.exp(-growth / CELLS);
  const gather = (most: (cell: number) => number): Float64Array => {
    const counts = new Float64Array(CELLS);
    weights.fill(0);
    let grown = Math.exp(growth * ageInWeeks(last, first));
    for (let quarter = first; quarter <= last; quarter++, grown *= step) {
      const at = slot(quarter);
      if (learnWeight(history, at) === 0) continue;
      const cell = history.cell[at] ?? 0;
      const weight = weightOf[hourPlace(firstDay, history.day[at] ?? 0, (cell >> 2) % 24)] ?? 0;
      counts[cell] = (counts[cell] ?? 0) + weight * Math.min(most(cell), (history.attempts[at] ?? 0) * (history.scale[at] ?? 1) * grown);
      weights[cell] = (weights[cell] ?? 0) + weight;
    }
    return counts;
  };
  const shape = classShape(gather(() => Infinity), weights, curve);
  // A burst of twenty minutes does not show in its hour: no quarter counts for much more than its class's shape.
  const counts = gather((cell) => BURST * (shape[cell] ?? 0) + BURST_LEAST);
  const perMinute = new Float64Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) {
    const prior = shape[cell] ?? 0;
    const worth = disowned(counts[cell] ?? 0, (weights[cell] ?? 0) * prior) ? QUARTER_PRIOR / 20 : QUARTER_PRIOR;
    const own = ((counts[cell] ?? 0) + worth) / ((weights[cell] ?? 0) + worth / prior);
    // Where most weeks were masked or outliers, a promotion may be all there is.
    const trust = (weights[cell] ?? 0) / ((weights[cell] ?? 0) + QUARTER_WEEKS);
    perMinute[cell] = (prior * (own / prior) ** trust) / 15;
  }
  return perMinute;
}

/** A quarter whose own counts are far from the class's shape is not held to it: where nothing is ever sold nothing is expected. */
const disowned = (seen: number, expected: number): boolean => Math.abs(seen - expected) > 4 * Math.sqrt(expected + (0.2 * expected) ** 2);

/** The hours' curve bent by each quarter's share of its hour among weekdays or weekends. */
function classShape(counts: Float64Array, weights: Float64Array, curve: Float64Array): Float64Array {
  const seen = new Float64Array(192);
  const expected = new Float64Array(192);
  const classOf = (cell: number): number => (isWeekend(cell >> 2) ? 96 : 0) + (cell % 96);
  for (let cell = 0; cell < CELLS; cell++) {
    const at = classOf(cell);
    seen[at] = (seen[at] ?? 0) + (counts[cell] ?? 0);
    expected[at] = (expected[at] ?? 0) + (weights[cell] ?? 0) * (curve[cell] ?? 0);
  }
  return curve.map((value, cell) => Math.max(1e-7, (((seen[classOf(cell)] ?? 0) + CLASS_PRIOR) / ((expected[classOf(cell)] ?? 0) + CLASS_PRIOR)) * value));
}

/** Smoothing a step makes a false dip on each side of it, every day: neighbours further apart than this stay a step. */
export const STEP = 1.5;

/** The value at `position` (0 to 1) inside a cell of a cyclic curve given at cell centres. */
export function interpolate(cells: Float64Array, cell: number, position: number): number {
  const here = cells[cell] ?? 0;
  const length = cells.length;
  const other = cells[position < 0.5 ? (cell + length - 1) % length : (cell + 1) % length] ?? 0;
  if (other > here * STEP || here > other * STEP) return here;
  return here + (other - here) * Math.abs(position - 0.5);
}

/** What the weighted past misses of the present: the last two weeks' days against the fit, days far out lose weight, shrunk to 1. */
function fitLevel(history: History, perMinute: Float64Array, phi: number, growth: number): number {
  const last = history.next - 1;
  const first = Math.max(history.first, history.next - 14 * QUARTERS_A_DAY);
  const days = new Map<number, { count: number; expected: number; age: number }>();
  for (let quarter = first; quarter <= last; quarter++) {
    const at = slot(quarter);
    if (learnWeight(history, at) < 1) continue;
    const day = history.day[at] ?? 0;
    const total = days.get(day) ?? { count: 0, expected: 0, age: ageInWeeks(last, quarter) * 7 };
    days.set(day, total);
    total.count += (history.attempts[at] ?? 0) * (history.scale[at] ?? 1) * Math.exp(growth * ageInWeeks(last, quarter));
    total.expected += (perMinute[history.cell[at] ?? 0] ?? 0) * 15;
  }
  // A prior of +- 8 % around no change.
  let precision = 1 / (0.08 * 0.08);
  let sum = precision;
  for (const { count, expected, age } of days.values()) {
    if (expected < 1) continue;
    const variance = 1 / expected + Math.max(0.004, phi / 2);
    const distance = Math.abs(count / expected - 1) / Math.sqrt(variance);
    const weight = (Math.exp(-age / 5) / variance) * (distance > 2 ? (2 / distance) ** 2 : 1);
    precision += weight;
    sum += weight * (count / expected);
  }
  return sum / precision;
}
