// Wrong amounts at the usual count: the mean sale in blocks of sales, not of time (DETECTION §5, "mean-sale part").

import { type History, learnable, QUARTERS_A_DAY, slot } from "./history.ts";
import { gammaP } from "./gamma.ts";
import { median, selectQuantile } from "./quantile.ts";
import { alphaOf } from "./sensitivity.ts";
import { between, oldest, reachBack, type Series } from "./series.ts";

/** Sales in a block. Steps of about the square root of two: one fits soon after any change. */
const BLOCKS = [12, 24, 34, 48, 70, 100, 140, 200, 280, 400, 560, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 102_400] as const;
const SAMPLES = 1024;
/** Seconds between two blocks remembered: 1024 of them cover 28 days. */
const SPACING = 2400;
/** Least distance in spreads; the tail below must be below alpha besides. */
const SPREADS = 4;
const KEEP = 0.7;
/** Block sizes with fewer samples take the spread of a smaller one, scaled by the root of the size. */
const ENOUGH = 20;

export interface SaleModel {
  /** Logarithms of a block's revenue over what its sales were worth; a ring for each size. */
  readonly samples: readonly Float64Array[];
  readonly taken: Int32Array;
  readonly lastTs: Float64Array;
  /** Minute after which the block now filling begins. */
  readonly began: Float64Array;
  /** Last minute before the newest block: moves forward only. */
  readonly reach: Int32Array;
  readonly centre: Float64Array;
  readonly spread: Float64Array;
  /** Usual mean sale in minor units by hour of the local day. */
  readonly byHour: Float64Array;
  /** Usual mean sale of the store; 0 while unknown. */
  store: number;
}

export interface SaleFinding {
  readonly from: number;
  readonly sales: number;
  readonly meanSale: number;
  readonly usualSale: number;
  /** Deviation of the logarithm of such a block's mean. */
  readonly spread: number;
  readonly probability: number;
  readonly alpha: number;
}

export function createSaleModel(): SaleModel {
  return {
    samples: BLOCKS.map(() => new Float64Array(SAMPLES)),
    taken: new Int32Array(BLOCKS.length),
    lastTs: new Float64Array(BLOCKS.length).fill(-Infinity),
    began: new Float64Array(BLOCKS.length),
    reach: new Int32Array(BLOCKS.length),
    centre: new Float64Array(BLOCKS.length),
    spread: new Float64Array(BLOCKS.length).fill(Infinity),
    byHour: new Float64Array(24),
    store: 0,
  };
}

/** Usual mean sale by hour: the median of the days, leaning on the store's as far as sales are few. */
export function fitSales(model: SaleModel, history: History): void {
  const byHour: number[][] = Array.from({ length: 24 }, () => []);
  const sales = new Float64Array(24);
  const dayMeans: number[] = [];
  let day = { sales: 0, revenue: 0 };
  const first = Math.max(history.first, history.next - 28 * QUARTERS_A_DAY);
  for (let quarter = first; quarter < history.next; ) {
    const cell = history.cell[slot(quarter)] ?? 0;
    let sold = 0;
    let revenue = 0;
    const hour = (cell % QUARTERS_A_DAY) >> 2;
    for (; quarter < history.next && (((history.cell[slot(quarter)] ?? 0) % QUARTERS_A_DAY) >> 2) === hour; quarter++) {
      const at = slot(quarter);
      if (!learnable(history, at)) continue;
      sold += history.succeeded[at] ?? 0;
      revenue += history.revenue[at] ?? 0;
    }
    day.sales += sold;
    day.revenue += revenue;
    if (sold >= 5) byHour[hour]?.push(revenue / sold);
    sales[hour] = (sales[hour] ?? 0) + sold;
    if (hour === 23 && day.sales >= 24) {
      dayMeans.push(day.revenue / day.sales);
      day = { sales: 0, revenue: 0 };
    }
  }
  if (dayMeans.length < 3) return;
  model.store = median(dayMeans);
  byHour.forEach((means, hour) => {
    const weight = means.length < 5 ? 0 : (sales[hour] ?? 0) / ((sales[hour] ?? 0) + 400);
    model.byHour[hour] = weight === 0 ? model.store : model.store * (median(means) / model.store) ** weight;
  });
  fitSpreads(model);
}

/** Median and lower-half spread of each block size: own blocks where there are enough, else the nearest size that has, by the root of the size. */
function fitSpreads(model: SaleModel): void {
  const own = BLOCKS.map((_, index) => (model.taken[index] ?? 0) >= ENOUGH);
  BLOCKS.forEach((_, index) => {
    if (!own[index]) return;
    const count = Math.min(SAMPLES, model.taken[index] ?? 0);
    const values = Float64Array.from(model.samples[index]?.subarray(0, count) ?? []);
    const centre = selectQuantile(values, count, 0.5);
    model.centre[index] = centre;
    model.spread[index] = Math.max(0.012, (centre - selectQuantile(values, count, 0.1)) / 1.2816) * (1 + 1.5 / Math.sqrt(count));
  });
  BLOCKS.forEach((size, index) => {
    if (own[index]) return;
    let near = own.lastIndexOf(true, index);
    if (near < 0) near = own.indexOf(true);
    model.centre[index] = near < 0 ? 0 : (model.centre[near] ?? 0);
    model.spread[index] = near < 0 ? Infinity : (model.spread[near] ?? Infinity) * Math.sqrt((BLOCKS[near] ?? 1) / size);
  });
}

