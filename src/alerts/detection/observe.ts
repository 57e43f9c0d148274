// Takes in a closed minute: running sums, history, the near level, and once a local day the fits.

import type { Metric } from "./alert.ts";
import type { MinuteBucket, MinuteSlices } from "./bucket.ts";
import type { Calendar } from "./calendar.ts";
import { closeDay } from "./caution.ts";
import { clockUndecided, decideClock } from "./clock-change.ts";
import { closeMost } from "./daily-most.ts";
import { learnClumps, learnDispersion } from "./dispersion.ts";
import { enterMinute, type Forecast, forecastMinute } from "./forecast.ts";
import { beginQuarter, type History, learnable, MASK, maskQuarters, QUARTER_SECONDS, QUARTERS_A_DAY, slot, unmaskQuarters } from "./history.ts";
import { HEAP_MARGIN } from "./judge.ts";
import { bendQuarter, learnMinute, shapeIndex } from "./minute-shape.ts";
import { fitVolume } from "./profile.ts";
import { fitRates, PAYMENT_PRIOR, WEBHOOK_PRIOR } from "./rates.ts";
import { fitRestless, learnQuarter } from "./restless.ts";
import { fitSales, learnSales } from "./sale.ts";
import { appendMinute, between, type MinuteValues } from "./series.ts";
import { appendSlices, fitSlices } from "./slices.ts";
import { type DetectorState, daysSeen } from "./state.ts";
import { LONGEST_EDGE } from "./volume.ts";
import { DAY, quarterOfWeek, weekday } from "./zone.ts";

/** The near level looks at minutes at least so old: a window of an hour holds none of them. */
const NEAR_LAG = 60;
/** Time constant of the near level in minutes. */
const NEAR_FADE = Math.exp(-1 / 180);
/** Of the half day's level: a window of four hours holds none of it. */
const TODAY_LAG = 240;
const TODAY_FADE = Math.exp(-1 / 600);
const QUICK_LAG = 10;
const QUICK_FADE = Math.exp(-1 / 35);
/** Share of the average volume below which an hour is quiet. */
const QUIET = 0.4;
/** A finding about failures must be so much further out than the second nearest miss of four weeks, and how much that may ask. */
const FAILURE_MARGIN = 1.25;
const FAILURE_MOST = 2;
const SPIKE_RATIO = 1.5;
const SPIKE_DEVIATIONS = 4.5;
/** One sale in a dead night is no spike. */
const SPIKE_LEAST = 8;
/** Days before today on which the same time was a spike, after which it is the new normal. */
const SPIKE_DAYS = 4;

export interface Observer {
  readonly timeZone: string;
  readonly calendar: Calendar;
  /** Reused from minute to minute. */
  readonly forecast: Forecast;
  readonly values: MinuteValues;
}

/** A minute that says nothing: its counts must not stand beside an expectation of none, which would look like a surge. */
const unseen = (ts: number): MinuteBucket => ({ ts, attempts: 0, succeeded: 0, failed: 0, revenue_minor: 0, webhook_ok: 0, webhook_failed: 0 });

/** `heard` false: our own ingest was down, the minute says nothing; nor does one of a day of maintenance. Answers whether it is to be judged. */
export function observeMinute(state: DetectorState, observer: Observer, given: MinuteBucket, slices: MinuteSlices | undefined, heard: boolean): boolean {
  const { series, history } = state;
  const ts = given.ts;
  if (series.count === 0) series.firstTs = ts;
  const newDay = enterMinute(state, observer.calendar, observer.timeZone, ts);
  const observed = heard && state.dayKind !== "maintenance";
  const bucket = observed ? given : unseen(ts);
  if (newDay && series.count > 0) fitDaily(state, ts);
  const quarter = Math.floor(ts / QUARTER_SECONDS);
  if (quarter !== history.next) {
    if (history.next >= 0) closeQuarter(state);
    const local = ts + (state.span?.offset ?? 0);
    const cell = quarterOfWeek(local);
    beginQuarter(history, quarter, cell, state.day);
    bendQuarter(state.minutes, shapeIndex(cell, local) - (shapeIndex(cell, local) % 15));
    if (state.dayKind !== "usual") maskQuarters(history, ts, ts + 1, MASK.day);
  }
  forecastMinute(state, ts, observer.forecast);
  const alarm = anyOpen(state);
  if (alarm || !observed) maskQuarters(history, ts, ts + 1, MASK.alarm);
  const learn = observed && !alarm && state.dayKind === "usual";
  fillValues(state, observer, bucket, (history.cell[slot(quarter)] ?? 0) % QUARTERS_A_DAY, observed, learn);
  appendMinute(series, observer.values);
  appendSlices(state.slices, series.count, ts, observed ? slices : undefined, observer.forecast.failureRate, learn);
  remember(history, slot(quarter), observer.values);
  if (learn && state.volume !== null && daysSeen(state) >= 7 && !clockUndecided(state, ts)) learnMinute(state.minutes, observer.forecast.minute, bucket.attempts, observer.forecast.curve);
  followLevel(state);
  learnSales(state.sales, series, ts);
  return observed;
}

