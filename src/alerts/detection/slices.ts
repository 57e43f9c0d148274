// The same failure test for each card brand, country, method or cause.

import type { MinuteSlices } from "./bucket.ts";
import { type FailureFinding, type FailureModel, failuresOver, type FailureSums, findFailures, paymentGate, sliceGate } from "./failing.ts";
import { selectQuantile } from "./quantile.ts";
import type { RateProfile } from "./rates.ts";

/** Minutes held; above the longest window a slice is tested with. */
const HELD = 4096;
const WRAP = HELD - 1;
const HOURS = 1024;
const HOURS_LEARNT = 28 * 24;
const HALF_LIFE_HOURS = 240;
const SHRINK = 60;
/** More are not followed: those with the least traffic are dropped at the daily fit. */
const MOST_SLICES = 64;
/** The dimension whose values share all attempts: why a payment failed. */
export const CAUSE = "cause";

export interface Slice extends FailureSums {
  readonly dimension: string;
  readonly value: string;
  readonly hourTries: Float64Array;
  readonly hourFailed: Float64Array;
  /** Failures expected of the slice at the store's rate. */
  readonly hourExpected: Float64Array;
  /** Failure rate of the slice over the store's. */
  ratio: number;
  rho: number;
  evidence: number;
}

export interface SliceFinding extends FailureFinding {
  readonly slice: Slice;
  /** Share of all extra failures that the slice explains. */
  readonly share: number;
}

export interface SliceBook {
  readonly slices: Map<string, Slice>;
  hour: number;
}

export const createSliceBook = (): SliceBook => ({ slices: new Map(), hour: -1 });

function createSlice(dimension: string, value: string): Slice {
  const ring = (length: number): Float64Array => new Float64Array(length);
  return {
    dimension, value, tries: ring(HELD), failed: ring(HELD), expected: ring(HELD), wrap: WRAP,
    hourTries: ring(HOURS), hourFailed: ring(HOURS), hourExpected: ring(HOURS), ratio: 1, rho: 0.01, evidence: SHRINK,
  };
}

/** `minute` is the series' number of the minute, `rate` the store's usual failure rate, `learn` whether the minute counts for learning. */
export function appendSlices(book: SliceBook, minute: number, ts: number, slices: MinuteSlices | undefined, rate: number, learn: boolean): void {
  const hour = Math.floor(ts / 3600);
  if (hour !== book.hour) {
    book.hour = hour;
    for (const slice of book.slices.values()) clearHour(slice, hour);
  }
  const at = minute & WRAP;
  const before = (minute - 1) & WRAP;
  for (const slice of book.slices.values()) {
    slice.tries[at] = slice.tries[before] ?? 0;
    slice.failed[at] = slice.failed[before] ?? 0;
    slice.expected[at] = slice.expected[before] ?? 0;
  }
  if (slices === undefined) return;
  for (const dimension in slices) {
    const values = slices[dimension];
    if (typeof values !== "object") continue;
    for (const value in values) {
      const pair = values[value];
      if (pair !== undefined && pair[0] > 0) add(book, `${dimension}.${value}`, dimension, value, pair, at, hour, rate, learn);
    }
  }
}

function add(book: SliceBook, key: string, dimension: string, value: string, pair: readonly [number, number], at: number, hour: number, rate: number, learn: boolean): void {
  let slice = book.slices.get(key);
  if (slice === undefined) {
    slice = createSlice(dimension, value);
    book.slices.set(key, slice);
  }
  const [tries, failed] = pair;
  slice.tries[at] = (slice.tries[at] ?? 0) + tries;
  slice.failed[at] = (slice.failed[at] ?? 0) + failed;
  slice.expected[at] = (slice.expected[at] ?? 0) + Math.min(0.9, rate * slice.ratio) * tries;
  if (!learn) return;
  const place = hour % HOURS;
  slice.hourTries[place] = (slice.hourTries[place] ?? 0) + tries;
  slice.hourFailed[place] = (slice.hourFailed[place] ?? 0) + failed;
  slice.hourExpected[place] = (slice.hourExpected[place] ?? 0) + rate * tries;
}

