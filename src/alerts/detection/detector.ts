// One store and currency, one closed minute at a time. Pure: no clock, no database, no randomness.

import { deserialize, serialize } from "node:v8";
import type { Alert, Metric, Transition } from "./alert.ts";
import { bucketFault, type MinuteBucket, type MinuteSlices } from "./bucket.ts";
import { calendarOf, publicHolidays, type SpecialDay } from "./calendar.ts";
import { type ExpectedStep, expectedSteps, type UsualFailures, usualFailures } from "./expectation.ts";
import { blankForecast, enterMinute, forecastMinute } from "./forecast.ts";
import { MASK, maskQuarters, QUARTER_SECONDS, slot } from "./history.ts";
import type { JudgeOptions } from "./judge.ts";
import { followAlerts, resolveAlert } from "./life.ts";
import { observeMinute, type Observer } from "./observe.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import { proposeAlerts, type VerdictOptions } from "./propose.ts";
import { FALSE_ALARM_BUDGET, type Sensitivity } from "./sensitivity.ts";
import { amendMinute, blankMinute, endOf, oldest } from "./series.ts";
import { createState, type DetectorState } from "./state.ts";
import { assertTimeZone } from "./zone.ts";

export interface DetectorConfig {
  /** IANA name; holidays and the week are the merchant's. */
  readonly timeZone: string;
  /** ISO code of the amounts; only for the words. */
  readonly currency?: string;
  readonly sensitivity?: Sensitivity;
  /** "DE", "US", "DE-BY": public holidays are taken from the library. */
  readonly country?: string;
  /** Own days, and holidays where `country` is not given. An own day wins over a public one. */
  readonly days?: readonly SpecialDay[];
  /** Share of the expected volume missing that counts as a dip; 0.3 unless given. Ten points more under an hour. */
  readonly drop?: number;
  /** Metrics that are judged; the four of the file format, refunds and disputes unless given. `revenue_spike` must be asked for. */
  readonly metrics?: readonly Metric[];
  /** Name of the webhook endpoint for the words. */
  readonly endpoint?: string;
}

export interface MinuteOptions {
  /** False: our own ingest was down, the minute says nothing about the store. It is neither judged nor learnt. */
  readonly observed?: boolean;
}

export interface Detector {
  /** Takes the next closed minute and gives what changed. Throws RangeError for a minute that is malformed or not the next. */
  push(bucket: MinuteBucket, slices?: MinuteSlices, options?: MinuteOptions): Transition[];
  /** Corrects a minute already taken (late events). Nothing opens or closes by it; the next minute is judged on the corrected past. False when too old. */
  amend(bucket: MinuteBucket): boolean;
  /** Open alerts, oldest first. */
  open(): Alert[];
  /** The user's word about an alert that is open or was: a promotion or a test is not learnt from; `dismiss` closes it. */
  markExpected(fromMs: number, untilMs: number): void;
  dismiss(metric: Metric): Transition[];
  /** What can be seen at this store's size. */
  outlook(): Outlook;
  /** What is usual, past or future, in steps of whole minutes; null before there is a profile. One step of a whole day has the band of a day. */
  expected(fromMs: number, stepMinutes: number, steps: number): ExpectedStep[] | null;
  /** Usual failures among what was tried in the last hours; null while learning. */
  usualFailures(what: "payments" | "webhooks", fromMs: number, untilMs: number): UsualFailures | null;
  /** Epoch milliseconds up to which minutes have been taken; null before the first. */
  until(): number | null;
  /** All state as bytes, for `createDetector(config, bytes)`. About 5 MB; rebuilding from 35 days of buckets gives the same. */
  snapshot(): Uint8Array;
}

const DEFAULT_METRICS: readonly Metric[] = ["revenue_dip", "payment_error", "webhook_failure", "card_testing", "refund_surge", "dispute_surge"];
/** Years around the data for which holidays are listed. */
const HOLIDAY_YEARS = Array.from({ length: 30 }, (_, index) => 2015 + index);

