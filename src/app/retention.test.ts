import fc from "fast-check";
import { expect, it } from "vitest";
import { nextStep } from "./retention.ts";

it("a step of retention follows what the last one took, by halves, within its bounds", () => {
  expect(nextStep(100, 8)).toBe(100);
  expect(nextStep(100, 16)).toBe(50);
  expect(nextStep(100, 800)).toBe(50);
  expect(nextStep(100, 0)).toBe(150);
  expect(nextStep(10, 1000)).toBe(10);
  expect(nextStep(500, 1)).toBe(500);
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 500 }), fc.double({ min: 0, max: 1e6, noNaN: true }), (rows, tookMs) => {
      const next = nextStep(rows, tookMs);
      expect(Number.isInteger(next) && next >= 10 && next <= 500).toBe(true);
      expect(tookMs > 16 ? next <= rows : true).toBe(true);
    }),
  );
  // However slow a row is, and however many there are, a step comes to what is meant, or to the fewest.
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 10, noNaN: true }), (rowMs) => {
      let rows = 50;
      for (let round = 0; round < 40; round += 1) rows = nextStep(rows, rows * rowMs);
      expect(rows * rowMs <= 8 * 1.5 || rows === 10).toBe(true);
      expect(rows * rowMs >= 8 / 1.5 || rows === 500).toBe(true);
    }),
  );
});