/** Closes blocks that are full. Blocks with minutes left out of learning are dropped. */
export function learnSales(model: SaleModel, series: Series, ts: number): void {
  const { succeeded, revenue, expectedRevenue, leftOut } = series.sums;
  const now = series.count;
  const held = oldest(series);
  for (let index = 0; index < BLOCKS.length; index++) {
    const from = Math.max(held, model.began[index] ?? 0);
    if (between(succeeded, from, now) < (BLOCKS[index] ?? 0)) {
      model.began[index] = from;
      if (between(succeeded, from, now) === 0) model.began[index] = now;
      continue;
    }
    model.began[index] = now;
    const worth = between(expectedRevenue, from, now);
    const got = between(revenue, from, now);
    // A busy store's minute is many small blocks at once: it says nothing about the spread of one.
    if (between(succeeded, from, now) > 1.5 * (BLOCKS[index] ?? 0)) continue;
    if (worth <= 0 || got <= 0 || between(leftOut, from, now) > 0 || ts - (model.lastTs[index] ?? 0) < SPACING) continue;
    model.lastTs[index] = ts;
    const ring = model.samples[index];
    const taken = model.taken[index] ?? 0;
    if (ring !== undefined) ring[taken % SAMPLES] = Math.log(got / worth);
    model.taken[index] = taken + 1;
  }
}

/**
 * The latest block that is 30 % below and further than chance: a mean of amounts is about Gamma-distributed with the shape that gives the
 * spread of its logarithm. The smallest such size.
 */
export function findCheapSales(model: SaleModel, series: Series, budget: number, floor: number): SaleFinding | undefined {
  const { succeeded, revenue, expectedRevenue } = series.sums;
  const now = series.count;
  // No sale since the minute before: no news.
  if (model.store === 0 || between(succeeded, now - 1, now) === 0) return undefined;
  for (let index = 0; index < BLOCKS.length; index++) {
    const size = BLOCKS[index] ?? 0;
    let from = Math.max(floor, model.reach[index] ?? 0);
    if (between(succeeded, from, now) < size) return undefined;
    while (between(succeeded, from + 1, now) >= size) from++;
    model.reach[index] = from;
    const spread = model.spread[index] ?? Infinity;
    // Even amounts of a quarter would not be far enough out.
    if (index === 0 || !(spread * SPREADS < 1.4)) continue;
    const worth = between(expectedRevenue, from, now) * Math.exp(model.centre[index] ?? 0);
    const ratio = between(revenue, from, now) / worth;
    if (ratio >= KEEP || Math.log(Math.max(1e-9, ratio)) > -SPREADS * spread) continue;
    const shape = 1 / (spread * spread);
    const probability = gammaP(shape, ratio * shape);
    const alpha = alphaOf(Math.max(2, now - from), budget);
    if (probability >= alpha) continue;
    const finding = confirm(model, series, index, from, worth, ratio);
    if (finding !== undefined) return { ...finding, probability, alpha };
  }
  return undefined;
}

function confirm(model: SaleModel, series: Series, index: number, from: number, worth: number, ratio: number): Omit<SaleFinding, "probability" | "alpha"> | undefined {
  const { succeeded, revenue, expectedRevenue, expectedTakings } = series.sums;
  const now = series.count;
  // Still so in the later half: one week of small orders that has ended is no news.
  const half = reachBack(succeeded, from, now, (BLOCKS[index] ?? 0) / 2);
  if (between(revenue, half, now) > 0.8 * between(expectedRevenue, half, now) * Math.exp(model.centre[index] ?? 0)) return undefined;
  // A promotion sells cheaper and more: no revenue is missing. Prices far too low are wrong even so.
  if (ratio > 0.45 && between(revenue, from, now) > 0.85 * between(expectedTakings, from, now)) return undefined;
  const sales = between(succeeded, from, now);
  return { from, sales, meanSale: between(revenue, from, now) / sales, usualSale: worth / sales, spread: model.spread[index] ?? 1 };
}

/** Over when the newest block that can tell (three spreads are less than 20 %) is back above 85 %. */
export function salesBack(model: SaleModel, series: Series, floor: number): boolean {
  const { succeeded, revenue, expectedRevenue } = series.sums;
  const index = BLOCKS.findIndex((_, at) => at >= 1 && (model.spread[at] ?? Infinity) * 1.5 < 0.2);
  const size = BLOCKS[index < 0 ? 4 : index] ?? 48;
  const from = reachBack(succeeded, floor, series.count, size);
  if (from < 0) return false;
  return between(revenue, from, series.count) > 0.85 * between(expectedRevenue, from, series.count) * Math.exp(model.centre[Math.max(0, index)] ?? 0);
}
