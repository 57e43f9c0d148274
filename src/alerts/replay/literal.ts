import { MINUTE_MS } from "../../platform/index.ts";
import type { Severity } from "../detection/index.ts";
import { proveRateAbove, proveRevenueBelow } from "../evidence.ts";
import { advance, type Finding, type OpenAlert } from "../lifecycle.ts";
import { LIFE, type ProductionRule, ruleName } from "../literal.ts";
import type { ProductionThresholds } from "../production.ts";

/** One minute as the literal rules see it. */
export interface LiteralMinute {
  /** Start, ms UTC. */
  readonly at: number;
  readonly attempts: number;
  readonly failed: number;
  readonly webhooksFailed: number;
  /** Captured, by currency, minor units and number of sales. */
  readonly revenue: ReadonlyMap<string, { readonly amount: number; readonly sales: number }>;
}

export interface Firing {
  readonly rule: string;
  readonly severity: Severity;
  /** ms UTC. */
  readonly firedAt: number;
  /** Null: still open at the end. */
  readonly resolvedAt: number | null;
  readonly why: string;
  readonly stake: { readonly currency: string; readonly minor: number } | null;
}

const HOUR = 60;
/** Sales are uneven; how much is not kept per minute, so that as much is taken as an exponential distribution has. */
const UNEVENNESS = 2;

interface Day {
  readonly start: number;
  /** Running sums by minute of the day, per currency. */
  readonly sums: Map<string, { amount: Float64Array; sales: Float64Array }>;
}

/**
 * The three literal rules over minutes, with the life they have in the service. Give minutes in order, none missing; they
 * are judged at the end of each. Days are those of the merchant, whose starts `dayStart` tells.
 */
export function literalReplay(thresholds: ProductionThresholds, dayStart: (ms: number) => number) {
  const ring = { attempts: new Float64Array(HOUR), failed: new Float64Array(HOUR), webhooks: new Float64Array(5) };
  const sums = { attempts: 0, failed: 0, webhooks: 0 };
  const open: Partial<Record<ProductionRule, { state: OpenAlert; firing: Firing | null }>> = {};
  const firings: Firing[] = [];
  let count = 0;
  let today: Day | null = null;
  let yesterday: Day | null = null;

  const roll = (name: "attempts" | "failed" | "webhooks", value: number): void => {
    const at = count % ring[name].length;
    sums[name] += value - (ring[name][at] ?? 0);
    ring[name][at] = value;
  };
  const step = (rule: ProductionRule, finding: Finding, told: Omit<Firing, "rule" | "firedAt" | "resolvedAt">, nowMs: number): void => {
    const known = open[rule];
    const next = advance(known?.state ?? null, finding, LIFE[rule], nowMs);
    switch (next.kind) {
      case "fired": {
        const firing: Firing = { rule: ruleName(rule), firedAt: nowMs, resolvedAt: null, ...told };
        firings.push(firing);
        open[rule] = { state: next.next, firing };
        return;
      }
      case "resolved": {
        const firing = known?.firing ?? null;
        if (firing !== null) firings[firings.indexOf(firing)] = { ...firing, resolvedAt: nowMs };
        delete open[rule];
        return;
      }
      case "dropped":
        delete open[rule];
        return;
      case "opened":
      case "relapsed":
      case "recovering":
        open[rule] = { state: next.next, firing: known?.firing ?? null };
        return;
      case "none":
        return;
    }
  };
  const takeRevenue = ({ at, revenue }: LiteralMinute): void => {
    const start = dayStart(at);
    if (today === null || start !== today.start) {
      yesterday = today !== null && start - today.start < 26 * 3_600_000 ? today : null;
      today = { start, sums: new Map() };
    }
    const minute = Math.floor((at - start) / MINUTE_MS);
    for (const currency of new Set([...today.sums.keys(), ...revenue.keys()])) {
      const column = today.sums.get(currency) ?? { amount: new Float64Array(1502), sales: new Float64Array(1502) };
      today.sums.set(currency, column);
      const one = revenue.get(currency);
      column.amount[minute + 1] = (column.amount[minute] ?? 0) + (one?.amount ?? 0);
      column.sales[minute + 1] = (column.sales[minute] ?? 0) + (one?.sales ?? 0);
    }
  };
  const judgeRevenue = (at: number, nowMs: number): void => {
    const place = Math.floor((at - (today?.start ?? 0)) / MINUTE_MS) + 1;
    let breach: { currency: string; change: number; missing: number } | null = null;
    for (const [currency, then] of yesterday?.sums ?? []) {
      const before = then.amount[place] ?? 0;
      const now = today?.sums.get(currency)?.amount[place] ?? 0;
      if (before <= 0) continue;
      const change = (now - before) / before;
      const proven = thresholds.evidence ? proveRevenueBelow(now, before, then.sales[place] ?? 0, thresholds.revenueChangeDoD, UNEVENNESS) : change < thresholds.revenueChangeDoD;
      if (proven && (breach === null || change < breach.change)) breach = { currency, change, missing: Math.round(before - now) };
    }
    const why = breach === null ? "" : `revenue in ${breach.currency.toUpperCase()} ${Math.round(-breach.change * 1000) / 10} % below the same part of the day before`;
    step("revenue", breach === null ? "well" : "breach", { severity: "WARNING", why, stake: breach === null ? null : { currency: breach.currency, minor: breach.missing } }, nowMs);
  };

  return {
    push(minute: LiteralMinute): void {
      roll("attempts", minute.attempts);
      roll("failed", minute.failed);
      roll("webhooks", minute.webhooksFailed);
      count += 1;
      takeRevenue(minute);
      const nowMs = minute.at + MINUTE_MS;
      const { attempts, failed, webhooks } = sums;
      step("webhook", webhooks > thresholds.webhookFailures5m ? "breach" : "well", { severity: "CRITICAL", why: `${webhooks} webhook deliveries failed in 5 minutes`, stake: null }, nowMs);
      const limit = thresholds.paymentErrorRate1h;
      const over = attempts > 0 && failed / attempts > limit;
      const proven = over && (!thresholds.evidence || proveRateAbove(failed, attempts, limit));
      step("payments", attempts === 0 ? "unknown" : proven ? "breach" : over ? "unknown" : "well", { severity: "CRITICAL", why: `${failed} of ${attempts} payments failed in an hour`, stake: null }, nowMs);
      judgeRevenue(minute.at, nowMs);
    },
    /** What fired, in order. */
    firings: (): readonly Firing[] => firings,
  };
}
