import type { DemandRow } from "../demand.ts";

/** Seeded, so that a failure can be looked at again. mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Poisson; for large means by its normal limit. */
export function poisson(random: () => number, mean: number): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

export interface MarketProduct {
  readonly elasticity: number;
  /** Minor units, by week. */
  readonly prices: readonly number[];
  /** Purchases a week at the first price. */
  readonly weekly: number;
}

export interface MarketOptions {
  readonly products: readonly MarketProduct[];
  readonly weeks: number;
  /** Standard deviations of log demand: shared by the shop, of a product's week, of a product's walk. */
  readonly shop: number;
  readonly noise: number;
  readonly walk: number;
}

/** Purchases by product and week in a shop with a known demand curve: seasonal, drifting, counted. */
export function market(options: MarketOptions, random: () => number): number[][] {
  const { products, weeks, shop, noise, walk } = options;
  const levels = products.map(() => 0);
  const season = Array.from({ length: weeks }, (_, week) => 0.15 * Math.sin((2 * Math.PI * week) / 52) + shop * gaussian(random));
  const growth = 0.01 * gaussian(random);
  return products.map(({ elasticity, prices, weekly }, index) =>
    Array.from({ length: weeks }, (_, week) => {
      levels[index] = (levels[index] ?? 0) + walk * gaussian(random);
      const move = Math.log((prices[week] ?? 1) / (prices[0] ?? 1));
      return poisson(random, weekly * Math.exp((season[week] ?? 0) + growth * week + (levels[index] ?? 0) + noise * gaussian(random) + elasticity * move));
    }),
  );
}

/** A product's rows, compared with the purchases of all others. */
export function rowsOf(purchases: readonly (readonly number[])[], index: number, prices: readonly number[]): DemandRow[] {
  return (purchases[index] ?? []).map((own, week) => ({
    week,
    spell: prices.slice(1, week + 1).filter((price, before) => price !== prices[before]).length,
    price: prices[week] ?? 1,
    purchases: own,
    exposure: purchases.reduce((sum, other, position) => sum + (position === index ? 0 : (other[week] ?? 0)), 0) || 1,
  }));
}
