// What is expected of a minute before it closes.

import { type Calendar, HOLIDAY_SHARE } from "./calendar.ts";
import { clockUndecided, otherCell } from "./clock-change.ts";
import { bendOf, shapeIndex } from "./minute-shape.ts";
import { CELLS, interpolate, STEP, type VolumeProfile } from "./profile.ts";
import { ratePlace } from "./rates.ts";
import { between, oldest } from "./series.ts";
import type { DetectorState } from "./state.ts";
import { NEAR_HIGH } from "./volume.ts";
import { DAY, quarterOfWeek, zoneSpan } from "./zone.ts";

const NEAR_LOW = 0.4;
const WEEK_SECONDS = 7 * DAY;
const SUNDAY = 6;
/** Share of a usual day that even a quiet holiday keeps, minutes until a holiday's own level counts, and expected attempts that "nothing" is worth. */
const HOLIDAY_LEAST = 0.05;
const HOLIDAY_LAG = 60;
const HOLIDAY_WORTH = 20;

export interface Forecast {
  /** Attempts by the quarter's curve alone, for learning how minutes differ from it. */
  curve: number;
  /** Place in the minute shape. */
  minute: number;
  /** Attempts; the larger of both clocks after a change: what is above is above either. */
  expected: number;
  /** What a dip over many hours is measured against: the smaller of both clocks, a share on holidays. */
  dip: number;
  /** For shorter windows: beside a step of the profile the lower side, for batches and opening hours are not punctual to the minute. */
  edge: number;
  /** The same at the level of the last hours, and of the last half hour. */
  near: number;
  quick: number;
  /** At the level of the last half day. */
  today: number;
  failureRate: number;
  webhookRate: number;
  meanSale: number;
}

export const blankForecast = (): Forecast => ({ curve: 0, minute: 0, expected: 0, dip: 0, edge: 0, near: 0, quick: 0, today: 0, failureRate: 0, webhookRate: 0, meanSale: 0 });

/** Moves the state's local time to `ts`; true when a new local day has begun. */
export function enterMinute(state: DetectorState, calendar: Calendar, timeZone: string, ts: number): boolean {
  if (state.span === null || ts >= state.span.until || ts < state.span.from) state.span = zoneSpan(timeZone, ts);
  const day = Math.floor((ts + state.span.offset) / DAY);
  if (day === state.day) return false;
  state.day = day;
  state.dayKind = calendar.get(new Date(day * DAY * 1000).toISOString().slice(0, 10))?.kind ?? "usual";
  return true;
}

/** Fills `into` for the minute beginning at `ts`. */
export function forecastMinute(state: DetectorState, ts: number, into: Forecast): void {
  const offset = state.span?.offset ?? 0;
  const local = ts + offset;
  const cell = quarterOfWeek(local);
  const place = cell % 96;
  const hour = cell >> 2;
  into.failureRate = state.rates?.tolerant[ratePlace(cell)] ?? 0.08;
  into.webhookRate = state.webhookRates?.tolerant[ratePlace(cell)] ?? 0.002;
  into.meanSale = state.sales.byHour[hour % 24] ?? 0;
  into.minute = shapeIndex(cell, local);
  if (state.volume === null) {
    into.curve = into.expected = into.dip = into.edge = into.near = into.quick = into.today = 0;
    return;
  }
  const { perMinute, growth } = state.volume;
  const position = ((local % 900) / 60 + 0.5) / 15;
  const drift = growth === 0 ? 1 : Math.exp((growth * (ts - state.fittedAt)) / WEEK_SECONDS);
  into.curve = interpolate(perMinute, cell, position) * drift;
  let expected = into.curve * bendOf(state.minutes, into.minute, into.curve);
  let dip = expected * (state.volume.ease[hour] ?? 1);
  let edge = Math.min(dip, lowerSide(state.volume, cell) * drift);
  if (clockUndecided(state, ts)) {
    const other = otherCell(state, ts);
    const byOther = interpolate(perMinute, other, position) * drift;
    dip = Math.min(dip, byOther * (state.volume.ease[other >> 2] ?? 1));
    edge = Math.min(edge, dip, lowerSide(state.volume, other) * drift);
    expected = Math.max(expected, byOther);
    into.failureRate = Math.max(into.failureRate, state.rates?.tolerant[ratePlace(other)] ?? 0);
  }
  if (state.dayKind === "holiday" || state.dayKind === "closed") {
    const sunday = interpolate(perMinute, SUNDAY * 96 + place, position) * drift;
    dip = Math.max(Math.min(HOLIDAY_LEAST * dip, sunday / 2), Math.min(holidayLevel(state, ts, local) * dip, sunday));
    edge = Math.min(edge, dip, lowerSide(state.volume, SUNDAY * 96 + place) * drift);
  }
  into.expected = expected;
  into.dip = dip;
  into.edge = edge;
  const near = nearLevel(state);
  into.near = edge * near;
  into.today = edge * todayLevel(state);
  into.quick = edge * quickLevel(state, near);
}

