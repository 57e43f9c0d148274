// What is expected of a minute before it closes.

import { type Calendar, HOLIDAY_SHARE } from "./calendar.ts";
import { interpolate } from "./profile.ts";
import type { DetectorState } from "./state.ts";
import { DAY, quarterOfWeek, zoneSpan } from "./zone.ts";

/** Days after a clock change for which traffic bound to UTC (cron jobs) is expected at either hour. */
const CLOCK_CHANGE_DAYS = 35;
const NEAR_LOW = 0.4;
const NEAR_HIGH = 2.5;
const WEEK_SECONDS = 7 * DAY;
const SUNDAY = 6;

export interface Forecast {
  expected: number;
  dip: number;
  near: number;
  failureRate: number;
  webhookRate: number;
  meanSale: number;
}

export const blankForecast = (): Forecast => ({ expected: 0, dip: 0, near: 0, failureRate: 0, webhookRate: 0, meanSale: 0 });

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
  into.failureRate = state.rates?.tolerant[place] ?? 0.08;
  into.webhookRate = state.webhookRates?.tolerant[place] ?? 0.002;
  into.meanSale = state.sales.byHour[hour % 24] ?? 0;
  if (state.volume === null) {
    into.expected = into.dip = into.near = 0;
    return;
  }
  const { perMinute, growth } = state.volume;
  const position = ((local % 900) / 60 + 0.5) / 15;
  const drift = growth === 0 ? 1 : Math.exp((growth * (ts - state.fittedAt)) / WEEK_SECONDS);
  const expected = interpolate(perMinute, cell, position) * drift;
  let dip = expected;
  if (state.span !== null && state.span.before !== offset && ts - state.span.from < CLOCK_CHANGE_DAYS * DAY) {
    const other = quarterOfWeek(ts + state.span.before);
    dip = Math.min(dip, interpolate(perMinute, other, position) * drift);
    into.failureRate = Math.max(into.failureRate, state.rates?.tolerant[other % 96] ?? 0);
  }
  if (state.dayKind === "holiday" || state.dayKind === "closed") {
    const sunday = SUNDAY * 96 + place;
    dip = Math.min(HOLIDAY_SHARE * dip, interpolate(perMinute, sunday, position) * drift);
  }
  into.expected = expected;
  into.dip = dip;
  into.near = dip * nearLevel(state);
}

/** Attempts over expectation in the last hours, the newest left out; shrunk to 1 by what a few hours usually vary. */
function nearLevel(state: DetectorState): number {
  const index = state.usual.windows.indexOf(240);
  const worth = 1 / Math.max(0.0025, state.usual.phi[index] ?? 0.02);
  const level = (state.nearSeen + worth) / (state.nearExpected + worth);
  return Math.max(NEAR_LOW, Math.min(NEAR_HIGH, level));
}
