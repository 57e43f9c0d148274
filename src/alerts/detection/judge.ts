// Runs the tests on the newest minute. Finds; does not open or close anything.

import type { Metric } from "./alert.ts";
import type { Place } from "./caution.ts";
import { noteMost } from "./daily-most.ts";
import { type FailureFinding, type FailureModel, failuresOver, type FailureSums, findFailures, paymentGate, webhookGate } from "./failing.ts";
import { QUARTERS_A_DAY } from "./history.ts";
import { countAtLeast, countAtMost } from "./negative-binomial.ts";
import type { RateProfile } from "./rates.ts";
import { findCheapSales, type SaleFinding } from "./sale.ts";
import { alphaOf, WINDOWS } from "./sensitivity.ts";
import { between, endOf, MINUTES, oldest, type Series } from "./series.ts";
import { findFailingSlices, type SliceFinding } from "./slices.ts";
import { type DetectorState, daysSeen } from "./state.ts";
import { findDip, stillDown, TODAY_WINDOWS, type VolumeFinding, type VolumeModel } from "./volume.ts";
import { DAY, quarterOfWeek } from "./zone.ts";

/** Days until every weekday has been seen; days until the ordinary tests run. DETECTION §7 "learning". */
const FIRST_WEEK = 8;
export const LEARNING_DAYS = 14;
const WIDE_PHI = 0.1;
/** Minutes into a dip in which how far out it goes still tells of a gap that may come again. */
const GAP_MINUTES = 20;
/** Share of the usual deliveries up to which an endpoint hears nothing. */
const SILENT_SHARE = 0.1;
/** Seconds for which the time of day before a clock change still counts. */
const CLOCK_REMEMBERED = 28 * DAY;
const WIDE_WEIGHT = 20;
const LONGEST_RATE_WINDOW = 2880;
const WEBHOOK_WEIGHT = 60;
/** Failing minutes that make a failing endpoint; a deploy's blip has one or two, and Stripe's retries heal it. */
const WEBHOOK_MINUTES = 3;

export interface JudgeOptions {
  readonly budget: number;
  /** Drop that counts as a dip over an hour and more; ten points more under an hour. */
  readonly drop: number;
}

export const paymentSums = (series: Series): FailureSums => ({
  tries: series.sums.attempts, failed: series.sums.failed, expected: series.sums.expectedFailed, wrap: MINUTES - 1,
});
export const webhookSums = (series: Series): FailureSums => ({
  tries: series.sums.webhooks, failed: series.sums.webhooksFailed, expected: series.sums.expectedWebhooksFailed, wrap: MINUTES - 1,
});

export const floorOf = (state: DetectorState, metric: Metric): number => Math.max(oldest(state.series), state.floors[metric] ?? 0);

const learning = (state: DetectorState): boolean => daysSeen(state) < LEARNING_DAYS;

export function judgeVolume(state: DetectorState, options: JudgeOptions): VolumeFinding | undefined {
  const floor = floorOf(state, "revenue_dip");
  // Most minutes end here: what is not down now is no news, whatever the windows hold.
  if (daysSeen(state) < FIRST_WEEK || !stillDown(state.series, floor)) return undefined;
  return findDip(state.series, learning(state) ? wideModel(state) : volumeModel(state), options, state.vague, floor);
}

const volumeModel = (state: DetectorState): VolumeModel => ({
  usual: state.usual, near: state.near, quick: state.quick, today: state.today, caution: state.caution, place: placeOf(state), learn: state.open.revenue_dip === undefined || state.series.count - state.open.revenue_dip.fired <= GAP_MINUTES,
});

/** After a clock change both clocks' place counts, as long as the past is from before it. */
function placeOf(state: DetectorState): Place {
  const ts = endOf(state.series, state.series.count) - 60;
  const { span } = state;
  const here = quarterOfWeek(ts + (span?.offset ?? 0)) % QUARTERS_A_DAY;
  return { here, other: span === null || ts - span.from > CLOCK_REMEMBERED ? here : quarterOfWeek(ts + span.before) % QUARTERS_A_DAY };
}

/** While the shop is new: at least wide bands, and windows of at least an hour. */
function wideModel(state: DetectorState): VolumeModel {
  const wide = { ...state.usual, phi: state.usual.phi.map((phi) => Math.max(phi, WIDE_PHI)) };
  return { ...volumeModel(state), usual: wide, near: wide, quick: wide, today: { ...wide, windows: TODAY_WINDOWS }, shortestWindow: 60 };
}

export function judgeSales(state: DetectorState, options: JudgeOptions): SaleFinding | undefined {
  return learning(state) ? undefined : findCheapSales(state.sales, state.series, options.budget, floorOf(state, "revenue_dip"));
}

/** Weight of a usual rate in attempts: how well it is known and how much it varies. */
const weightOf = (rates: RateProfile | null, young: boolean): number =>
  rates === null ? WIDE_WEIGHT : Math.min(young ? WIDE_WEIGHT : Infinity, 1 / (rates.rho + 1 / rates.evidence));

