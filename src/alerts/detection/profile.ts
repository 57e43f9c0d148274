// Expected attempts by quarter of the local week (DETECTION §3), fitted once a day from the last 35 days.

import { ageInWeeks, DAYS_LEARNT, dayTotals, fitDays, fitGrowth, vagueness } from "./days.ts";
import { fitEase } from "./ease.ts";
import { type History, learnWeight, MASK, QUARTERS_A_DAY, slot } from "./history.ts";
import { selectQuantile } from "./quantile.ts";
import { fitHours, fitShape, hourPlace, type HourRecord, hourRecords, HOURS_HELD, isWeekend } from "./hours.ts";

/** Quarters in a week; cells of the profile. */
export const CELLS = 672;

export interface VolumeProfile {
  /** Expected attempts a minute in each quarter of the local week, at the time of the fit. */
  readonly perMinute: Float64Array;
  /** A minute of each quarter on the days on which it held far less, where that is one day in four; else Infinity. */
  readonly low: Float64Array;
  /** By hour of the week: share of it that the poorer of the last weeks held, where that is far less; else 1. A dip is judged against no more. */
  readonly ease: Float64Array;
  /** Logarithm of growth a week. */
  readonly growth: number;
  /** Events behind the fit, weighted. */
  readonly evidence: number;
  readonly attemptsADay: number;
  /** By weekday: how far fewer days than usual are behind it; variance over mean of a forecast, beyond what the errors of the past hold. */
  readonly vague: Float64Array;
}

/** Events of the hours' curve that a class's quarter starts from, and of the class's shape that a cell does. */
const CLASS_PRIOR = 10;
const QUARTER_PRIOR = 200;
/** Share of the class's mean below which a day is of another kind. */
const UNLIKE = 0.25;
/** Weeks at which a quarter's own counts and its class's shape have equal say, in logarithms. */
const QUARTER_WEEKS = 0.4;
/** A quarter counts for at most so many times its class's shape, and some events. */
const BURST = 1.6;
const BURST_LEAST = 10;

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
  return { perMinute, low: fitLow(history, perMinute), ease: fitEase(hours, days, perMinute), growth, evidence, attemptsADay, vague: vagueness(days) };
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

/** Days of one class (weekdays, weekends) from which it can be said that a quarter often holds less. */
const LOW_DAYS = 8;
const LOW_SHARE = 0.25;
/** Expected attempts of a quarter below which chance alone makes it vary so much. */
const LOW_LEAST = 40;
/** Quarters around one by which days are brought to the same level: an hour to each side. */
const AROUND = 4;

/**
 * A batch that ends ten minutes earlier on one night than on the other makes a quarter that holds much or little; its mean is what it never holds. What it holds on the poorer
 * days of its class is all that can be asked of it. Quarters marked as spikes count here: they are the rich days.
 */
function fitLow(history: History, perMinute: Float64Array): Float64Array {
  const low = new Float64Array(CELLS).fill(Infinity);
  const around = (cell: number): number => {
    let sum = 0;
    for (let step = -AROUND; step <= AROUND; step++) sum += perMinute[(cell + CELLS + step) % CELLS] ?? 0;
    return sum;
  };
  const last = history.next - 1;
  const first = Math.max(history.first, history.next - 28 * QUARTERS_A_DAY);
  const held = Array.from({ length: 2 * QUARTERS_A_DAY }, () => new Float64Array(28));
  const count = new Uint8Array(2 * QUARTERS_A_DAY);
  for (let quarter = first; quarter <= last; quarter++) {
    const at = slot(quarter);
    if (history.minutes[at] !== 15 || ((history.mask[at] ?? 0) & ~MASK.spike) !== 0) continue;
    const cell = history.cell[at] ?? 0;
    const place = classPlace(cell);
    const into = held[place];
    if (into !== undefined && (count[place] ?? 0) < 28) {
      into[count[place] ?? 0] = ((history.attempts[at] ?? 0) * (history.scale[at] ?? 1)) / Math.max(1e-9, around(cell));
      count[place] = (count[place] ?? 0) + 1;
    }
  }
  const quantile = held.map((values, place) => ((count[place] ?? 0) < LOW_DAYS ? Infinity : selectQuantile(values, count[place] ?? 0, LOW_SHARE)));
  for (let cell = 0; cell < CELLS; cell++) {
    const expected = 15 * (perMinute[cell] ?? 0);
    const poor = (quantile[classPlace(cell)] ?? Infinity) * around(cell);
    if (expected >= LOW_LEAST && poor < expected / STEP) low[cell] = poor / 15;
  }
  return low;
}

const classPlace = (cell: number): number => (isWeekend(cell >> 2) ? QUARTERS_A_DAY : 0) + (cell % QUARTERS_A_DAY);

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
  const days = new Float64Array(192);
  for (let cell = 0; cell < CELLS; cell++) days[classOf(cell)] = (days[classOf(cell)] ?? 0) + (weights[cell] ?? 0);
  return curve.map((value, cell) => {
    const at = classOf(cell);
    // A Saturday on which nothing is billed has not the shape of the Sunday on which all is.
    const like = value * (days[at] ?? 0) > UNLIKE * (expected[at] ?? 0);
    return Math.max(1e-7, (like ? ((seen[at] ?? 0) + CLASS_PRIOR) / ((expected[at] ?? 0) + CLASS_PRIOR) : 1) * value);
  });
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
