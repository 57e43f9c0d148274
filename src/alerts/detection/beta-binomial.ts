// Failures among n tries whose probability itself varies: p ~ Beta(p s, (1 - p) s), rho = 1 / (s + 1).

import { logGamma } from "./gamma.ts";

/**
 * P(X >= f) among n tries with mean rate p and weight s. The sum runs upwards from f by the ratio of neighbouring terms.
 * It stops as soon as it is above `enough`: a caller that only asks "below alpha?" pays for a few terms.
 */
export function failuresAtLeast(f: number, n: number, p: number, s: number, enough = Infinity): number {
  if (f <= 0) return 1;
  if (f > n) return 0;
  const a = p * s;
  const b = (1 - p) * s;
  let term = Math.exp(
    logGamma(n + 1) - logGamma(f + 1) - logGamma(n - f + 1) +
      logGamma(f + a) + logGamma(n - f + b) - logGamma(n + s) +
      logGamma(s) - logGamma(a) - logGamma(b),
  );
  let sum = term;
  for (let k = f; k < n; k++) {
    term *= ((n - k) * (k + a)) / ((k + 1) * (n - k - 1 + b));
    sum += term;
    if (sum > enough) return Math.min(1, sum);
    if (term < sum * 1e-13) break;
  }
  return Math.min(1, sum);
}

/** Smallest f with P(X <= f) >= q; for the "usual 2-6 %" of an explanation. */
export function failureQuantile(q: number, n: number, p: number, s: number): number {
  let low = -1;
  let high = n;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (1 - failuresAtLeast(middle + 1, n, p, s) >= q) high = middle;
    else low = middle;
  }
  return high;
}