export function judgePayments(state: DetectorState, options: JudgeOptions, floor = floorOf(state, "payment_error")): FailureFinding | undefined {
  const young = learning(state);
  const sums = paymentSums(state.series);
  const now = state.series.count;
  const finding = findFailures(sums, now, floor, {
    shared: 1, budget: options.budget, leastFailed: 4, gate: paymentGate, restless: { rho: state.rates?.rho ?? 0.01, most: 0.2 },
    longestWindow: LONGEST_RATE_WINDOW, shortestWindow: young ? 60 : 2, weight: weightOf(state.rates, young), own: ownFailures(state, 0),
  });
  return finding !== undefined && goesOn(sums, now, floor, finding) ? finding : undefined;
}

/** Judged at this minute and the one before: a single bad minute is a blip. */
function goesOn(sums: FailureSums, now: number, floor: number, finding: FailureFinding): boolean {
  const excess = finding.failed / finding.tries - finding.usual;
  return failuresOver(sums, now, floor, 10, finding.usual, excess) !== true && failuresOver(sums, now - 1, floor, 10, finding.usual, excess) !== true;
}

export function judgeSlices(state: DetectorState, options: JudgeOptions, floor = floorOf(state, "payment_error")): SliceFinding[] {
  if (learning(state) || state.slices.slices.size === 0) return [];
  const { series } = state;
  const now = series.count;
  return findFailingSlices(state.slices, now, floor, options.budget, 2, (window) => {
    const from = Math.max(floor, now - window);
    return between(series.sums.failed, from, now) - between(series.sums.expectedFailed, from, now);
  }, ownFailures(state, 1));
}

/** While an alert is open what is seen is no measure of ordinary days. */
function ownFailures(state: DetectorState, kind: 0 | 1): NonNullable<FailureModel["own"]> {
  const open = state.open.payment_error !== undefined || state.open.card_testing !== undefined;
  return { asked: state.failureMost.asked[kind] ?? 1, note: (far) => (open ? undefined : noteMost(state.failureMost, kind, far)) };
}

/** Minutes before an attack that show the level it came on top of. */
const LEVEL_BEFORE = 60;

/**
 * Far more attempts than forecast, nearly all of the excess fails, and the usual sales go on: cards are being tested.
 * An outage during which customers try again has few sales left, a busy night was busy before.
 */
export function looksLikeCardTesting(state: DetectorState, from: number): boolean {
  const { sums, count: now } = state.series;
  if (state.volume === null) return false;
  const before = Math.max(oldest(state.series), from - LEVEL_BEFORE);
  const level = Math.max(1, (between(sums.attempts, before, from) + 3) / (between(sums.expected, before, from) + 3));
  const attempts = between(sums.attempts, from, now);
  const expected = level * between(sums.expected, from, now);
  const failed = between(sums.failed, from, now);
  const rate = attempts === 0 ? 0 : between(sums.expectedFailed, from, now) / attempts;
  const phi = Math.max(0.03, state.usual.phi[Math.max(0, WINDOWS.findIndex((window) => window >= now - from))] ?? 0.05);
  const excess = attempts - expected;
  if (excess < Math.max(6, 0.3 * expected) || excess <= 3 * Math.sqrt(expected * state.usual.clump + phi * expected * expected)) return false;
  const sales = expected * (1 - rate);
  return failed - rate * expected > 0.7 * excess && attempts - failed >= 0.7 * sales - 1.5 * Math.sqrt(sales);
}

export function judgeWebhooks(state: DetectorState, options: JudgeOptions): FailureFinding | undefined {
  const sums = webhookSums(state.series);
  const { count: now } = state.series;
  const floor = floorOf(state, "webhook_failure");
  const finding = findFailures(sums, now, floor, {
    shared: 1, budget: options.budget, leastFailed: 3, gate: webhookGate, longestWindow: LONGEST_RATE_WINDOW, shortestWindow: 2, weight: WEBHOOK_WEIGHT,
  });
  if (finding === undefined || between(state.series.sums.webhookTroubles, finding.from, now) < WEBHOOK_MINUTES) return undefined;
  return goesOn(sums, now, floor, finding) ? finding : undefined;
}

export interface CountFinding { readonly from: number; readonly window: number; readonly seen: number; readonly expected: number; readonly phi: number; readonly probability: number; readonly alpha: number }

/** Payments go on, but hardly any of the deliveries they usually bring. */
export function judgeWebhookSilence(state: DetectorState, options: JudgeOptions): CountFinding | undefined {
  if (state.webhooksPerAttempt === 0 || learning(state)) return undefined;
  const { sums, count: now } = state.series;
  // Some arrive this minute: whatever there was is over, or comes back the next.
  if (between(sums.webhooks, now - 1, now) > SILENT_SHARE * between(sums.expectedWebhooks, now - 1, now)) return undefined;
  const floor = floorOf(state, "webhook_failure");
  for (const window of WINDOWS) {
    const from = now - window;
    if (from < floor || window > LONGEST_RATE_WINDOW) return undefined;
    if (window < 5) continue;
    const expected = between(sums.expectedWebhooks, from, now);
    const seen = between(sums.webhooks, from, now);
    if (expected < 20 || seen > SILENT_SHARE * expected) continue;
    const probability = countAtMost(seen, expected, WIDE_PHI);
    const alpha = alphaOf(window, options.budget);
    if (probability < alpha) return { from, window, seen, expected, phi: WIDE_PHI, probability, alpha };
  }
  return undefined;
}