/**
 * What this holiday has shown so far of a usual day's volume, the last hour left out: nobody knows beforehand whether the shop keeps a third, a tenth or
 * nothing. At most what a holiday is expected to keep.
 */
function holidayLevel(state: DetectorState, ts: number, local: number): number {
  const { sums, firstTs } = state.series;
  const minute = (ts - firstTs) / 60;
  const from = Math.max(minute - Math.floor((((local % DAY) + DAY) % DAY) / 60), oldest(state.series));
  const until = minute - HOLIDAY_LAG;
  if (until <= from) return 0;
  return Math.min(HOLIDAY_SHARE, between(sums.attempts, from, until) / (between(sums.expected, from, until) + HOLIDAY_WORTH));
}

/** The last half hour's level, leaning on the near one as much as half an hour usually varies. */
function quickLevel(state: DetectorState, near: number): number {
  const worth = 1 / Math.max(0.0025, state.near.phi[state.near.windows.indexOf(30)] ?? 0.02);
  return trusted((state.quickSeen + worth * near) / (state.quickExpected + worth));
}

/**
 * Where a neighbouring quarter is lower by a step, its level, and the one's behind it if that is a step further down; where the one behind is lower by far, that one's;
 * and where the quarter has often held far less, what it then held. Otherwise no bound.
 */
function lowerSide({ perMinute, low }: VolumeProfile, cell: number): number {
  return Math.min(low[cell] ?? Infinity, down(perMinute, cell, 1), down(perMinute, cell, -1));
}

/** A batch, not the slope of a day: half an hour from it to the step, what starts late may still be late. */
const CLIFF = 3;

function down(perMinute: Float64Array, cell: number, way: 1 | -1): number {
  const here = perMinute[cell] ?? 0;
  const next = perMinute[(cell + CELLS + way) % CELLS] ?? 0;
  const behind = perMinute[(cell + CELLS + 2 * way) % CELLS] ?? 0;
  if (here > behind * CLIFF && next > behind * STEP) return behind;
  if (here <= next * STEP) return Infinity;
  return next > behind * STEP ? behind : next;
}

/** Of the last half day, the last four hours left out; days vary more than what they tell of the next one's hours. */
function todayLevel(state: DetectorState): number {
  const worth = 1 / Math.max(0.0025, state.usual.phi[state.usual.windows.indexOf(720)] ?? 0.02);
  return trusted((state.todaySeen + worth) / (state.todayExpected + worth));
}

/** Far above the usual is something of its own, and its end no dip: the more so, the less it is trusted. */
const trusted = (level: number): number => Math.max(NEAR_LOW, level <= NEAR_HIGH ? level : Math.max(1, 2 * NEAR_HIGH - level));

/** Attempts over expectation in the last hours, the newest left out; shrunk to 1 by what a few hours usually vary. */
function nearLevel(state: DetectorState): number {
  const index = state.usual.windows.indexOf(240);
  const worth = 1 / Math.max(0.0025, state.usual.phi[index] ?? 0.02);
  return trusted((state.nearSeen + worth) / (state.nearExpected + worth));
}
