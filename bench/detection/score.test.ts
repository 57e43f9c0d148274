import { describe, expect, it } from "vitest";
import type { Incident } from "./incident.ts";
import { createRandom } from "./random.ts";
import { createScore, scoreShop, summarise } from "./score.ts";
import { createShop, LEARN_DAYS } from "./shop.ts";
import { drawTraffic } from "./traffic.ts";

const shop = createShop("test", 5000, "retail", "plain");
const from = (LEARN_DAYS + 5) * 1440;
const incident: Incident = { kind: "checkout_halved", from, until: from + 100, strength: 0.5, segment: "visa", degrades: "rate" };
const score = (fired: readonly (readonly [string, number])[]) => {
  const all = createScore();
  scoreShop(all, shop, [incident], fired.map(([metric, minute]) => ({ metric, minute })), createRandom("luck"));
  return { ...summarise(all), false: all.falseAlarms.length };
};

describe("scorer", () => {
  it("found, when, and what was lost", () => {
    expect(score([["revenue_dip", from + 20]])).toMatchObject({ found: 1, lost: 0.2, halved: 20, false: 0 });
    expect(score([])).toMatchObject({ found: 0, lost: 1, halved: Infinity, false: 0 });
  });
  it("within half an hour of the end is found, later is a false alarm", () => {
    expect(score([["revenue_dip", from + 130]])).toMatchObject({ found: 1, lost: 1, false: 0 });
    expect(score([["revenue_dip", from + 131]])).toMatchObject({ found: 0, false: 1 });
    expect(score([["revenue_dip", from - 1]])).toMatchObject({ found: 0, false: 1 });
  });
  it("another kind inside explains itself but finds nothing; the time of learning does not count", () => {
    expect(score([["webhook_failure", from + 5]])).toMatchObject({ found: 0, false: 0 });
    expect(score([["revenue_dip", LEARN_DAYS * 1440 - 1]])).toMatchObject({ found: 0, false: 0 });
  });
  it("an alarm that is always on finds everything by luck", () => {
    const always = Array.from({ length: 56 * 48 }, (_, index) => ["revenue_dip", LEARN_DAYS * 1440 + index * 30] as const);
    expect(score(always).luck).toBe(1);
    expect(score(always).falseAlarmsAMonth).toBeGreaterThan(1000);
  });
});

describe("made-up shops", () => {
  it("are the same for the same seed, and as large as asked", () => {
    const again = createShop("test", 5000, "retail", "plain");
    expect(again.rate).toEqual(shop.rate);
    const total = shop.rate.reduce((sum, rate) => sum + rate, 0) / 84;
    expect(total).toBeGreaterThan(3500);
    expect(total).toBeLessThan(9000);
  });
  it("halve what an incident halves, and slices add up", () => {
    const { buckets, slices } = drawTraffic(createRandom("traffic"), shop, [incident]);
    const seen = buckets.slice(from, from + 100).reduce((sum, bucket) => sum + bucket.attempts, 0);
    const expected = shop.rate.subarray(from, from + 100).reduce((sum, rate) => sum + rate, 0);
    expect(seen / expected).toBeGreaterThan(0.4);
    expect(seen / expected).toBeLessThan(0.6);
    const byTs = new Map(slices.map((slice) => [slice.ts, slice]));
    for (const bucket of buckets.slice(0, 5000)) {
      const brands = Object.values(byTs.get(bucket.ts)?.["card_brand"] ?? {}) as (readonly [number, number])[];
      expect(brands.reduce((sum, [attempts]) => sum + attempts, 0)).toBe(bucket.attempts);
      expect(brands.reduce((sum, [, failed]) => sum + failed, 0)).toBe(bucket.failed);
    }
  });
  it("draw binomials and Gammas with the right mean and variance", () => {
    const random = createRandom("moments");
    const moments = (draw: () => number): [number, number] => {
      const values = Array.from({ length: 20_000 }, draw);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
    };
    for (const [n, p] of [[8, 0.3], [100, 0.06], [100, 0.94], [4000, 0.2]] as const) {
      const [mean, variance] = moments(() => random.binomial(n, p));
      expect(mean / (n * p)).toBeCloseTo(1, 1);
      expect(variance / (n * p * (1 - p))).toBeCloseTo(1, 1);
    }
    const [mean, variance] = moments(() => random.gamma(2.5));
    expect(mean).toBeCloseTo(2.5, 1);
    expect(variance / 2.5).toBeCloseTo(1, 1);
  });
});
