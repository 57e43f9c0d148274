import { describe, expect, it } from "vitest";
import { amountStep, feeOf, formatAmount, isCurrency, maximumCharge, minimumCharge, settle } from "./currency.ts";

describe("a currency", () => {
  it.each([
    [50, "usd", "$0.50"], [123456789, "usd", "$1,234,567.89"], [0, "eur", "€0.00"], [-5, "gbp", "-£0.05"], [1500, "jpy", "¥1,500"], [1500, "kwd", "1.500 KWD"], [500, "isk", "5.00 ISK"],
  ])("writes %i %s as %s", (amount, currency, text) => {
    expect(formatAmount(amount, currency)).toBe(text);
  });

  it("has a smallest and a largest charge, and a step", () => {
    expect([minimumCharge("usd"), minimumCharge("gbp"), minimumCharge("jpy"), minimumCharge("huf")]).toEqual([50, 30, 50, 17_500]);
    expect([maximumCharge("usd"), maximumCharge("idr")]).toEqual([99_999_999, 999_999_999_999]);
    expect([amountStep("usd"), amountStep("kwd"), amountStep("isk")]).toEqual([1, 10, 100]);
    expect([isCurrency("usd"), isCurrency("xyz")]).toEqual([true, false]);
  });

  it("settles in whole units, and never costs more than it brings", () => {
    expect(settle(1000, "usd")).toEqual({ amount: 1000, currency: "usd", exchangeRate: null });
    expect(settle(1000, "jpy")).toEqual({ amount: 650, currency: "usd", exchangeRate: 0.65 });
    expect([feeOf(1000), feeOf(50), feeOf(10)]).toEqual([59, 31, 10]);
  });
});