/** Throws RangeError for an unknown time zone or country. `snapshot` of another version is refused: rebuild from history. */
export function createDetector(config: DetectorConfig, snapshot?: Uint8Array): Detector {
  assertTimeZone(config.timeZone);
  const state = snapshot === undefined ? createState() : restore(snapshot);
  const holidays = config.country === undefined ? [] : publicHolidays(config.country, HOLIDAY_YEARS);
  const observer: Observer = {
    timeZone: config.timeZone, calendar: calendarOf([...holidays, ...(config.days ?? [])]), forecast: blankForecast(), values: blankMinute(),
  };
  const judging: JudgeOptions = { budget: FALSE_ALARM_BUDGET[config.sensitivity ?? "normal"], drop: config.drop ?? 0.3 };
  const verdicts: VerdictOptions = { ...judging, currency: config.currency ?? "EUR", endpoint: config.endpoint ?? null, metrics: new Set(config.metrics ?? DEFAULT_METRICS) };

  return {
    push(bucket, slices, options) {
      const { series } = state;
      const fault = bucketFault(bucket, series.count === 0 ? undefined : endOf(series, series.count) - 60);
      if (fault !== undefined) throw new RangeError(fault);
      const judged = observeMinute(state, observer, bucket, slices, options?.observed ?? true);
      const out: Transition[] = [];
      if (!judged) return out;
      followAlerts(state, out);
      proposeAlerts(state, verdicts, out);
      return out;
    },
    amend: (bucket) => amend(state, observer, bucket),
    open: () => Object.values(state.open).map((open) => open.alert).sort((a, b) => a.firedAt - b.firedAt),
    markExpected(fromMs, untilMs) {
      maskQuarters(state.history, fromMs / 1000, untilMs / 1000, MASK.expected);
    },
    dismiss(metric) {
      const out: Transition[] = [];
      resolveAlert(state, metric, "dismissed", out);
      return out;
    },
    outlook: () => outlookOf(state, judging),
    expected: (fromMs, stepMinutes, steps) => expectedSteps(state, observer, fromMs, stepMinutes, steps),
    usualFailures: (what, fromMs, untilMs) => usualFailures(state, what, fromMs, untilMs),
    until: () => (state.series.count === 0 ? null : endOf(state.series, state.series.count) * 1000),
    snapshot: () => serialize(state),
  };
}

function restore(snapshot: Uint8Array): DetectorState {
  const state = deserialize(snapshot) as DetectorState;
  if (state.version !== createState().version) throw new RangeError(`snapshot version ${String(state.version)} cannot be read; rebuild from history`);
  return state;
}

function amend(state: DetectorState, observer: Observer, bucket: MinuteBucket): boolean {
  const fault = bucketFault(bucket, undefined);
  if (fault !== undefined) throw new RangeError(fault);
  const { series, history } = state;
  const minute = (bucket.ts - series.firstTs) / 60 + 1;
  if (minute <= oldest(series) || minute > series.count) return false;
  // The forecast of that minute needs its own local time; the newest minute's is put back after it.
  const kept = { day: state.day, dayKind: state.dayKind, span: state.span };
  enterMinute(state, observer.calendar, observer.timeZone, bucket.ts);
  forecastMinute(state, bucket.ts, observer.forecast);
  const { dayKind } = state;
  Object.assign(state, kept);
  // What came in on a day of maintenance says nothing, late or not.
  if (dayKind === "maintenance") return true;
  const { sums } = series;
  const wrap = sums.attempts.length - 1;
  const had = (name: keyof typeof sums): number => (sums[name][minute & wrap] ?? 0) - (sums[name][(minute - 1) & wrap] ?? 0);
  const webhooks = bucket.webhook_ok + bucket.webhook_failed;
  const change = {
    attempts: bucket.attempts - had("attempts"), failed: bucket.failed - had("failed"), succeeded: bucket.succeeded - had("succeeded"),
    revenue: bucket.revenue_minor - had("revenue"), webhooks: webhooks - had("webhooks"), webhooksFailed: bucket.webhook_failed - had("webhooksFailed"),
    refunds: (bucket.refunds ?? 0) - had("refunds"), disputes: (bucket.disputes ?? 0) - had("disputes"),
  };
  amendMinute(series, minute, {
    ...change,
    expectedFailed: observer.forecast.failureRate * change.attempts,
    expectedRevenue: observer.forecast.meanSale * change.succeeded,
    expectedWebhooks: state.webhooksPerAttempt * change.attempts,
    expectedWebhooksFailed: observer.forecast.webhookRate * change.webhooks,
    webhookTroubles: (bucket.webhook_failed > 0 ? 1 : 0) - had("webhookTroubles"),
  });
  const at = slot(Math.floor(bucket.ts / QUARTER_SECONDS));
  for (const name of ["attempts", "failed", "succeeded", "revenue", "webhooks", "webhooksFailed", "refunds", "disputes"] as const) {
    history[name][at] = (history[name][at] ?? 0) + change[name];
  }
  return true;
}
