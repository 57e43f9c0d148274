import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitsPattern } from "./pattern.ts";

describe("a pattern of event types", () => {
  it.each([
    ["charge.*", "charge.failed", true],
    ["charge.*", "charge.", true],
    ["*.failed", "charge.failed", true],
    ["c*e.f*d", "charge.failed", true],
    ["a*a", "a", false],
    ["ab*ba", "aba", false],
    ["charge.failed", "charge.failed", true],
    ["charge.failed", "charge-failed", false],
    ["**", "", true],
    ["*a*b*", "xxbxxa", false],
  ])("%s fits %s: %s", (pattern, text, fits) => {
    expect(fitsPattern(pattern, text)).toBe(fits);
  });

  it("fits as a regular expression would", () => {
    const letters = fc.array(fc.constantFrom("a", "b", ".", "*"), { maxLength: 8 }).map((parts) => parts.join(""));
    const texts = fc.array(fc.constantFrom("a", "b", "."), { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        return fitsPattern(pattern, text) === expression.test(text);
      }),
    );
  });

  it("takes no longer for a spiteful pattern", () => {
    // As a regular expression this one would not end before the test is given up.
    expect(fitsPattern(`${"*a".repeat(2000)}*z`, "a".repeat(5000))).toBe(false);
  });
});
