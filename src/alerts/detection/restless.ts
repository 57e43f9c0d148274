// Quarters of the day that vary more than the rest of it: a batch whose size changes from night to night or that is never on time, opening hours.
// A window that rests on them is known less well than its length says.

import { QUARTERS_A_DAY } from "./history.ts";
import { median, selectQuantile } from "./quantile.ts";

const DAYS = 28;
/** 80 % point of chi-square with one degree of freedom. */
const CHI_SQUARE_80 = 1.642;
/** Below it a quarter says little more than Poisson. */
const LEAST_EXPECTED = 20;
/** Days of shortfall that speak for a quarter being restless, and how many quiet days count against. */
const ENOUGH = 4;
const PRIOR_DAYS = 3;
/** How many times the usual quarter's over-dispersion is still ordinary. */
const ORDINARY = 2;
const MOST = 0.25;

export interface Restless {
  /** For each quarter of the local day a ring of days: the over-dispersion at which that day's shortfall is exactly at the quantile. NaN: no shortfall. */
  readonly samples: Float32Array;
  /** Deviation of a quarter's volume beyond the ordinary, as a share of it. */
  readonly spread: Float64Array;
  day: number;
}

export const createRestless = (): Restless => ({ samples: new Float32Array(QUARTERS_A_DAY * DAYS).fill(NaN), spread: new Float64Array(QUARTERS_A_DAY), day: 0 });

/** Takes a quarter that has closed; `expected` is what it was forecast to bring before it did. */
export function learnQuarter(restless: Restless, place: number, seen: number, expected: number, clump: number): void {
  const error = seen - expected;
  restless.samples[place * DAYS + (restless.day % DAYS)] = error < 0 && expected >= LEAST_EXPECTED ? ((error * error) / CHI_SQUARE_80 - clump * expected) / (expected * expected) : NaN;
}

/** At the end of a local day. */
export function fitRestless(restless: Restless): void {
  restless.day++;
  const values = new Float64Array(DAYS);
  const found: number[] = [];
  const phi = new Float64Array(QUARTERS_A_DAY);
  for (let place = 0; place < QUARTERS_A_DAY; place++) {
    // The oldest day's place is the next to be filled.
    let count = 0;
    for (let day = 0; day < DAYS; day++) {
      const value = restless.samples[place * DAYS + day] ?? NaN;
      if (value === value) values[count++] = value;
    }
    if (count < ENOUGH) continue;
    phi[place] = (Math.max(0, selectQuantile(values, count, 0.8)) * count) / (count + PRIOR_DAYS);
    found.push(phi[place] ?? 0);
  }
  const ordinary = found.length === 0 ? 0 : ORDINARY * median(found);
  for (let place = 0; place < QUARTERS_A_DAY; place++) restless.spread[place] = Math.sqrt(Math.min(MOST, Math.max(0, (phi[place] ?? 0) - ordinary)));
}
