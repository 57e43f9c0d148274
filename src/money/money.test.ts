import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asCurrency, currency, estimate, exponent, majorNumber, majorText, maxDigits, type Minor, minor, moneyText, parseMajor, shareOut, smallestCharge, step, subtract, sum, ZERO } from "./index.ts";

const usd = currency("usd");
const anyCurrency = fc.constantFrom(..."usd eur gbp jpy krw clp mga isk ugx bhd kwd tnd omr jod idr huf twd inr xof".split(" ")).map(currency);
const chargeable = anyCurrency.chain((code) =>
  fc.tuple(
    fc.constant(code),
    fc.integer({ min: 1, max: Math.floor((10 ** maxDigits(code) - 1) / step(code)) }).map((steps) => minor(steps * step(code))),
  ),
);

describe("exponents", () => {
  it.each([
    ["usd", 2, 1],
    ["jpy", 0, 1],
    ["krw", 0, 1],
    ["kwd", 3, 10],
    ["isk", 2, 100],
    ["ugx", 2, 100],
    ["mga", 0, 1],
    ["huf", 2, 1],
  ])("%s has %i, in steps of %i", (code, digits, apart) => {
    expect([exponent(currency(code)), step(currency(code))]).toEqual([digits, apart]);
  });

  it("knows what is no currency", () => {
    expect(["US", "usdt", "", "u$d", 1, null, undefined, {}].map(asCurrency)).toEqual(Array.from({ length: 8 }, () => null));
    expect(asCurrency("EUR")).toBe("eur");
  });
});