const SURGES = {
  revenue_spike: { seen: "attempts", expected: "expected", times: 2.5, least: 20, shortest: 15 },
  refund_surge: { seen: "refunds", expected: "expectedRefunds", times: 2, least: 4, shortest: 60 },
  dispute_surge: { seen: "disputes", expected: "expectedDisputes", times: 2, least: 3, shortest: 240 },
} as const;
export type Surge = keyof typeof SURGES;

/** So many times the second largest heap of four weeks; and how far an alarm itself counts. */
export const HEAP_MARGIN = 1.5;
const HEAP_NOTED = 1.2;

/** Days after which it is known how many refunds a sale brings, so that heaps can be measured. */
const HEAP_DAYS = 3;
/** Cardholders object weeks after they paid: until then the rate of disputes only rises. */
const DISPUTE_DAYS = 28;

/** Far more of something than its share of the forecast volume. */
export function judgeSurge(state: DetectorState, surge: Surge, options: JudgeOptions): CountFinding | undefined {
  if (daysSeen(state) < HEAP_DAYS) return undefined;
  const { seen: seenColumn, times, least, shortest } = SURGES[surge];
  const { sums, count: now } = state.series;
  if (between(sums[seenColumn], now - 1, now) === 0) return undefined;
  const floor = floorOf(state, surge);
  const quiet = learning(state) || (surge === "dispute_surge" && daysSeen(state) < DISPUTE_DAYS);
  let found: CountFinding | undefined;
  for (let index = 0; index < WINDOWS.length; index++) {
    const window = WINDOWS[index] ?? 0;
    const from = now - window;
    if (from < floor) break;
    if (window < shortest) continue;
    const seen = between(sums[seenColumn], from, now);
    const expected = surgeExpected(state, surge, from);
    const own = ownHeaps(state, surge, index, seen / expected);
    if (found !== undefined || quiet || seen < least || seen < Math.max(times, own) * expected) continue;
    const phi = surge === "revenue_spike" ? 0.1 : 0.05;
    const probability = countAtLeast(seen, expected, phi);
    const alpha = alphaOf(window, options.budget);
    if (probability < alpha) found = { from, window, seen, expected, phi, probability, alpha };
  }
  return found;
}

/** Refunds are made by hand in heaps, disputes come once a day from the banks: what a window holds is held against what the same window held at most on the days of the last weeks. */
function ownHeaps(state: DetectorState, surge: Surge, window: number, times: number): number {
  if (surge === "revenue_spike") return 0;
  const kind = (surge === "refund_surge" ? 0 : WINDOWS.length) + window;
  const asked = state.surgeMost.asked[kind] ?? 0;
  noteMost(state.surgeMost, kind, asked === 0 ? times : Math.min(times, HEAP_NOTED * asked));
  return asked;
}

/** Expected attempts below which a few more say nothing about refunds. */
const SOLD_LEAST = 20;

/** A promotion brings more of them: what the sales themselves let expect counts where it is more. Knowing a rare event's rate from four weeks: at least half an event is expected of any window. */
function surgeExpected(state: DetectorState, surge: Surge, from: number): number {
  const { sums, count: now } = state.series;
  const perAttempt = surge === "refund_surge" ? state.refundsPerAttempt : surge === "dispute_surge" ? state.disputesPerAttempt : 0;
  const usual = between(sums[SURGES[surge].expected], from, now);
  return Math.max(0.5, surge === "revenue_spike" ? usual : usual * soldBefore(state), perAttempt * between(sums.attempts, from, now));
}

/** Minutes over which sales bring their refunds and disputes. */
const SOLD_BEFORE = [1440, 4320, 10_080];

/** How far above the usual the last days were: the day after the billing of the month more is given back. */
function soldBefore(state: DetectorState): number {
  const { sums, count: now } = state.series;
  let most = 1;
  for (const minutes of SOLD_BEFORE) {
    const from = now - minutes;
    if (from < oldest(state.series)) break;
    const expected = between(sums.expected, from, now);
    if (expected >= SOLD_LEAST) most = Math.max(most, between(sums.attempts, from, now) / expected);
  }
  return most;
}

/** No longer above: the last hour (a day for what is counted in days) is below 1.5 times the expectation. */
export function surgeOver(state: DetectorState, surge: Surge): boolean {
  const { seen, shortest } = SURGES[surge];
  const { sums, count: now } = state.series;
  const from = Math.max(0, now - Math.max(60, shortest * 4));
  return between(sums[seen], from, now) <= 1 + 1.5 * surgeExpected(state, surge, from);
}
