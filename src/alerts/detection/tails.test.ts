import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failureQuantile, failuresAtLeast } from "./beta-binomial.ts";
import { gammaP, logGamma } from "./gamma.ts";
import { countAtLeast, countAtMost, countQuantile } from "./negative-binomial.ts";

const runs = { numRuns: 200, seed: 20 };

/** Negative binomial by its definition, a Poisson whose rate is Gamma: the recurrence from P(0), in logarithms, no shortcuts. */
function slowCounts(mean: number, phi: number, upTo: number): number[] {
  const r = 1 / phi;
  const logs = [-r * Math.log1p(mean / r)];
  for (let k = 1; k <= upTo; k++) logs.push((logs[k - 1] ?? 0) + Math.log((r + k - 1) / k) + Math.log(mean / (r + mean)));
  return logs.map(Math.exp);
}

/** Polya's urn: a beta-binomial drawn try by try. */
function slowFailures(n: number, p: number, s: number): number[] {
  let row = [1];
  for (let tries = 0; tries < n; tries++) {
    const next = Array.from({ length: tries + 2 }, () => 0);
    row.forEach((mass, failed) => {
      const fail = (p * s + failed) / (s + tries);
      next[failed + 1] = (next[failed + 1] ?? 0) + mass * fail;
      next[failed] = (next[failed] ?? 0) + mass * (1 - fail);
    });
    row = next;
  }
  return row;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const close = (actual: number, expected: number, relative: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(Math.abs(expected), 1e-12));
};

describe("gamma", () => {
  it("gives factorials", () => {
    let factorial = 0;
    for (let n = 1; n < 400; n++) {
      factorial += Math.log(n);
      expect(logGamma(n + 1)).toBeCloseTo(factorial, 8);
    }
  });
  it("matches the exponential and Erlang distributions", () => {
    for (const x of [0.01, 0.5, 1, 3, 12, 40]) {
      close(gammaP(1, x), 1 - Math.exp(-x), 1e-12);
      expect(gammaP(3, x)).toBeCloseTo(1 - Math.exp(-x) * (1 + x + (x * x) / 2), 12);
    }
  });
});

describe("negative binomial", () => {
  it("agrees with the slow sum in both tails", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 150, noNaN: true }), fc.double({ min: 0.002, max: 0.5, noNaN: true }), fc.integer({ min: 0, max: 300 }), (mean, phi, n) => {
        const slow = slowCounts(mean, phi, n);
        close(countAtMost(n, mean, phi), Math.min(1, sum(slow)), 1e-7);
        expect(Math.abs(countAtLeast(n, mean, phi) - (1 - sum(slow.slice(0, n))))).toBeLessThan(1e-9);
      }),
      runs,
    );
  });
  it("keeps far tails exact, where 1 - cdf has no digits left", () => {
    close(countAtLeast(40, 5, 0), 8.0e-22, 0.2);
    close(countAtMost(0, 30, 0.01), (1 + 0.3) ** -100, 1e-9);
  });
  it("the Gamma used for large counts is close to the exact sum", () => {
    for (const [mean, phi, n] of [[700, 0.01, 450], [600, 0.005, 420], [1500, 0.02, 900]] as const) {
      const exact = sum(slowCounts(mean, phi, n));
      const ratio = countAtMost(n, mean, phi) / exact;
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    }
  });
  it("quantiles invert the distribution", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 5000, noNaN: true }), fc.double({ min: 0, max: 0.3, noNaN: true }), fc.double({ min: 0.02, max: 0.98, noNaN: true }), (mean, phi, q) => {
        const n = countQuantile(q, mean, phi);
        expect(countAtMost(n, mean, phi)).toBeGreaterThanOrEqual(q);
        expect(countAtMost(n - 1, mean, phi)).toBeLessThan(q);
      }),
      runs,
    );
  });
});

describe("beta-binomial", () => {
  it("agrees with Polya's urn", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.double({ min: 0.001, max: 0.6, noNaN: true }), fc.double({ min: 2, max: 3000, noNaN: true }), fc.nat(), (n, p, s, pick) => {
        const f = pick % (n + 1);
        close(failuresAtLeast(f, n, p, s), sum(slowFailures(n, p, s).slice(f)), 1e-7);
      }),
      runs,
    );
  });
  it("stopping early never changes on which side of alpha it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0.001, max: 0.4, noNaN: true }), fc.nat(), fc.double({ min: 1e-9, max: 1e-2, noNaN: true }), (n, p, pick, alpha) => {
        const f = 1 + (pick % n);
        expect(failuresAtLeast(f, n, p, 80, alpha) < alpha).toBe(failuresAtLeast(f, n, p, 80) < alpha);
      }),
      runs,
    );
  });
  it("quantiles invert it", () => {
    const f = failureQuantile(0.95, 140, 0.08, 200);
    expect(failuresAtLeast(f + 1, 140, 0.08, 200)).toBeLessThanOrEqual(0.05);
    expect(failuresAtLeast(f, 140, 0.08, 200)).toBeGreaterThan(0.05);
  });
});
