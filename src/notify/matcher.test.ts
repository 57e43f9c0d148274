import fc from "fast-check";
import { expect, it } from "vitest";
import { matches, matcherText, parseMatcher } from "./matcher.ts";

const labels = { rule: "check_sweep", subject: "ingest", severity: "WARNING" };

it.each([
  ["rule=check_sweep", true],
  ["rule=check_*", true],
  ["rule=*sweep", true],
  ["rule=c*k*p", true],
  ["rule=check_sweep*", true],
  ["rule=check_sweep_*", false],
  ["rule=check", false],
  ["severity!=CRITICAL", true],
  ["severity != WARNING", false],
  ["subject=payments|ingest", true],
  ["subject!=payments|ingest", false],
  ["currency=", true],
  ["currency=*", true],
  ["currency!=usd", true],
  ["currency=usd", false],
])("%s holds: %s", (text, holds) => {
  expect(matches([parseMatcher(text)], labels)).toBe(holds);
});

it("all must hold, and none at all match everything", () => {
  expect(matches([parseMatcher("rule=check_*"), parseMatcher("severity=CRITICAL")], labels)).toBe(false);
  expect(matches([], labels)).toBe(true);
});

it.each(["", "rule", "=x", "rule~x", "9rule=x", `rule=${"x".repeat(201)}`])("%j is no matcher", (text) => {
  expect(() => parseMatcher(text)).toThrow(/expected a matcher such as/);
});

it("reads back what it writes, and a text matches itself with any of its parts starred", () => {
  const value = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => /^[\w.:/ -]+$/.test(text) && text.trim() === text);
  fc.assert(
    fc.property(value, fc.nat(), fc.nat(), (text, from, to) => {
      const [start, end] = [from % (text.length + 1), to % (text.length + 1)].sort((one, other) => one - other) as [number, number];
      const matcher = parseMatcher(`rule=${text.slice(0, start)}*${text.slice(end)}`);
      expect(matches([matcher], { rule: text })).toBe(true);
      expect(parseMatcher(matcherText(matcher))).toEqual(matcher);
    }),
  );
});

it("takes no longer for a pattern made to take long", () => {
  const pattern = { label: "rule", op: "=", value: `${"a*".repeat(90)}b` } as const;
  expect(matches([pattern], { rule: "a".repeat(200) })).toBe(false);
});