describe("parsing", () => {
  it("gives back what was written, as text and as number, in every currency", () => {
    fc.assert(
      fc.property(chargeable, ([code, amount]) => {
        expect(parseMajor(majorText(amount, code), code)).toEqual({ kind: "amount", minor: amount });
        expect(parseMajor(majorNumber(amount, code), code)).toEqual({ kind: "amount", minor: amount });
        expect(parseMajor(JSON.parse(JSON.stringify(majorNumber(amount, code))), code)).toEqual({ kind: "amount", minor: amount });
      }),
    );
  });

  it("agrees with arithmetic on big integers for any decimal text", () => {
    const decimal = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 14n }), fc.nat({ max: 5 })).map(([units, places]) => {
      const text = units.toString().padStart(places + 1, "0");
      return { text: places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`, units, places };
    });
    fc.assert(
      fc.property(anyCurrency, decimal, (code, { text, units, places }) => {
        const parsed = parseMajor(text, code, { from: "zero" });
        const exact = places <= exponent(code) ? units * 10n ** BigInt(exponent(code) - places) : null;
        const right = exact !== null && exact < 10n ** BigInt(maxDigits(code)) && exact % BigInt(step(code)) === 0n;
        expect(parsed.kind).toBe(right ? "amount" : "refused");
        if (parsed.kind === "amount") expect(BigInt(parsed.minor)).toBe(exact);
      }),
    );
  });

  it("never throws, and never makes an amount of what is no plain decimal", () => {
    fc.assert(
      fc.property(fc.anything(), anyCurrency, (value, code) => {
        const parsed = parseMajor(value, code);
        if (parsed.kind === "amount") {
          expect(["string", "number"]).toContain(typeof value);
          expect(Number.isSafeInteger(parsed.minor) && parsed.minor > 0).toBe(true);
        } else {
          expect(parsed.message.length).toBeLessThan(300);
        }
      }),
    );
  });

  it.each([
    [0, "zero"],
    ["0", "zero"],
    ["0.00", "zero"],
    ["", "not_a_number"],
    [null, "not_a_number"],
    [undefined, "not_a_number"],
    ["0.005", "too_many_decimals"],
    ["1.500", "too_many_decimals"],
    [0.005, "too_many_decimals"],
    [0.1 + 0.2, "too_many_decimals"],
    [-1, "negative"],
    ["-0.5", "negative"],
    ["-0", "negative"],
    ["1e2", "not_a_number"],
    ["NaN", "not_a_number"],
    [Number.NaN, "not_a_number"],
    [Number.POSITIVE_INFINITY, "not_a_number"],
    [1e21, "not_a_number"],
    [1e-7, "not_a_number"],
    ["0,50", "not_a_number"],
    ["1,000.00", "not_a_number"],
    [" 1", "not_a_number"],
    ["+1", "not_a_number"],
    [".5", "not_a_number"],
    ["5.", "not_a_number"],
    ["٥", "not_a_number"],
    ["0x10", "not_a_number"],
    [true, "not_a_number"],
    [[1], "not_a_number"],
    [10n, "not_a_number"],
    ["1000000.00", "too_large"],
    ["9".repeat(100), "too_large"],
    ["9".repeat(1000), "not_a_number"],
  ])("refuses %s dollars as %s", (value, reason) => {
    expect(parseMajor(value, usd)).toMatchObject({ kind: "refused", reason });
  });

  it.each([
    ["usd", "999999.99", 99_999_999],
    ["usd", "000.5", 50],
    ["usd", 0.07, 7],
    ["usd", 1.15, 115],
    ["jpy", 50, 50],
    ["jpy", "50.0", null],
    ["isk", "500", 50_000],
    ["isk", "500.00", 50_000],
    ["isk", "500.50", null],
    ["kwd", "1.23", 1230],
    ["kwd", "1.230", 1230],
    ["kwd", "1.234", null],
    ["idr", "9999999999.99", 999_999_999_999],
    ["idr", "10000000000.00", null],
  ])("%s %s is %s", (code, value, expected) => {
    const parsed = parseMajor(value, currency(code));
    expect(parsed.kind === "amount" ? parsed.minor : null).toBe(expected);
  });

  it("takes zero and negatives when asked to", () => {
    expect(parseMajor("0", usd, { from: "zero" })).toEqual({ kind: "amount", minor: 0 });
    expect(parseMajor("-0.50", usd, { from: "negative" })).toEqual({ kind: "amount", minor: -50 });
    expect(parseMajor("-0", usd, { from: "negative" })).toEqual({ kind: "amount", minor: 0 });
  });
});

describe("writing", () => {
  it.each([
    [50, "usd", "en-US", "0.50", "$0.50"],
    [50, "jpy", "en-US", "50", "¥50"],
    [1230, "kwd", "en-US", "1.230", "KWD\u00a01.23"],
    [1235, "kwd", "en-US", "1.235", "KWD\u00a01.235"],
    [50_000, "isk", "en-US", "500.00", "ISK\u00a0500"],
    [50_050, "isk", "en-US", "500.50", "ISK\u00a0500.50"],
    [-5, "eur", "en-US", "-0.05", "-€0.05"],
    [123_456_789, "usd", "en-US", "1234567.89", "$1,234,567.89"],
    [150, "eur", "de-DE", "1.50", "1,50\u00a0€"],
    [50, "usd", "no such locale", "0.50", "$0.50"],
  ])("%i %s for %s", (amount, code, locale, exact, text) => {
    expect(majorText(minor(amount), currency(code))).toBe(exact);
    expect(moneyText(minor(amount), currency(code), locale)).toBe(text);
  });

  it("keeps every digit of the largest safe amount", () => {
    expect(majorText(minor(Number.MAX_SAFE_INTEGER), usd)).toBe("90071992547409.91");
    expect(moneyText(minor(Number.MAX_SAFE_INTEGER), usd)).toBe("$90,071,992,547,409.91");
  });
});

describe("an amount", () => {
  it("is never a float, by type and when run", () => {
    const half = minor(50);
    // @ts-expect-error the result of arithmetic is a number, not an amount
    const float: Minor = half * 0.1;
    expect(float).toBe(5);
    // @ts-expect-error a literal is no amount
    expect(majorText(5, usd)).toBe("0.05");
    expect(() => minor(0.5)).toThrow("not an amount");
    expect(() => minor(2 ** 53)).toThrow("not an amount");
    expect(() => sum([minor(Number.MAX_SAFE_INTEGER), minor(1)])).toThrow("not an amount");
    expect(Object.is(minor(-0), 0)).toBe(true);
    expect(subtract(half, half)).toBe(ZERO);
  });

  it("has Stripe's smallest charge where there is one", () => {
    expect(["usd", "gbp", "jpy", "huf", "dkk", "mxn"].map((code) => smallestCharge(currency(code)))).toEqual([50, 30, 50, 17_500, 250, 1000]);
    expect(smallestCharge(currency("isk"))).toBe(null);
  });
});

describe("shares", () => {
  it("add up to what was shared, whatever the weights", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), fc.array(fc.integer({ min: 0, max: 999_999_999_999 }), { minLength: 1, maxLength: 20 }), (total, weights) => {
        const parts = shareOut(minor(total), weights);
        expect(sum(parts)).toBe(total);
        expect(parts.every((part) => part >= 0)).toBe(true);
      }),
    );
    expect(shareOut(minor(100), [1, 1, 1])).toEqual([33, 33, 34]);
    expect(shareOut(minor(5), [])).toEqual([]);
    expect(shareOut(minor(5), [0, 0])).toEqual([0, 5]);
  });

  it("are estimated to the nearest unit", () => {
    expect(estimate(minor(2000), 0.0123)).toBe(25);
    expect(estimate(minor(2000), -0.0123)).toBe(-25);
    expect(estimate(minor(0), -1)).toBe(0);
  });
});