function anyOpen(state: DetectorState): boolean {
  for (const metric in state.open) if (state.open[metric as Metric] !== undefined) return true;
  return false;
}

function fillValues(state: DetectorState, { forecast, values }: Observer, bucket: MinuteBucket, place: number, observed: boolean, learn: boolean): void {
  const webhooks = bucket.webhook_ok + bucket.webhook_failed;
  const judged = observed ? 1 : 0;
  values.attempts = bucket.attempts;
  values.failed = bucket.failed;
  values.succeeded = bucket.succeeded;
  values.revenue = bucket.revenue_minor;
  values.webhooks = webhooks;
  values.webhooksFailed = bucket.webhook_failed;
  values.refunds = bucket.refunds ?? 0;
  values.disputes = bucket.disputes ?? 0;
  values.expected = forecast.expected * judged;
  values.dip = forecast.dip * judged;
  values.edge = forecast.edge * judged;
  values.near = forecast.near * judged;
  values.quick = forecast.quick * judged;
  values.today = forecast.today * judged;
  values.expectedFailed = forecast.failureRate * bucket.attempts;
  values.expectedRevenue = forecast.meanSale * bucket.succeeded;
  values.expectedTakings = forecast.meanSale * forecast.expected * (1 - forecast.failureRate);
  // They come hours and weeks after what was bought: at a quiet hour as many may be due as at any.
  const due = Math.max(forecast.expected, (state.volume?.attemptsADay ?? 0) / 1440) * judged;
  values.expectedRefunds = due * state.refundsPerAttempt;
  values.expectedDisputes = due * state.disputesPerAttempt;
  values.expectedWebhooks = bucket.attempts * state.webhooksPerAttempt;
  values.expectedWebhooksFailed = forecast.webhookRate * webhooks;
  values.webhookTroubles = bucket.webhook_failed > 0 ? 1 : 0;
  values.leftOut = learn ? 0 : 1;
  values.restless = values.dip * (state.restless.spread[place] ?? 0);
}

function remember(history: History, at: number, values: MinuteValues): void {
  history.minutes[at] = (history.minutes[at] ?? 0) + 1;
  history.attempts[at] = (history.attempts[at] ?? 0) + values.attempts;
  history.failed[at] = (history.failed[at] ?? 0) + values.failed;
  history.succeeded[at] = (history.succeeded[at] ?? 0) + values.succeeded;
  history.revenue[at] = (history.revenue[at] ?? 0) + values.revenue;
  history.webhooks[at] = (history.webhooks[at] ?? 0) + values.webhooks;
  history.webhooksFailed[at] = (history.webhooksFailed[at] ?? 0) + values.webhooksFailed;
  history.refunds[at] = (history.refunds[at] ?? 0) + values.refunds;
  history.disputes[at] = (history.disputes[at] ?? 0) + values.disputes;
  history.forecast[at] = (history.forecast[at] ?? 0) + values.expected;
}

function followLevel(state: DetectorState): void {
  // What is expected of a holiday is a guess: how it compares says nothing about the day after.
  if (state.dayKind !== "usual" || state.open.revenue_dip !== undefined || state.open.card_testing !== undefined) return;
  const { attempts, edge } = state.series.sums;
  const now = state.series.count;
  const far = now - NEAR_LAG;
  if (far >= 1 && far > state.volumeAlarmUntil) {
    state.nearSeen = state.nearSeen * NEAR_FADE + between(attempts, far - 1, far);
    state.nearExpected = state.nearExpected * NEAR_FADE + between(edge, far - 1, far);
  }
  const early = now - TODAY_LAG;
  if (early >= 1 && early > state.volumeAlarmUntil) {
    state.todaySeen = state.todaySeen * TODAY_FADE + between(attempts, early - 1, early);
    state.todayExpected = state.todayExpected * TODAY_FADE + between(edge, early - 1, early);
  }
  const close = now - QUICK_LAG;
  if (close >= 1 && close > state.volumeAlarmUntil) {
    state.quickSeen = state.quickSeen * QUICK_FADE + between(attempts, close - 1, close);
    state.quickExpected = state.quickExpected * QUICK_FADE + between(edge, close - 1, close);
  }
}

