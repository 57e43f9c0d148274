import { isoSeconds } from "../platform/index.ts";
import type { AlertEvidence, Stake } from "./alert.ts";
import { proveRateAbove, proveRevenueBelow } from "./evidence.ts";

/** The three literal rules. A count, a fraction (0.05 = 5 %), a fraction (−0.3 = thirty per cent less). */
export interface ProductionThresholds {
  readonly webhookFailures5m: number;
  readonly paymentErrorRate1h: number;
  readonly revenueChangeDoD: number;
  /** False: the thresholds alone decide, as in the older system. */
  readonly evidence: boolean;
}

export interface RevenueOfDay {
  /** ISO 4217, lower case. Amounts of different currencies are never added. */
  readonly currency: string;
  /** Captured since local midnight, minor units. */
  readonly today: number;
  readonly salesToday: number;
  /** Captured yesterday from local midnight to the same time of day, minor units. */
  readonly yesterday: number;
  readonly salesYesterday: number;
  /** Captured on the same weekday of last week until the same time of day; left out where it is not asked. */
  readonly lastWeek?: number;
  /** How uneven yesterday's sales were: E[x²] ÷ E[x]², 1 when all were equal. */
  readonly unevenness: number;
}

export interface ProductionInputs {
  readonly webhookFailures5m: number;
  /** Forged or unsigned requests: told, never counted as failures. */
  readonly webhookRejected5m: number;
  readonly attempted1h: number;
  readonly failed1h: number;
  readonly revenue: readonly RevenueOfDay[];
  /** Events stored and not yet in these figures. */
  readonly eventsBehind: number;
}

export type Severity = "OK" | "WARNING" | "CRITICAL";

/** Why a rule says what it says. */
export type Verdict =
  | { readonly kind: "ok" }
  /** Nothing happened that could be judged. */
  | { readonly kind: "no_data" }
  /** Figures that are not up to date cannot show that something is missing. */
  | { readonly kind: "behind" }
  /** Over the threshold, on too little to tell it from chance. */
  | { readonly kind: "not_proven" }
  | { readonly kind: "breach"; readonly severity: "WARNING" | "CRITICAL" };

export interface Judged {
  readonly verdict: Verdict;
  /** The literal number. */
  readonly value: number;
  /** What was seen, in words and numbers. */
  readonly summary: string;
  /** Better words than the rule's own, where a judgement has them. */
  readonly subject?: string;
  readonly title?: string;
  readonly details?: readonly string[];
  readonly todo?: readonly string[];
  readonly stake?: Stake | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly evidence?: AlertEvidence | null;
  /** When the trouble began, ms UTC. */
  readonly startedAt?: number;
}

export interface ProductionVerdicts {
  readonly webhook: Judged;
  readonly payments: Judged;
  readonly revenue: Judged;
}

/** Four decimals, as the record has always had them; never −0. */
export function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000 || 0;
}

function percent(rate: number): string {
  return `${Math.round(rate * 1000) / 10} %`;
}

function judgeWebhooks(inputs: ProductionInputs, limit: number): Judged {
  const { webhookFailures5m: failures } = inputs;
  const summary = `${failures} webhook ${failures === 1 ? "delivery" : "deliveries"} failed in the last 5 minutes (more than ${limit} is critical)`;
  return { value: failures, summary, verdict: failures > limit ? { kind: "breach", severity: "CRITICAL" } : { kind: "ok" } };
}

function judgePayments(inputs: ProductionInputs, limit: number, evidence: boolean): Judged {
  const { attempted1h: attempted, failed1h: failed } = inputs;
  const value = attempted === 0 ? 0 : failed / attempted;
  const summary = `${failed} of ${attempted} payment attempts failed in the last hour (${percent(value)}; more than ${percent(limit)} is critical)`;
  if (attempted === 0) return { value, summary: "no payment was attempted in the last hour", verdict: { kind: "no_data" } };
  if (value <= limit) return { value, summary, verdict: { kind: "ok" } };
  if (evidence && !proveRateAbove(failed, attempted, limit)) return { value, summary: `${summary}; too few to tell it from chance`, verdict: { kind: "not_proven" } };
  return { value, summary, verdict: { kind: "breach", severity: "CRITICAL" } };
}

/** The change of one currency; 0 when there is nothing to compare with, as the record has always had it. */
export function revenueChange(day: RevenueOfDay): number {
  return day.yesterday <= 0 ? 0 : (day.today - day.yesterday) / day.yesterday;
}

