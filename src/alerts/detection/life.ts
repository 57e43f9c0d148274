// Opening, following and closing of alerts (DETECTION §6). At most one is open for each metric.

import { ADVICE, type Alert, type Evidence, type Kind, type Metric, type Resolution, type Severity, type Transition } from "./alert.ts";
import { causeAdvice } from "./explain.ts";
import { MASK, maskQuarters, QUARTER_SECONDS, unmaskQuarters } from "./history.ts";
import { type Surge, surgeOver } from "./judge.ts";
import { fitDaily } from "./observe.ts";
import { salesBack } from "./sale.ts";
import { between, endOf, oldest } from "./series.ts";
import type { DetectorState, OpenAlert } from "./state.ts";

/** Minutes in a row that must look over. */
const CALM_MINUTES = 10;
/** Held so long, a plausible state is the new normal. */
const ACCEPT_MINUTES = 6 * 1440;

export interface Proposal {
  readonly metric: Metric;
  readonly kind: Kind;
  readonly severity: Severity;
  readonly scope: Alert["scope"];
  readonly from: number;
  readonly why: string;
  readonly evidence: Evidence;
  readonly lossMinor: number | null;
  readonly usual: number;
  readonly excess: number;
  readonly sliceKey: string | null;
}

export function openAlert(state: DetectorState, proposal: Proposal, out: Transition[]): void {
  const { series } = state;
  const { metric, kind, severity, scope, why, evidence, lossMinor } = proposal;
  const firedAt = endOf(series, series.count) * 1000;
  const other = Object.values(state.open)[0];
  const alert: Alert = {
    id: `${metric}:${firedAt / 1000}`, metric, kind, severity, scope,
    startedAt: endOf(series, proposal.from) * 1000, firedAt, resolvedAt: null, resolution: null,
    why, advice: causeAdvice(scope) ?? ADVICE[kind], evidence, lossMinor, thread: other === undefined ? null : (other.alert.thread ?? other.alert.id),
  };
  state.open[metric] = {
    alert, from: proposal.from, fired: series.count, calm: 0, over: 0,
    usual: proposal.usual, excess: proposal.excess, worst: evidence.of === null ? 0 : evidence.seen / Math.max(1, evidence.of), sliceKey: proposal.sliceKey,
  };
  maskQuarters(state.history, endOf(series, proposal.from), endOf(series, series.count), MASK.alarm);
  out.push({ kind: "opened", alert });
}

const HABIT_TOLERANCE = 2400;
const DAY_SECONDS = 86_400;
const DIPS_KEPT = 8;

/**
 * The third dip in three days at the same time of day is no incident but a change of habit (a job that moved, a clock that changed):
 * it is not told again, and what was masked as alarm is learnt.
 */
export function dipIsHabit(state: DetectorState): boolean {
  const now = endOf(state.series, state.series.count);
  const at = (day: number): boolean => state.dips.some(({ from, until }) => now - day * DAY_SECONDS >= from - HABIT_TOLERANCE && now - day * DAY_SECONDS <= until + HABIT_TOLERANCE);
  const today = state.dips.at(-1);
  if (today !== undefined && now - today.until < 2 * HABIT_TOLERANCE) today.until = now;
  else state.dips = [...state.dips.slice(1 - DIPS_KEPT), { from: now, until: now }];
  // Both lasted as long as this one has so far: one that goes on is an outage, habit or not.
  if (!at(1) || !at(2)) return false;
  for (let day = 0; day <= 2; day++) unmaskQuarters(state.history, now - day * DAY_SECONDS - HABIT_TOLERANCE, now - day * DAY_SECONDS + HABIT_TOLERANCE, MASK.alarm);
  state.floors.revenue_dip = state.series.count;
  return true;
}

/** Replaces what an open alert says; tells when it got worse or is about something else. */
export function updateAlert(open: OpenAlert, change: Partial<Alert>, reason: "worse" | "scope", out: Transition[]): void {
  open.alert = { ...open.alert, ...change };
  out.push({ kind: "updated", alert: open.alert, reason });
}

export function resolveAlert(state: DetectorState, metric: Metric, resolution: Resolution, out: Transition[]): void {
  const open = state.open[metric];
  if (open === undefined) return;
  delete state.open[metric];
  const { series } = state;
  state.floors[metric] = series.count;
  if (metric === "revenue_dip" || metric === "card_testing") {
    const dip = state.dips.at(-1);
    if (dip !== undefined && metric === "revenue_dip" && resolution === "recovered") dip.until = Math.max(dip.until, endOf(series, series.count) - CALM_MINUTES * 60);
    // The level of the hours before is no measure for those after.
    state.volumeAlarmUntil = series.count;
    state.nearSeen = state.nearExpected = state.todaySeen = state.todayExpected = state.quickSeen = state.quickExpected = 0;
  }
  // Tests with stolen cards are small sales and many failures.
  if (metric === "card_testing") state.floors.payment_error = series.count;
  out.push({ kind: "resolved", alert: { ...open.alert, resolvedAt: endOf(series, series.count) * 1000, resolution } });
}

/** Counts calm minutes of every open alert, closes those that are over, accepts those that stay. */
export function followAlerts(state: DetectorState, out: Transition[]): void {
  for (const metric in state.open) {
    const open = state.open[metric as Metric];
    if (open === undefined) continue;
    open.calm = looksOver(state, open) ? open.calm + 1 : 0;
    if (open.calm >= CALM_MINUTES) resolveAlert(state, metric as Metric, "recovered", out);
    else if (state.series.count - open.from >= ACCEPT_MINUTES && couldBeNormal(state, open)) accept(state, open, out);
  }
}

