// Over-dispersion of counts for each window length, from errors of forecasts made before the fact (DETECTION §4).

import { selectQuantile } from "./quantile.ts";

const DAYS = 28;
/** 80 % point of chi-square with one degree of freedom. A quantile, not a mean of squares: incidents and promotions must not widen the band. */
const CHI_SQUARE_80 = 1.642;
const CHI_SQUARE_98 = 5.412;
/** Windows of one length kept of a day. */
const MOST_WINDOWS = 96;
const SAFETY = 1.15;
/** Against the week's profile, and against a level that follows the last hours. */
export const PHI_PRIOR = { profile: 0.015, level: 0.01 } as const;
const PHI_LOW = 0.0025;
const PHI_HIGH = 0.25;
/** Days that the prior is worth: noise lasts for hours, so that a day, not a window, is one independent look at it. */
const PRIOR_DAYS = 6;
/** Below it a window says little more than Poisson. */
const LEAST_EXPECTED = 4;

export interface Dispersion {
  readonly windows: readonly number[];
  /** Attempts a minute below which hours are quiet: nights and dead weekends vary by other factors than the busy day. */
  quietBelow: number;
  /** For each window the busy hours' ring of days, then for each the quiet hours': the phi at which a window's error is exactly at the quantile. NaN: not to be used. */
  readonly samples: readonly Float32Array[];
  readonly wide: readonly Float32Array[];
  readonly phi: Float64Array;
  /** Attempts come in clumps: Var = clump * m + phi m^2; 1 is Poisson. */
  clump: number;
  readonly prior: number;
  day: number;
}

export function createDispersion(windows: readonly number[], prior: number): Dispersion {
  const rings = (): Float32Array[] => [...windows, ...windows].map((window) => new Float32Array(DAYS * windowsADay(window)).fill(NaN));
  return { windows, samples: rings(), wide: rings(), quietBelow: 0, phi: new Float64Array(2 * windows.length).fill(0.1), clump: 1, prior, day: 0 };
}

const windowsADay = (window: number): number => Math.max(1, Math.min(MOST_WINDOWS, Math.floor(1440 / window)));

/**
 * Takes the last 1440 minutes, given as running sums at minute 0 to 1440 of what was seen, of what was expected and of minutes left out,
 * and estimates anew; the caller counts `day` up. e^2 / (m + phi m^2) = q solved for phi gives one phi a window; its 80 % quantile is the phi at which 80 % are below q.
 */
export function learnDispersion(dispersion: Dispersion, seen: Float64Array, expected: Float64Array, leftOut: Float64Array, chosen: (window: number) => boolean = () => true): void {
  const day = dispersion.day % DAYS;
  const { clump } = dispersion;
  dispersion.windows.forEach((window, index) => {
    if (!chosen(window)) return;
    const count = windowsADay(window);
    const quietIndex = index + dispersion.windows.length;
    const rings = [dispersion.samples[index], dispersion.samples[quietIndex], dispersion.wide[index], dispersion.wide[quietIndex]];
    const [busy, quiet, busyWide, quietWide] = rings;
    if (busy === undefined || quiet === undefined || busyWide === undefined || quietWide === undefined) return;
    for (const ring of rings) ring?.fill(NaN, day * count, (day + 1) * count);
    for (let i = 0; i < count; i++) {
      // Of short windows a part, spread over the day.
      const from = Math.floor((i * Math.max(1440, count * window)) / count);
      const until = Math.min(1440, from + window);
      const mean = (expected[until] ?? 0) - (expected[from] ?? 0);
      const error = (seen[until] ?? 0) - (seen[from] ?? 0) - mean;
      // Only what fell short: a dip is judged by the lower half, and promotions must not widen it.
      const usable = error < 0 && mean >= LEAST_EXPECTED && (leftOut[until] ?? 0) === (leftOut[from] ?? 0);
      if (!usable) continue;
      const isQuiet = mean < dispersion.quietBelow * window;
      (isQuiet ? quiet : busy)[day * count + i] = (error * error / CHI_SQUARE_80 - clump * mean) / (mean * mean);
      (isQuiet ? quietWide : busyWide)[day * count + i] = (error * error / CHI_SQUARE_98 - clump * mean) / (mean * mean);
    }
    // Each length is estimated anew every other day: four weeks hardly change in one.
    if (dispersion.day >= 4 && (dispersion.day + index) % 2 !== 0) return;
    const days = Math.min(DAYS, dispersion.day + 1);
    const whole = estimate(busy, busyWide, days, dispersion.prior);
    dispersion.phi[index] = whole;
    // Quiet hours lean on the busy ones as far as they are few.
    dispersion.phi[quietIndex] = Math.max(whole, estimate(quiet, quietWide, days, Math.max(dispersion.prior, whole)));
  });
}

