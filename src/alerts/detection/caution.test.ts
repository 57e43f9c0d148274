import { describe, expect, it } from "vitest";
import { closeDay, createCaution, farEnough, type Place } from "./caution.ts";
import { createRestless, fitRestless, learnQuarter } from "./restless.ts";

const ALPHA = 1e-6;
const at = (quarter: number, other = quarter): Place => ({ here: quarter, other });
/** A probability that is `far` times as far out as alpha, in logarithms. */
const out = (far: number): number => ALPHA ** far;

describe("caution", () => {
  it("lets a first finding pass, and a second; what is so far out time and again at one time of day is its habit", () => {
    const caution = createCaution();
    for (let day = 0; day < 2; day++) {
      expect(farEnough(caution, at(40), 10, out(2), ALPHA, true)).toBe(true);
      closeDay(caution);
    }
    expect(farEnough(caution, at(40), 10, out(2), ALPHA, true)).toBe(false);
    expect(farEnough(caution, at(41), 45, out(2), ALPHA, true)).toBe(false);
    expect(farEnough(caution, at(44), 10, out(2), ALPHA, true)).toBe(true);
    expect(farEnough(caution, at(40), 480, out(2), ALPHA, true)).toBe(true);
    // An outage is further out than any habit.
    expect(farEnough(caution, at(40), 10, out(3), ALPHA, true)).toBe(true);
  });
  it("knows the place by the clock before a change too", () => {
    const caution = createCaution();
    for (let day = 0; day < 2; day++) {
      farEnough(caution, at(40), 10, out(2), ALPHA, true);
      closeDay(caution);
    }
    expect(farEnough(caution, at(44, 40), 10, out(2), ALPHA, true)).toBe(false);
  });
  it("does not learn how far an outage goes, and forgets in four weeks", () => {
    const caution = createCaution();
    for (let day = 0; day < 3; day++) {
      farEnough(caution, at(40), 10, out(9), ALPHA, false);
      closeDay(caution);
    }
    expect(farEnough(caution, at(40), 10, out(1.1), ALPHA, true)).toBe(true);
    for (let day = 0; day < 2; day++) {
      farEnough(caution, at(60), 10, out(2), ALPHA, true);
      closeDay(caution);
    }
    for (let day = 0; day < 28; day++) closeDay(caution);
    expect(farEnough(caution, at(60), 10, out(1.1), ALPHA, true)).toBe(true);
  });
  it("is asked for all day where near misses come at any time", () => {
    const caution = createCaution();
    for (let day = 0; day < 2; day++) {
      expect(farEnough(caution, at(10 * day), 10, out(0.9), ALPHA, true)).toBe(false);
      closeDay(caution);
    }
    expect(farEnough(caution, at(90), 10, out(1.2), ALPHA, true)).toBe(false);
    expect(farEnough(caution, at(90), 10, out(1.4), ALPHA, true)).toBe(true);
  });
});

describe("restless quarters", () => {
  it("are those that fall short by more than the others", () => {
    const restless = createRestless();
    for (let day = 0; day < 20; day++) {
      for (let place = 0; place < 96; place++) {
        const ordinary = 1000 * (1 + 0.04 * Math.sin(day * 7 + place));
        learnQuarter(restless, place, place === 8 ? 1000 * (day % 2 === 0 ? 0.6 : 1.4) : ordinary, 1000, 1);
      }
      fitRestless(restless);
    }
    expect(restless.spread[8]).toBeGreaterThan(0.2);
    expect(Math.max(...restless.spread.filter((_, place) => place !== 8))).toBeLessThan(0.03);
  });
});
