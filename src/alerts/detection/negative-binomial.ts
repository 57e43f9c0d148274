// Counts that vary more than Poisson: mean m, variance m + phi m^2. phi = 0 is Poisson.

import { gammaP, logGamma } from "./gamma.ts";

/** Above this count the tail is read from the Gamma distribution with the same mean and variance (continuity-corrected). */
const EXACT_UP_TO = 400;

/** Logarithm of P(X = n). */
function logPmf(n: number, mean: number, phi: number): number {
  if (phi < 1e-9) return n * Math.log(mean) - mean - logGamma(n + 1);
  const r = 1 / phi;
  return (
    logGamma(n + r) - logGamma(r) - logGamma(n + 1) -
    r * Math.log1p(mean * phi) + n * (Math.log(mean) - Math.log(r + mean))
  );
}

/** P(X <= n), summed from n downwards until the terms no longer count. */
export function countAtMost(n: number, mean: number, phi: number): number {
  if (n < 0) return 0;
  if (mean <= 0) return 1;
  if (n > EXACT_UP_TO) return gammaTail(n + 0.5, mean, phi);
  if (n > mean) return 1 - sumUp(n + 1, mean, phi);
  return sumDown(n, mean, phi);
}

/** P(X >= n), summed from n upwards. */
export function countAtLeast(n: number, mean: number, phi: number): number {
  if (n <= 0) return 1;
  if (mean <= 0) return 0;
  if (n > EXACT_UP_TO) return Math.max(0, 1 - gammaTail(n - 0.5, mean, phi));
  if (n <= mean) return 1 - sumDown(n - 1, mean, phi);
  return sumUp(n, mean, phi);
}

/** Smallest n with P(X <= n) >= q. */
export function countQuantile(q: number, mean: number, phi: number): number {
  const spread = Math.sqrt(mean + phi * mean * mean);
  let low = -1;
  let high = Math.ceil(mean + 4 * spread + 4);
  while (countAtMost(high, mean, phi) < q) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (countAtMost(middle, mean, phi) >= q) high = middle;
    else low = middle;
  }
  return high;
}

function sumDown(n: number, mean: number, phi: number): number {
  const r = phi < 1e-9 ? 0 : 1 / phi;
  let term = Math.exp(logPmf(n, mean, phi));
  let sum = term;
  for (let k = n; k > 0 && term > sum * 1e-13; k--) {
    // pmf(k-1) / pmf(k)
    term *= r === 0 ? k / mean : (k * (r + mean)) / ((k - 1 + r) * mean);
    sum += term;
  }
  return Math.min(1, sum);
}

function sumUp(n: number, mean: number, phi: number): number {
  const r = phi < 1e-9 ? 0 : 1 / phi;
  let term = Math.exp(logPmf(n, mean, phi));
  let sum = term;
  for (let k = n; term > sum * 1e-13; k++) {
    term *= r === 0 ? mean / (k + 1) : ((k + r) * mean) / ((k + 1) * (r + mean));
    sum += term;
  }
  return Math.min(1, sum);
}

function gammaTail(x: number, mean: number, phi: number): number {
  const variance = mean + phi * mean * mean;
  return gammaP((mean * mean) / variance, (x * mean) / variance);
}
