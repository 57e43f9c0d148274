// Fewer attempts than expected (DETECTION §5, "Revenue dip, volume part").

import { type Caution, farEnough, type Place } from "./caution.ts";
import { type Dispersion, phiOf } from "./dispersion.ts";
import { countAtMost } from "./negative-binomial.ts";
import { alphaOf, WINDOWS } from "./sensitivity.ts";
import { between, reachBack, type Series } from "./series.ts";

/** A window that is out: minutes from + 1 to the newest. */
export interface VolumeFinding {
  readonly from: number;
  readonly window: number;
  readonly seen: number;
  readonly expected: number;
  readonly phi: number;
  readonly probability: number;
  readonly alpha: number;
}

/** Over-dispersion against the week's profile (all windows), the level of the last hours (up to an hour) and of the last half hour (ten minutes). */
export interface VolumeModel {
  readonly usual: Dispersion;
  readonly near: Dispersion;
  readonly quick: Dispersion;
  readonly today: Dispersion;
  readonly caution: Caution;
  readonly place: Place;
  /** False while a dip is being told. */
  readonly learn: boolean;
  /** Minutes; a young shop is not judged by less than an hour. */
  readonly shortestWindow?: number;
}

export interface VolumeLimits {
  readonly budget: number;
  /** Drop that counts as a dip over an hour and more; ten points more under an hour. */
  readonly drop: number;
}

/** Two minutes are enough only for a checkout that is as good as dead: half of it gone for two minutes happens by itself. */
const DEAD_SHARE = 0.25;
/** Below so many expected attempts even none says nothing. */
const LEAST_EXPECTED = 6;
/** Cheap screen: no tail beyond it can be below alpha. */
const SCREEN = 2.5;
/** A level above the usual is hardly trusted: when a promotion ends, traffic falls by half and nothing is wrong. */
export const NEAR_HIGH = 1.15;
/** Deviations that the other measure must show. */
const LEANS_NEAR = 3;
const LEANS_USUAL = 1.8;
/** A dip against the near level must also be some dip against the usual one: the end of a promotion is none. */
const NEAR_KEEP_USUAL = 0.8;
/** Windows up to here are measured against the edge-tolerant profile. */
export const LONGEST_EDGE = 360;
/** Windows that are measured against the level of the last half day too. */
const LONGEST_TODAY = 240;
const FIRST_TODAY = WINDOWS.findIndex((window) => window >= 90);
export const NEAR_WINDOWS = WINDOWS.filter((window) => window <= 60);
export const TODAY_WINDOWS = WINDOWS.filter((window) => window >= 90 && window <= 240);
export const QUICK_WINDOWS = WINDOWS.filter((window) => window <= 10);

/**
 * The finding furthest below its alpha, or undefined; asked only while the store is down now (`stillDown`). `floor` is the earliest minute that may be looked back to,
 * `vague` the variance over mean by which the profile itself is uncertain today.
 */
export function findDip(series: Series, model: VolumeModel, limits: VolumeLimits, vague: number, floor: number): VolumeFinding | undefined {
  const now = series.count;
  const { budget } = limits;
  const shortest = model.shortestWindow ?? 0;
  const { attempts, edge, near, quick, today, restless, dip } = series.sums;
  let best: VolumeFinding | undefined;
  for (let index = 0; index < WINDOWS.length; index++) {
    const window = WINDOWS[index] ?? 0;
    const from = now - window;
    if (from < floor) break;
    if (window < shortest) continue;
    const usual = window <= LONGEST_EDGE ? between(edge, from, now) : longExpected(series, from);
    if (usual < LEAST_EXPECTED) continue;
    const seen = between(attempts, from, now);
    const keep = window === 2 ? DEAD_SHARE : 1 - limits.drop - (window < 60 ? 0.1 : 0);
    if (seen >= NEAR_HIGH * keep * usual || !lasts(series, from, keep)) continue;
    const clumps = model.usual.clump - 1 + vague;
    const shaky = (between(restless, from, now) / Math.max(1e-9, between(dip, from, now))) ** 2;
    const usualPhi = phiOf(model.usual, index, usual) + shaky + clumps / usual;
    const usualZ = deviations(seen, usual, usualPhi);
    if (window > 60) {
      if (seen < keep * usual && usualZ >= SCREEN) best = better(best, judgeLong(series, model, limits, from, index, vague));
      if (window > LONGEST_TODAY || seen >= NEAR_KEEP_USUAL * usual || usualZ < LEANS_USUAL) continue;
      const level = between(today, from, now);
      const levelPhi = phiOf(model.today, index - FIRST_TODAY, usual) + shaky + clumps / level;
      if (level >= LEAST_EXPECTED && seen < keep * level) best = better(best, judge(seen, level, levelPhi, deviations(seen, level, levelPhi), from, window, budget, model));
      continue;
    }
    // Up to an hour the week's profile and the level of the last hours must agree: one finds, the other at least leans to it.
    const close = between(near, from, now);
    const nearPhi = phiOf(model.near, index, usual) + shaky + clumps / close;
    const nearZ = deviations(seen, close, nearPhi);
    if (seen < keep * usual && nearZ > LEANS_NEAR) best = better(best, judge(seen, usual, usualPhi, usualZ, from, window, budget, model));
    if (seen >= NEAR_KEEP_USUAL * usual || usualZ < LEANS_USUAL) continue;
    if (close >= LEAST_EXPECTED && seen < keep * close) best = better(best, judge(seen, close, nearPhi, nearZ, from, window, budget, model));
    if (window > 10) continue;
    const last = between(quick, from, now);
    const quickPhi = phiOf(model.quick, index, usual) + shaky + clumps / last;
    if (last >= LEAST_EXPECTED && seen < keep * last) best = better(best, judge(seen, last, quickPhi, deviations(seen, last, quickPhi), from, window, budget, model));
  }
  return best;
}

