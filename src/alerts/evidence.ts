import { logGamma } from "./detection/gamma.ts";

/** A verdict needs the threshold outside a one-sided 95 % bound, so that chance alone is wrong once in twenty. */
export const DOUBT = 0.05;

/** One failure of one attempt is exactly 0.05 at a threshold of 5 %: no rounding error may turn that into proof. */
const ROUNDING = 1e-9;

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/**
 * P(X ≥ k) for X ~ Binomial(n, p), summed outwards from k until the terms no longer count.
 * "The lower 95 % bound of the rate (Clopper–Pearson 1934) is above p" is the same as "this is below 0.05".
 */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  // Below the centre the other tail is the shorter sum.
  if (k <= n * p) return 1 - binomialAtMost(k - 1, n, p);
  let term = Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  let sum = 0;
  for (let x = k; x <= n && (term > sum * 1e-15 || sum === 0); x += 1) {
    sum += term;
    term *= ((n - x) / (x + 1)) * (p / (1 - p));
    if (term === 0) break;
  }
  return Math.min(1, sum);
}

/** P(X ≤ k) for X ~ Binomial(n, p). */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  // X ≤ k failures is n − X ≥ n − k successes.
  if (k < n * p) return binomialTailDown(k, n, p);
  return 1 - binomialAtLeast(k + 1, n, p);
}

function binomialTailDown(k: number, n: number, p: number): number {
  let term = Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  let sum = 0;
  for (let x = k; x >= 0 && (term > sum * 1e-15 || sum === 0); x -= 1) {
    sum += term;
    term *= (x / (n - x + 1)) * ((1 - p) / p);
    if (term === 0) break;
  }
  return Math.min(1, sum);
}

/** True when `failed` of `attempted` proves a rate above `threshold`, and is not just a few unlucky payments. */
export function proveRateAbove(failed: number, attempted: number, threshold: number): boolean {
  return attempted > 0 && failed / attempted > threshold && binomialAtLeast(failed, attempted, threshold) < DOUBT - ROUNDING;
}

/**
 * True when revenue proves to have changed by less than `change` (e.g. −0.3). Sales vary in size as well as in number:
 * the variance of a sum of n sales is n·E[x²], that of n/u equal ones with u = E[x²] ÷ E[x]². So u sales count as one
 * piece of evidence; given the total of both days, those of the later one are binomial with share r/(1+r) under a
 * change to the r-fold (Przyborowski & Wilenski 1940).
 *
 * @param now revenue of today so far, minor units; @param then of the same part of yesterday, with its number of sales.
 * @param unevenness u, at least 1 (all sales equal); an exponential distribution of sizes has 2.
 */
export function proveRevenueBelow(now: number, then: number, salesThen: number, change: number, unevenness: number): boolean {
  if (then <= 0 || salesThen <= 0) return false;
  if ((now - then) / then >= change) return false;
  const before = Math.floor(salesThen / Math.max(1, unevenness));
  const after = Math.floor((Math.max(0, now) / then) * before);
  const ratio = 1 + change;
  return binomialAtMost(after, before + after, ratio / (1 + ratio)) < DOUBT - ROUNDING;
}