/**
 * Evidence that it is over: a running log likelihood ratio, kept between none and a little more than enough, of "back to usual" against
 * "still a quarter of the way from what was found" (volume) or "half the way" (failures). One lucky minute says little, thirty say a lot.
 */
const ENOUGH = 6;
const MOST = 9;
const STEP_BACK_VOLUME = 0.25;
const STEP_BACK_FAILURES = 0.5;

function looksOver(state: DetectorState, open: OpenAlert): boolean {
  const { series } = state;
  const now = series.count;
  const from = Math.max(open.from, oldest(series));
  switch (open.alert.kind) {
    case "silent_checkout":
    case "fewer_attempts": {
      const share = open.usual + STEP_BACK_VOLUME * (1 - open.usual);
      const seen = between(series.sums.attempts, now - 1, now);
      return follow(open, -seen * Math.log(share) - between(series.sums.edge, now - 1, now) * (1 - share));
    }
    case "cheaper_sales":
      return salesBack(state.sales, series, from);
    case "failure_rate":
    case "card_testing":
      return follow(open, failureEvidence(open, series.sums.attempts, series.sums.failed, now, series.sums.failed.length - 1));
    case "slice_failing": {
      const slice = state.slices.slices.get(open.sliceKey ?? "");
      return slice === undefined || follow(open, failureEvidence(open, slice.tries, slice.failed, now, slice.wrap));
    }
    case "webhooks_failing":
      return follow(open, failureEvidence(open, series.sums.webhooks, series.sums.webhooksFailed, now, series.sums.webhooks.length - 1));
    case "webhooks_silent":
      return between(series.sums.webhooks, now - 10, now) > 0.5 * between(series.sums.expectedWebhooks, now - 10, now) && between(series.sums.webhooks, now - 10, now) > 0;
    case "revenue_spike":
    case "refund_surge":
    case "dispute_surge":
      return surgeOver(state, open.alert.kind satisfies Surge);
  }
}

function follow(open: OpenAlert, evidence: number): boolean {
  open.over = Math.max(0, Math.min(MOST, open.over + evidence));
  return open.over >= ENOUGH;
}

/** Of the newest minute's tries and failures. */
function failureEvidence(open: OpenAlert, tries: Float64Array, failed: Float64Array, now: number, wrap: number): number {
  const usual = Math.max(0.01, open.usual);
  const still = Math.min(0.95, usual + Math.max(0.02, STEP_BACK_FAILURES * open.excess));
  const lost = (failed[now & wrap] ?? 0) - (failed[(now - 1) & wrap] ?? 0);
  const tried = (tries[now & wrap] ?? 0) - (tries[(now - 1) & wrap] ?? 0);
  return lost * Math.log(usual / still) + (tried - lost) * Math.log((1 - usual) / (1 - still));
}

/** A store may lose half its volume for good, or have 30 % declined; one without payments, or with most of them failing, is broken however long. */
function couldBeNormal(state: DetectorState, open: OpenAlert): boolean {
  const { sums, count: now } = state.series;
  const from = Math.max(now - ACCEPT_MINUTES / 2, oldest(state.series));
  const share = (part: Float64Array, whole: Float64Array): number => between(part, from, now) / Math.max(1, between(whole, from, now));
  switch (open.alert.metric) {
    case "revenue_dip":
      return share(sums.attempts, sums.expected) > 0.25;
    case "payment_error":
    case "card_testing":
      return share(sums.failed, sums.attempts) < 0.35;
    case "webhook_failure":
      return share(sums.webhooksFailed, sums.webhooks) < 0.2;
    case "revenue_spike":
    case "refund_surge":
    case "dispute_surge":
      return true;
  }
  return true;
}

/** The changed level is the new normal: what was left out is learnt, what was before counts only by its shape. */
function accept(state: DetectorState, open: OpenAlert, out: Transition[]): void {
  const { series, history } = state;
  const from = Math.max(open.from, oldest(series));
  const startTs = endOf(series, from);
  const endTs = endOf(series, series.count);
  unmaskQuarters(history, startTs, endTs, MASK.alarm);
  switch (open.alert.metric) {
    case "revenue_dip":
      if (open.alert.kind !== "cheaper_sales") rescale(state, from, startTs);
      else state.sales.taken.fill(0);
      break;
    case "payment_error":
    case "card_testing":
      state.ratesSince = Math.floor(startTs / QUARTER_SECONDS);
      for (const slice of state.slices.slices.values()) if (open.sliceKey === `${slice.dimension}.${slice.value}`) slice.ratio *= 1 + open.excess / Math.max(0.001, open.usual);
      break;
    case "webhook_failure":
    case "revenue_spike":
    case "refund_surge":
    case "dispute_surge":
      break;
  }
  const { metric } = open.alert;
  open.alert = { ...open.alert, why: `${open.alert.why} It has been so for six days and is taken for the new normal from now on.` };
  resolveAlert(state, metric, "accepted", out);
  fitDaily(state, endTs);
}

function rescale(state: DetectorState, from: number, startTs: number): void {
  const { series, history } = state;
  const expected = between(series.sums.expected, from, series.count);
  const ratio = Math.max(0.01, between(series.sums.attempts, from, series.count) / Math.max(1, expected));
  for (let quarter = history.first; quarter < Math.floor(startTs / QUARTER_SECONDS); quarter++) {
    const at = quarter & (history.scale.length - 1);
    history.scale[at] = (history.scale[at] ?? 1) * ratio;
  }
}