/** Over-dispersion of a window of the list in which `mean` is expected. */
export function phiOf(dispersion: Dispersion, index: number, mean: number): number {
  const quiet = mean < dispersion.quietBelow * (dispersion.windows[index] ?? 0);
  return dispersion.phi[quiet ? index + dispersion.windows.length : index] ?? 0.1;
}

/** Windows of these means show clumps; above, the level's noise hides them. */
const CLUMP_LOW = 4;
const CLUMP_HIGH = 25;
const CLUMP_MOST = 4;
/** How fast a new day moves the estimate. */
const CLUMP_STEP = 0.1;

/** Variance over mean where means are small, from the same quantile; follows the days slowly. `phi` is the level's noise to be left out. */
export function learnClumps(dispersion: Dispersion, seen: Float64Array, expected: Float64Array, leftOut: Float64Array): void {
  const ratios = new Float64Array(720);
  let count = 0;
  for (let from = 0; from < 1440; ) {
    let until = from + 1;
    while (until < 1440 && (expected[until] ?? 0) - (expected[from] ?? 0) < CLUMP_LOW) until++;
    const mean = (expected[until] ?? 0) - (expected[from] ?? 0);
    const error = (seen[until] ?? 0) - (seen[from] ?? 0) - mean;
    const minutes = until - from;
    if (mean >= CLUMP_LOW && mean < CLUMP_HIGH && error < 0 && (leftOut[until] ?? 0) === (leftOut[from] ?? 0) && count < 720) {
      const index = Math.max(0, dispersion.windows.findIndex((window) => window >= minutes));
      const phi = Math.min(0.05, dispersion.phi[index] ?? 0.02);
      ratios[count++] = (error * error) / CHI_SQUARE_80 / mean - phi * mean;
    }
    from = until;
  }
  if (count < 10) return;
  const today = Math.max(1, Math.min(CLUMP_MOST, selectQuantile(ratios, count, 0.8)));
  dispersion.clump += CLUMP_STEP * Math.min(1, count / 40) * (today - dispersion.clump);
}

function usable(ring: Float32Array): { values: Float64Array; length: number } {
  const values = new Float64Array(ring.length);
  let length = 0;
  for (let i = 0; i < ring.length; i++) {
    const value = ring[i] ?? NaN;
    if (value === value) values[length++] = value;
  }
  return { values, length };
}

function estimate(ring: Float32Array, wide: Float32Array, days: number, prior: number): number {
  const { values, length } = usable(ring);
  if (length === 0) return prior * 1.5;
  const usual = selectQuantile(values, length, 0.8) * SAFETY;
  // Tails heavier than the negative binomial's show at the 98 % point; they may widen the band, but not without limit.
  const far = usable(wide);
  const tails = length < 60 ? usual : Math.min(2 * Math.max(usual, PHI_LOW), selectQuantile(far.values, far.length, 0.98));
  const phi = Math.max(usual, tails);
  const shrunk = (days * phi + PRIOR_DAYS * prior) / (days + PRIOR_DAYS);
  return Math.max(PHI_LOW, Math.min(PHI_HIGH, shrunk));
}
