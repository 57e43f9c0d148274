import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currency, minor } from "../money/index.ts";
import { checkRails, type Rails, targetPrice } from "./rails.ts";

const DAY = 86_400_000;
const USD = currency("usd");
const RAILS: Rails = { largestStep: 0.1, secondPersonAbove: 0.05, coolDownMs: 30 * DAY, frozen: ["prod_frozen"], limits: { prod_1: { usd: { floor: minor(1900), ceiling: minor(2100) } } } };

describe("guard rails", () => {
  const judge = (from: number, to: number, more: { product?: string; last?: number | null; code?: string } = {}) =>
    checkRails(RAILS, { product: more.product ?? "prod_1", currency: currency(more.code ?? "usd"), from: minor(from), to: minor(to) }, more.last ?? null, 100 * DAY);

  it.each([
    [2000, 2100, {}, "free"],
    [2000, 2000, {}, "price_unchanged"],
    [2000, 2101, {}, "above_ceiling"],
    [2000, 1899, {}, "below_floor"],
    [2000, 2201, { product: "prod_2" }, "step_too_large"],
    [2000, 1799, { product: "prod_2" }, "step_too_large"],
    [2000, 2100, { product: "prod_frozen" }, "product_frozen"],
    [2000, 2100, { last: 80 * DAY }, "cooling_down"],
    [2000, 2100, { last: 70 * DAY }, "free"],
    [2000, 0, {}, "price_not_positive"],
    [2000, 2005, { product: "prod_2", code: "kwd" }, "price_not_chargeable"],
  ] as const)("from %i to %i with %j: %s", (from, to, more, expected) => {
    const verdict = judge(from, to, more);
    expect(verdict.kind === "free" ? "free" : verdict.code).toBe(expected);
  });
});

describe("the price to go to", () => {
  it.each([
    [1999, "raise", 2199, 2199],
    [1999, "lower", 1799, 1799],
    [2000, "raise", 2200, 2200],
    [4990, "raise", 5489, 5480],
    [500, "raise", 550, 550],
    [10, "raise", 10.9, null],
  ] as const)("%i, %s to at most %d, ends alike: %s", (from, direction, bound, expected) => {
    expect(targetPrice(minor(from), USD, direction, direction === "lower" ? bound : 0, direction === "raise" ? bound : Number.MAX_SAFE_INTEGER)).toBe(expected);
  });

  it("is always within the bounds, and chargeable", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.constantFrom("usd", "jpy", "kwd", "isk"), fc.constantFrom("raise" as const, "lower" as const), (from, code, direction) => {
        const step = code === "kwd" ? 10 : code === "isk" ? 100 : 1;
        const price = minor(from * step);
        const to = targetPrice(price, currency(code), direction, price * 0.9, price * 1.1);
        if (to === null) return;
        expect(to % step).toBe(0);
        expect(to >= price * 0.9 && to <= price * 1.1 && (direction === "raise" ? to > price : to < price)).toBe(true);
      }),
    );
  });
});
