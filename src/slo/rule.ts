import { type BurnVerdict, worstBurn } from "./burn.ts";
import { badOf, budgetLeft, type BurnSeverity, MILLION, percent, short, type Slo, spanText } from "./objective.ts";
import { WORDS } from "./source.ts";
import type { Standing } from "./store.ts";

/** What a burn alert says; who judges alerts makes it a rule. */
export interface BurnAlert {
  /** `slo_payment_success_page`. */
  readonly rule: string;
  /** `slo:payment_success`. */
  readonly subject: string;
  readonly severity: "WARNING" | "CRITICAL";
  readonly verdict: "ok" | "no_data" | "not_proven" | "breach";
  /** The burn rate over the long window; 0 when nothing happened. */
  readonly value: number;
  readonly title: string;
  readonly summary: string;
  readonly details: readonly string[];
  readonly todo: readonly string[];
  /** What the period's bad events cost so far, in the currency that lost most; null where money says nothing. */
  readonly stake: { readonly currency: string; readonly minor: number } | null;
}

/** Older figures say nothing of now. */
const STALE_MS = 5 * 60_000;
/** Stripe is asked every five minutes for events a minute old. */
const BEHIND_MS = 60 * 60_000;

/** When the rest of the budget is gone at this pace, ms; null when it is not, or is gone. */
export function exhaustedInMs(slo: Pick<Slo, "objectivePpm" | "windowDays">, standing: Pick<Standing, "period">, burn: number): number | null {
  const left = budgetLeft(standing.period, slo.objectivePpm);
  if (left === null || left <= 0 || burn <= 0) return null;
  return (left * slo.windowDays * 86_400_000) / burn;
}

function paceText(slo: Slo, standing: Standing, burn: number): string {
  const left = budgetLeft(standing.period, slo.objectivePpm) ?? 1;
  if (left <= 0) return `the budget of ${slo.windowDays} days is spent`;
  const ms = exhaustedInMs(slo, standing, burn);
  const hours = (ms ?? 0) / 3_600_000;
  const when = hours < 48 ? `${short(Math.max(0.1, Math.round(hours * 10) / 10))} hours` : `${short(Math.round(hours / 2.4) / 10)} days`;
  return `${percent(left, 0)} of the ${slo.windowDays}-day budget is left, and at this pace it is gone in ${when}`;
}

function summaryOf(slo: Slo, standing: Standing, found: BurnVerdict): string {
  const { long, limit, longBurn, shortBurn } = found;
  const words = WORDS[slo.indicator];
  const bad = badOf(long);
  const head = `${bad} of ${long.total} ${words.bad} in the last ${spanText(limit.longMs)}`;
  if (found.kind === "quiet") return `${head}; the budget burns ${short(longBurn ?? 0)} times as fast as the objective of ${percent(slo.objectivePpm / MILLION)} allows (limit ${limit.burn})`;
  const burns = `${head}: the error budget burns ${short(longBurn ?? 0)} times as fast as the objective of ${percent(slo.objectivePpm / MILLION)} allows (${short(shortBurn ?? 0)} times in the last ${spanText(limit.shortMs)}; limit ${limit.burn})`;
  if (found.kind === "held") return `${burns}; fewer than ${slo.minBad} bad events alert nobody`;
  return `${burns}; ${paceText(slo, standing, longBurn ?? 0)}`;
}

/** Pure: what the limits of one severity say of an objective as it stands. Null when there are none. */
export function burnAlert(slo: Slo, severity: BurnSeverity, standing: Standing | undefined, nowMs: number): BurnAlert | null {
  const { title, todo } = WORDS[slo.indicator];
  const base = {
    rule: `slo_${slo.name}_${severity}`,
    subject: `slo:${slo.name}`,
    severity: severity === "page" ? "CRITICAL" : "WARNING",
    title: `${title}: error budget ${slo.name === slo.indicator ? "" : `of ${slo.name} `}burns too fast`,
    todo,
  } as const;
  if (slo.limits.every((limit) => limit.severity !== severity)) return null;
  const silent = (summary: string): BurnAlert => ({ ...base, verdict: "no_data", value: 0, summary, details: [], stake: null });
  if (standing === undefined) return silent("not measured yet");
  if (nowMs - standing.measuredAt > STALE_MS) return silent("not measured for more than 5 minutes");
  if (standing.untilMs === null || nowMs - standing.untilMs > BEHIND_MS) return silent("the indicator speaks of no time within the last hour");
  const found = worstBurn(slo, severity, standing.windows);
  if (found === null || found.kind === "no_data") return silent(`nothing happened that ${slo.name} counts`);
  const dearest = standing.money.reduce<BurnAlert["stake"]>((most, { currency, spent }) => (spent > (most?.minor ?? 0) ? { currency, minor: spent } : most), null);
  const details = standing.windows.map((window) => `last ${spanText(window.ms)}: ${badOf(window)} bad of ${window.total}`);
  const verdict = found.kind === "fires" ? "breach" : found.kind === "held" ? "not_proven" : "ok";
  return { ...base, verdict, value: Math.round((found.longBurn ?? 0) * 1000) / 1000, summary: summaryOf(slo, standing, found), details, stake: dearest };
}