function judgeCurrency(day: RevenueOfDay, limit: number, evidence: boolean): Judged {
  const value = revenueChange(day);
  const summary = `revenue in ${day.currency.toUpperCase()} so far today is ${percent(Math.abs(value))} ${value < 0 ? "below" : "above"} the same part of yesterday (${day.salesToday} payments against ${day.salesYesterday})`;
  if (day.yesterday <= 0) return { value, summary: `no revenue in ${day.currency.toUpperCase()} yesterday until this time of day to compare with`, verdict: { kind: "no_data" } };
  if (value >= limit) return { value, summary, verdict: { kind: "ok" } };
  if (evidence && !proveRevenueBelow(day.today, day.yesterday, day.salesYesterday, limit, day.unevenness)) {
    return { value, summary: `${summary}; too few to tell it from chance`, verdict: { kind: "not_proven" } };
  }
  return { value, summary, verdict: { kind: "breach", severity: "WARNING" } };
}

/**
 * The literal number is the main currency's (the configured one, or the one with the most sales yesterday and today
 * when that one had none); the verdict is the worst of all currencies.
 */
function judgeRevenue(inputs: ProductionInputs, limit: number, evidence: boolean, mainCurrency: string): Judged {
  const days = [...inputs.revenue].sort((a, b) => b.salesToday + b.salesYesterday - a.salesToday - a.salesYesterday || (a.currency < b.currency ? -1 : 1));
  const main = days.find((day) => day.currency === mainCurrency) ?? days[0];
  if (main === undefined) return { value: 0, summary: "no revenue yesterday or today", verdict: { kind: "no_data" } };
  const judged = days.map((day) => judgeCurrency(day, limit, evidence));
  const breach = judged.find((one) => one.verdict.kind === "breach");
  const own = judgeCurrency(main, limit, evidence);
  return { ...own, ...(breach === undefined ? {} : { verdict: breach.verdict, summary: breach.summary }) };
}

/** So many events behind, revenue may look lower than it is. */
const BEHIND = 100;

/** Pure: the same inputs give the same verdicts. */
export function judgeProduction(inputs: ProductionInputs, thresholds: ProductionThresholds, mainCurrency: string): ProductionVerdicts {
  return {
    webhook: judgeWebhooks(inputs, thresholds.webhookFailures5m),
    payments: judgePayments(inputs, thresholds.paymentErrorRate1h, thresholds.evidence),
    revenue: upToDate(inputs, judgeRevenue(inputs, thresholds.revenueChangeDoD, thresholds.evidence, mainCurrency)),
  };
}

function upToDate({ eventsBehind }: ProductionInputs, judged: Judged): Judged {
  if (eventsBehind <= BEHIND || judged.verdict.kind !== "breach") return judged;
  return { ...judged, verdict: { kind: "behind" }, summary: `${judged.summary}; ${eventsBehind} events are not counted yet` };
}

export function severityOf(verdict: Verdict): Severity {
  return verdict.kind === "breach" ? verdict.severity : "OK";
}

/** A line of `production_alerts.ndjson`. The first six keys are the older system's, in its order; more follow. */
export interface ProductionRecord {
  readonly ts: string;
  readonly event: "production_alerts";
  readonly webhook_failures_5m: number;
  readonly payment_error_rate_1h: number;
  readonly revenue_change_DoD: number;
  readonly severity: { readonly webhook: Severity; readonly payments: Severity; readonly revenue: Severity };
  readonly mode: "test" | "live";
  readonly webhook_rejected_5m: number;
  readonly payments_attempted_1h: number;
  readonly payments_failed_1h: number;
  readonly revenue: readonly { currency: string; change: number; today_minor: number; yesterday_minor: number; payments_today: number; payments_yesterday: number }[];
  readonly time_zone: string;
  readonly events_behind: number;
  readonly verdict: { readonly webhook: Verdict["kind"]; readonly payments: Verdict["kind"]; readonly revenue: Verdict["kind"] };
}

export function productionRecord(
  inputs: ProductionInputs,
  verdicts: ProductionVerdicts,
  context: { readonly nowMs: number; readonly mode: "test" | "live"; readonly timeZone: string },
): ProductionRecord {
  return {
    ts: isoSeconds(context.nowMs),
    event: "production_alerts",
    webhook_failures_5m: inputs.webhookFailures5m,
    payment_error_rate_1h: round4(verdicts.payments.value),
    revenue_change_DoD: round4(verdicts.revenue.value),
    severity: { webhook: severityOf(verdicts.webhook.verdict), payments: severityOf(verdicts.payments.verdict), revenue: severityOf(verdicts.revenue.verdict) },
    mode: context.mode,
    webhook_rejected_5m: inputs.webhookRejected5m,
    payments_attempted_1h: inputs.attempted1h,
    payments_failed_1h: inputs.failed1h,
    revenue: inputs.revenue.map((day) => ({
      currency: day.currency,
      change: round4(revenueChange(day)),
      today_minor: day.today,
      yesterday_minor: day.yesterday,
      payments_today: day.salesToday,
      payments_yesterday: day.salesYesterday,
    })),
    time_zone: context.timeZone,
    events_behind: inputs.eventsBehind,
    verdict: { webhook: verdicts.webhook.verdict.kind, payments: verdicts.payments.verdict.kind, revenue: verdicts.revenue.verdict.kind },
  };
}
