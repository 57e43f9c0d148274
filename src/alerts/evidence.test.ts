import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialAtLeast, binomialAtMost, proveRateAbove, proveRevenueBelow } from "./evidence.ts";

/** Straight from the definition, in exact integers over a rational p = a/b. */
function exactAtLeast(k: number, n: number, a: number, b: number): number {
  const choose = (m: bigint, r: bigint): bigint => {
    let value = 1n;
    for (let i = 1n; i <= r; i += 1n) value = (value * (m - r + i)) / i;
    return value;
  };
  let sum = 0n;
  for (let x = k; x <= n; x += 1) sum += choose(BigInt(n), BigInt(x)) * BigInt(a) ** BigInt(x) * BigInt(b - a) ** BigInt(n - x);
  const scale = 10n ** 18n;
  return Number((sum * scale) / BigInt(b) ** BigInt(n)) / 1e18;
}

describe("binomial tails", () => {
  it("agree with exact sums", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(120), fc.integer({ min: 1, max: 99 }), (n, at, a) => {
        const k = at % (n + 1);
        expect(binomialAtLeast(k, n, a / 100)).toBeCloseTo(exactAtLeast(k, n, a, 100), 10);
        expect(binomialAtMost(k, n, a / 100)).toBeCloseTo(1 - exactAtLeast(k + 1, n, a, 100), 10);
      }),
    );
  });

  it("stay probabilities for large shops", () => {
    expect(binomialAtLeast(100_000, 2_000_000, 0.05)).toBeCloseTo(0.5, 2);
    expect(binomialAtLeast(110_000, 2_000_000, 0.05)).toBeLessThan(1e-100);
    expect(binomialAtMost(90_000, 2_000_000, 0.05)).toBeLessThan(1e-100);
  });
});

describe("evidence", () => {
  it.each([
    [1, 1, false],
    [2, 2, true],
    [1, 10, false],
    [3, 10, true],
    [5, 100, false],
    [6, 100, false],
    [10, 100, true],
    [60, 1000, false],
    [63, 1000, true],
    [0, 0, false],
  ])("%i failed of %i attempts above 5 %%: %s", (failed, attempted, proved) => {
    expect(proveRateAbove(failed, attempted, 0.05)).toBe(proved);
  });

  it("is wrong no oftener than once in twenty at the threshold itself", () => {
    for (const n of [20, 100, 500]) {
      let wrong = 0;
      for (let k = 0; k <= n; k += 1) if (proveRateAbove(k, n, 0.05)) wrong += binomialAtLeast(k, n, 0.05) - binomialAtLeast(k + 1, n, 0.05);
      expect(wrong).toBeLessThan(0.05);
    }
  });

  it.each([
    ["nothing sold, one sale yesterday", 0, 1000, 1, 1, false],
    ["nothing sold, thirty sales yesterday", 0, 30_000, 30, 2, true],
    ["a third less, a thousand sales", 66_000, 100_000, 1000, 2, false],
    ["half, a thousand sales", 50_000, 100_000, 1000, 2, true],
    ["half, a hundred equal sales", 50_000, 100_000, 100, 1, true],
    ["half, a hundred very uneven sales", 50_000, 100_000, 100, 10, false],
    ["half, four sales", 2000, 4000, 4, 1, false],
    ["more than yesterday", 2000, 1000, 100, 1, false],
    ["nothing yesterday", 0, 0, 0, 1, false],
  ])("%s", (_name, now, then, sales, unevenness, proved) => {
    expect(proveRevenueBelow(now, then, sales, -0.3, unevenness)).toBe(proved);
  });
});