/** Hours far above the forecast are not learnt from, unless they come at the same time of day five days in a row. */
function closeQuarter(state: DetectorState): void {
  const { history } = state;
  if (daysSeen(state) < 7 || history.next - history.first < 4) return;
  const closed = slot(history.next);
  if (daysSeen(state) >= 15 && learnable(history, closed)) learnQuarter(state.restless, (history.cell[closed] ?? 0) % QUARTERS_A_DAY, history.attempts[closed] ?? 0, history.forecast[closed] ?? 0, state.usual.clump);
  let seen = 0;
  let expected = 0;
  for (let quarter = history.next - 3; quarter <= history.next; quarter++) {
    seen += history.attempts[slot(quarter)] ?? 0;
    expected += history.forecast[slot(quarter)] ?? 0;
  }
  const phi = state.usual.phi[state.usual.windows.indexOf(60)] ?? 0.02;
  if (seen <= SPIKE_RATIO * expected || seen - expected < SPIKE_LEAST || seen - expected <= SPIKE_DEVIATIONS * Math.sqrt(expected + phi * expected * expected)) return;
  const until = (history.next + 1) * QUARTER_SECONDS;
  maskQuarters(history, until - 4 * QUARTER_SECONDS, until, MASK.spike);
  for (let day = 1; day <= SPIKE_DAYS; day++) {
    const quarter = history.next - day * QUARTERS_A_DAY;
    if (quarter < history.first || ((history.mask[slot(quarter)] ?? 0) & MASK.spike) === 0) return;
  }
  for (let day = 0; day <= SPIKE_DAYS; day++) unmaskQuarters(history, until - day * DAY - 4 * QUARTER_SECONDS, until - day * DAY, MASK.spike);
}

/** At the first minute of a local day, from the days before it. */
export function fitDaily(state: DetectorState, ts: number): void {
  const { history } = state;
  learnYesterday(state, ts);
  closeDay(state.caution);
  closeMost(state.failureMost, FAILURE_MARGIN, 1, FAILURE_MOST);
  closeMost(state.surgeMost, HEAP_MARGIN, 0, Infinity);
  fitRestless(state.restless);
  // `next` is the quarter still filling; at midnight it is whole.
  history.next += 1;
  decideClock(state, ts, state.usual.phi[state.usual.windows.indexOf(15)] ?? 0.02);
  // While it is open which clock traffic keeps to, the days after the change would be learnt at the wrong hours.
  if (state.volume === null || !clockUndecided(state, ts)) state.volume = fitVolume(history, state.usual.phi[state.usual.windows.indexOf(60)] ?? 0.02);
  const today = weekday(state.day * DAY);
  state.vague = Math.max(state.volume.vague[today] ?? 1, state.volume.vague[(today + 6) % 7] ?? 1);
  for (const dispersion of [state.usual, state.near, state.quick, state.today]) dispersion.quietBelow = (QUIET * state.volume.attemptsADay) / 1440;
  state.rates = fitRates(history, history.attempts, history.failed, PAYMENT_PRIOR, state.ratesSince);
  state.webhookRates = fitRates(history, history.webhooks, history.webhooksFailed, WEBHOOK_PRIOR);
  const first = Math.max(history.first, history.next - 28 * QUARTERS_A_DAY);
  state.webhooksPerAttempt = perAttempt(history, history.webhooks, first);
  state.refundsPerAttempt = perAttempt(history, history.refunds, first);
  state.disputesPerAttempt = perAttempt(history, history.disputes, first);
  fitSales(state.sales, history);
  fitSlices(state.slices, state.rates);
  history.next -= 1;
  state.fittedAt = ts;
}

function perAttempt(history: History, column: Float64Array, first: number): number {
  let count = 0;
  let attempts = 0;
  for (let quarter = first; quarter < history.next; quarter++) {
    const at = slot(quarter);
    if (!learnable(history, at)) continue;
    count += column[at] ?? 0;
    attempts += history.attempts[at] ?? 0;
  }
  return attempts === 0 ? 0 : count / attempts;
}

/** Errors of yesterday's forecast, once the forecast knew each weekday twice. */
function learnYesterday(state: DetectorState, ts: number): void {
  const { series, history } = state;
  if (series.count < 1440 || daysSeen(state) < 15 || clockUndecided(state, ts - 1)) return;
  const copy = (sums: Float64Array): Float64Array => {
    const day = new Float64Array(1441);
    for (let minute = 0; minute <= 1440; minute++) day[minute] = between(sums, series.count - 1440, series.count - 1440 + minute);
    return day;
  };
  const leftOut = new Float64Array(1441);
  for (let minute = 0; minute < 1440; minute++) {
    const at = slot(Math.floor((ts - (1440 - minute) * 60) / QUARTER_SECONDS));
    leftOut[minute + 1] = (leftOut[minute] ?? 0) + (history.mask[at] === 0 ? 0 : 1);
  }
  const seen = copy(series.sums.attempts);
  learnDispersion(state.usual, seen, copy(series.sums.dip), leftOut, (window) => window > LONGEST_EDGE);
  learnDispersion(state.usual, seen, copy(series.sums.edge), leftOut, (window) => window <= LONGEST_EDGE);
  state.usual.day++;
  learnDispersion(state.near, seen, copy(series.sums.near), leftOut);
  state.near.day++;
  learnDispersion(state.quick, seen, copy(series.sums.quick), leftOut);
  state.quick.day++;
  learnClumps(state.usual, seen, copy(series.sums.edge), leftOut);
  learnDispersion(state.today, seen, copy(series.sums.today), leftOut);
  state.today.day++;
  state.near.clump = state.quick.clump = state.today.clump = state.usual.clump;
}