function clearHour(slice: Slice, hour: number): void {
  slice.hourTries[hour % HOURS] = slice.hourFailed[hour % HOURS] = slice.hourExpected[hour % HOURS] = 0;
}

/** Once a day: each slice's rate over the store's, outlying hours weighing less, shrunk to 1 with 60 attempts; and how much it varies. */
export function fitSlices(book: SliceBook, store: RateProfile): void {
  const volumes: [string, number][] = [];
  for (const [key, slice] of book.slices) {
    let ratio = slice.ratio;
    let tries = 0;
    for (let pass = 0; pass < 2; pass++) {
      let failed = SHRINK * store.store;
      let expected = SHRINK * store.store;
      tries = 0;
      for (let age = 1; age <= HOURS_LEARNT; age++) {
        const at = (book.hour - age + HOURS * 4) % HOURS;
        const tried = slice.hourTries[at] ?? 0;
        if (tried === 0) continue;
        const usual = (slice.hourExpected[at] ?? 0) * ratio;
        const distance = Math.abs((slice.hourFailed[at] ?? 0) - usual) / Math.sqrt(Math.max(0.2, usual) * (1 + tried * slice.rho));
        const weight = 0.5 ** (age / HALF_LIFE_HOURS) * (distance > 2.5 ? (2.5 / distance) ** 2 : 1);
        failed += weight * (slice.hourFailed[at] ?? 0);
        expected += weight * (slice.hourExpected[at] ?? 0);
        tries += weight * tried;
      }
      ratio = failed / expected;
    }
    slice.ratio = ratio;
    slice.evidence = tries + SHRINK;
    slice.rho = Math.max(store.rho, fitSliceRho(book, slice));
    volumes.push([key, tries]);
  }
  volumes.sort((a, b) => b[1] - a[1]);
  for (const [key, tries] of volumes.slice(MOST_SLICES)) if (tries >= 0) book.slices.delete(key);
}

function fitSliceRho(book: SliceBook, slice: Slice): number {
  const samples = new Float64Array(HOURS_LEARNT);
  let count = 0;
  let tries = 0;
  let failed = 0;
  let usual = 0;
  for (let age = HOURS_LEARNT; age >= 1; age--) {
    const at = (book.hour - age + HOURS * 4) % HOURS;
    tries += slice.hourTries[at] ?? 0;
    failed += slice.hourFailed[at] ?? 0;
    usual += (slice.hourExpected[at] ?? 0) * slice.ratio;
    if (tries < 20) continue;
    const variance = usual * Math.max(0.1, 1 - usual / tries);
    samples[count++] = ((failed - usual) ** 2 / (1.642 * variance) - 1) / (tries - 1);
    tries = failed = usual = 0;
  }
  if (count === 0) return 0.01;
  return Math.min(0.15, (count * selectQuantile(samples, count, 0.8) * 1.15 + 20 * 0.01) / (count + 20));
}

/** Slices that fail, the one that explains the largest share of the extra failures first. `extra` is the store's failures above the usual over a window. */
export function findFailingSlices(book: SliceBook, now: number, floor: number, budget: number, shortestWindow: number, extra: (window: number) => number, own?: FailureModel["own"]): SliceFinding[] {
  const found: SliceFinding[] = [];
  const from = Math.max(floor, now - WRAP + 1);
  const shared = Math.max(1, book.slices.size);
  for (const slice of book.slices.values()) {
    const finding = findFailures(slice, now, from, {
      shared, budget, leastFailed: 4, gate: slice.dimension === CAUSE ? paymentGate : sliceGate, restless: { rho: slice.rho, most: 0.3 },
      longestWindow: 2880, shortestWindow, weight: 1 / (slice.rho + 1 / slice.evidence), ...(own === undefined ? {} : { own }),
    });
    if (finding === undefined) continue;
    const excess = finding.failed / finding.tries - finding.usual;
    if (failuresOver(slice, now, from, 10, finding.usual, excess) === true || failuresOver(slice, now - 1, from, 10, finding.usual, excess) === true) continue;
    const share = (finding.failed - finding.usual * finding.tries) / Math.max(1, extra(finding.window));
    found.push({ ...finding, slice, share });
  }
  return found.sort((a, b) => b.share - a.share);
}
