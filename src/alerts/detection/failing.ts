// More failures than usual among payments, a slice of them, or deliveries: one test for all (DETECTION §5).

import { failuresAtLeast } from "./beta-binomial.ts";
import { alphaOf, WINDOWS } from "./sensitivity.ts";

export interface FailureModel {
  /** Alpha is divided by it: number of slices watched. */
  readonly shared: number;
  readonly budget: number;
  readonly leastFailed: number;
  /** Excess over the usual rate needed besides significance; may depend on the window. */
  readonly gate: (usual: number, window: number) => number;
  /** Where rates wander by themselves: how much, and the most that may be asked for on that account. */
  readonly restless?: { readonly rho: number; readonly most: number };
  readonly longestWindow: number;
  readonly shortestWindow: number;
  /** Weight of the usual rate, in attempts: 1 / (rho + 1 / history). */
  readonly weight: number;
  /** How much further out than alpha it must be in this store, and where it is noted how far out it was. */
  readonly own?: { readonly asked: number; readonly note: (far: number) => void };
}

/** Findings whose logarithm of probability is so near alpha's are noted as near misses. */
const NEAR = 0.6;

/** An alarm counts for no more than a near miss: how far an outage goes is no measure of ordinary days, and small shops have little evidence to spare. */
const NOTED = 0.92;

export interface FailureFinding {
  readonly from: number;
  readonly window: number;
  readonly tries: number;
  readonly failed: number;
  readonly usual: number;
  readonly weight: number;
  readonly probability: number;
  readonly alpha: number;
}

/** Running sums in rings of the same length, read at minute numbers. */
export interface FailureSums {
  readonly tries: Float64Array;
  readonly failed: Float64Array;
  /** Expected failures: rate times tries, minute by minute. */
  readonly expected: Float64Array;
  readonly wrap: number;
}

/** The finding furthest below its alpha, or undefined; the caller checks that it still goes on. */
export function findFailures(sums: FailureSums, now: number, floor: number, model: FailureModel): FailureFinding | undefined {
  const { tries, failed, expected, wrap } = sums;
  const end = now & wrap;
  const failedNow = failed[end] ?? 0;
  const longest = Math.max(floor, now - model.longestWindow);
  // Without a failure in the newest minute nothing can have come to light since the one before.
  if (failedNow === failed[(now - 1) & wrap]) return undefined;
  if (failedNow - (failed[longest & wrap] ?? 0) < model.leastFailed) return undefined;
  let best: FailureFinding | undefined;
  for (const window of WINDOWS) {
    const from = now - window;
    if (from < floor || window > model.longestWindow) break;
    if (window < model.shortestWindow) continue;
    const start = from & wrap;
    const lost = failedNow - (failed[start] ?? 0);
    if (lost < model.leastFailed) continue;
    const tried = (tries[end] ?? 0) - (tries[start] ?? 0);
    const usual = Math.max(1e-5, ((expected[end] ?? 0) - (expected[start] ?? 0)) / tried);
    // The cheap gate first: nearly all windows of nearly all minutes end here.
    if (lost < tried * (usual + model.gate(usual, window)) || (model.restless !== undefined && lost < tried * (usual + wandering(usual, model.restless)))) continue;
    const alpha = alphaOf(window, model.budget) / model.shared;
    const probability = failuresAtLeast(lost, tried, usual, model.weight, alpha ** NEAR);
    const far = Math.log(Math.max(1e-300, probability)) / Math.log(alpha);
    model.own?.note(Math.min(far, NOTED * model.own.asked));
    if (far < (model.own?.asked ?? 1) || probability >= alpha) continue;
    if (best === undefined || probability / alpha < best.probability / best.alpha) {
      best = { from, window, tries: tried, failed: lost, usual, weight: model.weight, probability, alpha };
    }
  }
  return best;
}

/**
 * Is it over? In the shortest window with `least` tries the rate is below the usual plus 40 % of the excess that was found.
 * Undefined while there have not been so many tries since `floor`.
 */
export function failuresOver(sums: FailureSums, now: number, floor: number, least: number, usual: number, excess: number): boolean | undefined {
  const { tries, failed, wrap } = sums;
  const total = tries[now & wrap] ?? 0;
  if (total - (tries[floor & wrap] ?? 0) < least) return undefined;
  let low = floor;
  let high = now;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (total - (tries[middle & wrap] ?? 0) >= least) low = middle;
    else high = middle;
  }
  const lost = (failed[now & wrap] ?? 0) - (failed[low & wrap] ?? 0);
  return lost < (total - (tries[low & wrap] ?? 0)) * (usual + 0.4 * excess);
}

/** Gate of all payments: three points or 40 % of the usual rate, whichever is more. */
export const paymentGate = (usual: number): number => Math.max(0.03, 0.4 * usual);
/** Gate of a slice. */
export const sliceGate = (): number => 0.15;
/**
 * Decline rates wander by factors: their logarithm has a deviation of about sqrt(rho (1 - p) / p), and its tails are heavier than the
 * beta-binomial's. Five of them are asked for besides the gate, up to `most` points.
 */
const wandering = (usual: number, { rho, most }: { readonly rho: number; readonly most: number }): number =>
  Math.min(most, usual * Math.expm1(5 * Math.sqrt((rho * (1 - usual)) / usual)));

/** A delivery rate of 10 % in half an hour, 5 % beyond. */
export const webhookGate = (usual: number, window: number): number => Math.max(0, (window <= 30 ? 0.1 : 0.05) - usual);
