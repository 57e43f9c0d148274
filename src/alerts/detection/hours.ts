// The hours that the week's profile is learnt from, and what each hour of the week brings.

import { ageInWeeks, type DayTotal, DAYS_LEARNT, DECAY_WEEKS, OUTLIER } from "./days.ts";
import { type History, learnWeight, slot } from "./history.ts";
import { median } from "./quantile.ts";

/** What the pooled shape is worth: ten events (Gamma-Poisson), or being right within a third. */
const HOUR_PRIOR = 10;

/** Weeks of an hour that agree with each other against the pooled shape. */
const OWN_WEEKS = 3;

export interface HourRecord {
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

/** Hours of the days learnt from; a relabelled quarter may lie a day before the first. */
export const HOURS_HELD = (DAYS_LEARNT + 12) * 24;
export const hourPlace = (firstDay: number, day: number, hour: number): number => (day - firstDay + 2) * 24 + hour;

/** By local day and hour; after a clock change the quarters of an hour need not be neighbours in time. */
export function hourRecords(history: History, first: number, last: number, growth: number): HourRecord[] {
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

export const isWeekend = (hourCell: number): boolean => hourCell >= 120;

/** Day-of-week factor times the hour-of-day profile of weekdays or of weekends. */
export function fitShape(hours: readonly HourRecord[], days: Map<number, DayTotal>, dayMeans: Float64Array): Float64Array {
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
export function fitHours(hours: readonly HourRecord[], pooled: Float64Array, phi: number): Float64Array {
  const byCell: HourRecord[][] = Array.from({ length: 168 }, () => []);
  for (const hour of hours) byCell[hour.cell]?.push(hour);
  const cells = new Float64Array(168);
  byCell.forEach((records, cell) => {
    const prior = pooled[cell] ?? 0;
    const start = prior >= 20 ? startOf(records, prior) : prior;
    // An hour that is unlike the pooled shape week after week (closed on this weekday, a market in another zone) is no outlier among its own.
    const own = records.length >= OWN_WEEKS && Math.abs(start - prior) > OUTLIER * Math.sqrt(prior + phi * prior * prior);
    let mean = start;
    for (let pass = 0; pass < 3; pass++) {
      let sum = HOUR_PRIOR * prior;
      let precision = HOUR_PRIOR;
      const middle = Math.max(own ? start : mean, own ? 1 : 0);
      for (const record of records) {
        const value = record.count / record.share;
        const distance = Math.abs(value - middle) / Math.sqrt(middle / record.share + phi * middle * middle);
        record.weight = record.trust * (distance > OUTLIER ? (OUTLIER / distance) ** 2 : 1);
        // What a look is worth is what it could have shown: an hour in which nothing came says as much as the pooled shape let expect.
        const worth = record.weight / (1 / (Math.max(mean, prior) * record.share) + phi);
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
