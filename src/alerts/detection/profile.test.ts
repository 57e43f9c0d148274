import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginQuarter, createHistory, type History, MASK, maskQuarters, slot } from "./history.ts";
import { MONDAY } from "./made-up-traffic.ts";
import { CELLS, fitVolume, interpolate, type VolumeProfile } from "./profile.ts";
import { selectQuantile } from "./quantile.ts";
import { fitRates, PAYMENT_PRIOR } from "./rates.ts";

/** Quarters of whole weeks from a Monday; `count` gives attempts and failures of a quarter. */
function historyOf(weeks: number, count: (cell: number, week: number) => readonly [number, number]): History {
  const history = createHistory();
  const first = MONDAY / 900;
  for (let i = 0; i < weeks * CELLS; i++) {
    const cell = i % CELLS;
    beginQuarter(history, first + i, cell, Math.floor(i / 96));
    const at = slot(first + i);
    const [attempts, failed] = count(cell, Math.floor(i / CELLS));
    history.minutes[at] = 15;
    history.attempts[at] = attempts;
    history.failed[at] = failed;
  }
  history.next += 1;
  return history;
}

const shape = (cell: number): number => (cell >= 480 ? 60 : 100) * (1.2 + Math.sin(((cell % 96) / 96) * 2 * Math.PI));
const worstError = (profile: VolumeProfile, expected: (cell: number) => number): number =>
  Math.max(...Array.from({ length: CELLS }, (_, cell) => Math.abs(((profile.perMinute[cell] ?? 0) * 15) / expected(cell) - 1)));

describe("the week's profile", () => {
  it("learns a week that repeats", () => {
    expect(worstError(fitVolume(historyOf(5, (cell) => [shape(cell), 0]), 0.01), shape)).toBeLessThan(0.08);
  });
  it("is not poisoned by a promotion, a dead day, or both", () => {
    const odd = (cell: number, week: number): number => (week === 3 && cell < 96 ? 4 : week === 2 && cell >= 192 && cell < 288 ? 0 : 1) * shape(cell);
    expect(worstError(fitVolume(historyOf(5, (cell, week) => [odd(cell, week), 0]), 0.01), shape)).toBeLessThan(0.15);
  });
  it("knows what a quarter holds on its poorer days, where a batch ends now before it and now in it", () => {
    // Quarter 22 of the day: little on three days of five, five times as much on the others; every Wednesday much.
    const rich = (cell: number, week: number): boolean => cell < 480 && cell % 96 === 22 && (cell === 214 || (Math.floor(cell / 96) + week) % 5 === 0);
    const { low, perMinute } = fitVolume(historyOf(5, (cell, week) => [shape(cell) * (rich(cell, week) ? 5 : 1), 0]), 0.01);
    expect((perMinute[214] ?? 0) * 15).toBeGreaterThan(1.6 * shape(214));
    expect((low[214] ?? 0) * 15).toBeLessThan(1.5 * shape(214));
    expect(low[214]).toBeLessThan((perMinute[214] ?? 0) / 1.5);
    expect([...low].filter((value, cell) => value < Infinity && cell % 96 !== 22)).toEqual([]);
  });
  it("leaves masked quarters out and falls back on the shape of the other days", () => {
    const history = historyOf(3, (cell) => [cell < 96 ? 9 * shape(cell) : shape(cell), 0]);
    for (let week = 0; week < 3; week++) maskQuarters(history, MONDAY + week * 604_800, MONDAY + week * 604_800 + 86_400, MASK.spike);
    expect(worstError(fitVolume(history, 0.01), shape)).toBeLessThan(0.5);
  });
  it("follows growth, at most five per cent a week", () => {
    const grown = (rate: number) => fitVolume(historyOf(5, (cell, week) => [shape(cell) * rate ** (week + cell / CELLS), 0]), 0.01);
    expect(Math.exp(grown(1.03).growth)).toBeCloseTo(1.03, 2);
    expect(worstError(grown(1.03), (cell) => shape(cell) * 1.03 ** 5)).toBeLessThan(0.1);
    expect(grown(1.5).growth).toBeCloseTo(Math.log(1.05), 6);
  });
  it("keeps a step and joins a slope", () => {
    const cells = Float64Array.from([10, 10, 40, 50]);
    expect(interpolate(cells, 1, 0.99)).toBe(10);
    expect(interpolate(cells, 2, 0.9)).toBeCloseTo(44, 9);
  });
});

describe("the usual failure rate", () => {
  it("knows a nightly batch that fails more often, and is tolerant beside it", () => {
    const rates = fitRates(...columns(historyOf(4, (cell) => (cell % 96 >= 8 && cell % 96 < 12 ? [400, 60] : [100, 5]))), PAYMENT_PRIOR);
    expect(rates.usual[9]).toBeCloseTo(0.15, 2);
    expect(rates.usual[40]).toBeCloseTo(0.05, 2);
    expect(rates.tolerant[7]).toBeCloseTo(0.15, 2);
  });
  it("forgets an outage", () => {
    const rates = fitRates(...columns(historyOf(4, (cell, week) => (week === 3 && cell >= 40 && cell < 52 ? [100, 90] : [100, 5]))), PAYMENT_PRIOR);
    expect(rates.usual[44]).toBeLessThan(0.07);
  });
  it("starts from 8 %", () => {
    expect(fitRates(...columns(historyOf(1, () => [0, 0])), PAYMENT_PRIOR).store).toBeCloseTo(0.08, 9);
  });
});

const columns = (history: History): [History, Float64Array, Float64Array] => [history, history.attempts, history.failed];

it("the selected quantile is the sorted one", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const sorted = [...values].sort((a, b) => a - b);
      const rank = Math.min(values.length - 1, Math.max(0, Math.ceil(q * values.length) - 1));
      expect(selectQuantile(Float64Array.from(values), values.length, q)).toBe(sorted[rank]);
    }),
    { numRuns: 300, seed: 4 },
  );
});
