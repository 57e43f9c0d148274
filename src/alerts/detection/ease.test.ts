import { describe, expect, it } from "vitest";
import { closeMost, createDailyMost, noteMost } from "./daily-most.ts";
import type { DayTotal } from "./days.ts";
import { fitEase } from "./ease.ts";
import type { HourRecord } from "./hours.ts";

const HOUR = 34;
const record = (count: number, day: number, trust = 0.7): HourRecord => ({ cell: HOUR, day, count, share: 1, trust, weight: trust });
/** A fit of `expected` in each hour of the week, against what one hour held in each of the last weeks. */
const easeOf = (held: readonly number[], expected: number, trust?: number): number =>
  fitEase(held.map((count, week) => record(count, week * 7, trust)), new Map<number, DayTotal>(), new Float64Array(672).fill(expected / 60))[HOUR] ?? Number.NaN;

describe("what may be asked of an hour", () => {
  it("no more than the second poorest week held, after promotions in two of four", () => {
    expect(easeOf([1000, 3000, 1000, 3000], 2000)).toBeCloseTo(0.5, 1);
  });
  it("all of it where weeks agree, where one alone was poor, and where counts are small", () => {
    expect(easeOf([1000, 1100, 900, 1000], 1000)).toBe(1);
    expect(easeOf([100, 1000, 1000, 1000], 950)).toBe(1);
    expect(easeOf([4, 5, 9, 6], 7)).toBe(1);
  });
  it("an outage that was told does not lower it", () => {
    expect(easeOf([100, 100, 1000, 1000], 950, 0.1)).toBe(1);
  });
});

describe("the most of each day", () => {
  it("asks by the second largest of four weeks: one odd day is no habit, two are, and both are forgotten", () => {
    const most = createDailyMost(1, 1);
    const day = (value: number): number => {
      noteMost(most, 0, value);
      closeMost(most, 1.5, 1, 100);
      return most.asked[0] ?? Number.NaN;
    };
    expect(day(10)).toBe(1);
    expect(day(8)).toBe(12);
    for (let quiet = 0; quiet < 26; quiet++) day(0);
    expect(day(0)).toBe(1);
  });
});
