// What to expect of a shop of which not one whole day has been seen: a guess, drawn as one and never judged by.

import { between, oldest } from "./series.ts";
import type { DetectorState } from "./state.ts";
import { DAY } from "./zone.ts";

const HOURS = 24;
const HOUR_MINUTES = 60;
/** Events that "every hour is as good as the other" is worth (Gamma-Poisson, DETECTION §3). */
const FLAT_PRIOR = 10;
/** Failures before any are known: 8 %, worth 20 attempts (DETECTION §7). */
const RATE_PRIOR = { rate: 0.08, attempts: 20 } as const;
/** The widest over-dispersion that is ever learnt (DETECTION §4): of a day of which nothing is known, half of it more or less is usual. */
export const GUESS_PHI = 0.25;

export interface FirstGuess {
  /** Attempts a minute in each hour of the local day. */
  readonly perMinute: Float64Array;
  readonly failureRate: number;
  /** Attempts that it rests on. */
  readonly attempts: number;
}

/** True until the fit of a local midnight has had a whole day to learn from. */
export const isGuess = (state: DetectorState): boolean => state.volume === null || state.fittedAt - state.series.firstTs < DAY;

/** From the minutes seen so far, at most a day; null when nothing was tried in them: then there is nothing to guess by. */
export function firstGuess(state: DetectorState): FirstGuess | null {
  const { series, span } = state;
  const from = Math.max(oldest(series), series.count - 2 * HOURS * HOUR_MINUTES);
  const attempts = between(series.sums.attempts, from, series.count);
  if (attempts <= 0) return null;
  const level = attempts / (series.count - from);
  const seen = new Float64Array(HOURS);
  const minutes = new Float64Array(HOURS);
  const offset = span?.offset ?? 0;
  for (let minute = from; minute < series.count; minute += 1) {
    const hour = hourOf(series.firstTs + minute * 60 + offset);
    seen[hour] = (seen[hour] ?? 0) + between(series.sums.attempts, minute, minute + 1);
    minutes[hour] = (minutes[hour] ?? 0) + 1;
  }
  const failed = between(series.sums.failed, from, series.count);
  return {
    perMinute: seen.map((count, hour) => (count + FLAT_PRIOR) / ((minutes[hour] ?? 0) + FLAT_PRIOR / level)),
    failureRate: (failed + RATE_PRIOR.rate * RATE_PRIOR.attempts) / (attempts + RATE_PRIOR.attempts),
    attempts,
  };
}

/** Of a local time in epoch seconds. */
export const hourOf = (local: number): number => Math.floor((((local % DAY) + DAY) % DAY) / 3600);

/** The mean sale so far, while none is learnt by the hour; 0 before the first sale. */
export function meanSaleSoFar({ series }: DetectorState): number {
  const from = oldest(series);
  const sales = between(series.sums.succeeded, from, series.count);
  return sales <= 0 ? 0 : between(series.sums.revenue, from, series.count) / sales;
}