/**
 * A night and a dead weekend are a long window that may hold little but the last minutes of Friday: it is judged as the short one it is worth, with that one's noise,
 * alpha and tolerance beside steps.
 */
function judgeLong(series: Series, model: VolumeModel, { budget, drop }: VolumeLimits, from: number, index: number, vague: number): VolumeFinding | undefined {
  const { attempts, dip, edge, restless } = series.sums;
  const now = series.count;
  const window = now - from;
  const middle = reachBack(dip, from, now, between(dip, from, now) / 2);
  const worth = 2 * Math.min(now - middle, middle - from);
  const at = worth >= window / 2 ? index : Math.max(0, WINDOWS.findIndex((length) => length >= worth));
  const length = WINDOWS[at] ?? window;
  const expected = length <= LONGEST_EDGE ? between(edge, from, now) : longExpected(series, from);
  const seen = between(attempts, from, now);
  if (expected < LEAST_EXPECTED || seen >= (1 - drop) * expected) return undefined;
  const phi = phiOf(model.usual, at, expected) + (between(restless, from, now) / Math.max(1e-9, between(dip, from, now))) ** 2 + (model.usual.clump - 1 + vague) / expected;
  const finding = judge(seen, expected, phi, deviations(seen, expected, phi), from, length, budget, model);
  return finding === undefined ? undefined : { ...finding, window };
}

/** Minutes at the end of a long window in which a batch may still be late. */
const LATE = 60;

function longExpected({ sums: { dip, edge }, count: now }: Series, from: number): number {
  return between(dip, from, now - LATE) + between(edge, now - LATE, now);
}

/** Windows in which one lost minute could make the whole dip: it must be one without its worst minute too. */
const BLIP_WINDOW = 7;

function lasts(series: Series, from: number, keep: number): boolean {
  const now = series.count;
  if (now - from > BLIP_WINDOW) return true;
  const { attempts, edge, near, quick } = series.sums;
  let worst = -Infinity;
  let without = 0;
  for (let minute = from + 1; minute <= now; minute++) {
    // Against the lowest of the levels: on a slow afternoon a blip is still a blip.
    const expected = Math.min(between(edge, minute - 1, minute), between(near, minute - 1, minute), between(quick, minute - 1, minute));
    const missing = keep * expected - between(attempts, minute - 1, minute);
    without += missing;
    worst = Math.max(worst, missing);
  }
  return without - worst > 0;
}

const deviations = (seen: number, expected: number, phi: number): number => (expected - seen) / Math.sqrt(expected + phi * expected * expected);

function judge(seen: number, expected: number, phi: number, z: number, from: number, window: number, budget: number, model: VolumeModel): VolumeFinding | undefined {
  if (z < SCREEN) return undefined;
  const probability = countAtMost(seen, expected, phi);
  const alpha = alphaOf(window, budget);
  return farEnough(model.caution, model.place, window, probability, alpha, model.learn) ? { from, window, seen, expected, phi, probability, alpha } : undefined;
}

const better = (best: VolumeFinding | undefined, other: VolumeFinding | undefined): VolumeFinding | undefined =>
  other === undefined || (best !== undefined && best.probability / best.alpha <= other.probability / other.alpha) ? best : other;

/** A long window may hold a dip that is over: the shortest one with eight expected attempts must be down too. */
export function stillDown(series: Series, floor: number): boolean {
  const { attempts, edge } = series.sums;
  const from = reachBack(edge, floor, series.count, 8);
  if (from < 0) return true;
  const expected = between(edge, from, series.count);
  const seen = between(attempts, from, series.count);
  return seen <= 0.75 * expected || (seen - expected) / Math.sqrt(expected) <= -1.5;
}
