import { MINUTE_MS } from "../platform/index.ts";
import type { AlertEvidence } from "./alert.ts";
import type { RuleWords } from "./case.ts";
import type { LifeRule } from "./lifecycle.ts";
import { type Judged, type ProductionInputs, type ProductionThresholds, type ProductionVerdicts, revenueChange } from "./production.ts";

export type ProductionRule = keyof ProductionVerdicts;

/** A breach fires at once; it must stay well for a while before it is over, so that one incident is one alert. */
export const LIFE: Readonly<Record<ProductionRule, LifeRule>> = {
  webhook: { pendingMs: 0, recoveryMs: 2 * MINUTE_MS },
  payments: { pendingMs: 0, recoveryMs: 5 * MINUTE_MS },
  revenue: { pendingMs: 0, recoveryMs: 15 * MINUTE_MS },
};

export const RULES = Object.keys(LIFE) as ProductionRule[];

/** How rules are called outside this file, and in the database. */
export function ruleName(rule: ProductionRule): string {
  return { webhook: "webhook_failures", payments: "payment_errors", revenue: "revenue_dip" }[rule];
}

/** What the literal rules say of their alerts. */
export const WORDS: Readonly<Record<ProductionRule, RuleWords>> = {
  webhook: {
    subject: "webhooks",
    title: "Webhook deliveries fail",
    todo: ["See which deliveries failed and why: GET /api/deliveries?outcome=failed, and the service's log.", "Stripe tries again for up to three days; what did not come is recovered by the sweep."],
    labels: { kind: "threshold" },
  },
  payments: {
    subject: "payments",
    title: "Payments fail more than the limit",
    todo: ["Look at the most frequent decline codes: GET /api/payments?status=failed.", "Look at status.stripe.com and at the last change of the checkout."],
    labels: { kind: "threshold" },
  },
  revenue: {
    subject: "revenue",
    title: "Revenue is below yesterday's",
    todo: ["Pay once yourself in the checkout.", "Compare with the same weekday of last week: a holiday or a promotion that ended shows there too."],
    labels: { kind: "threshold" },
  },
};

const HOUR_MS = 60 * MINUTE_MS;
const NOTHING = { expected: null, low: null, high: null, probability: null, scope: null, band: null, events: [] };

/** What the verdict of a literal rule stands on, and what it costs. */
export function tellLiteral(rule: ProductionRule, judged: Judged, inputs: ProductionInputs, limits: ProductionThresholds, window: { readonly nowMs: number; readonly dayFromMs: number }): Judged {
  const untilMs = window.nowMs + 1;
  const evidence = (one: Pick<AlertEvidence, "measure" | "fromMs" | "seen" | "of" | "threshold"> & Partial<AlertEvidence>): AlertEvidence => ({ ...NOTHING, untilMs, ...one });
  switch (rule) {
    case "webhook":
      return { ...judged, evidence: evidence({ measure: "webhooks_failed", fromMs: untilMs - 5 * MINUTE_MS, seen: inputs.webhookFailures5m, of: null, threshold: limits.webhookFailures5m }) };
    case "payments":
      return { ...judged, evidence: evidence({ measure: "failed", fromMs: untilMs - HOUR_MS, seen: inputs.failed1h, of: inputs.attempted1h, threshold: limits.paymentErrorRate1h }) };
    case "revenue": {
      // The verdict is that of the worst currency.
      const day = [...inputs.revenue].filter(({ yesterday }) => yesterday > 0).sort((a, b) => revenueChange(a) - revenueChange(b))[0];
      if (day === undefined || judged.verdict.kind !== "breach") return judged;
      const { currency, today, yesterday } = day;
      return {
        ...judged,
        stake: { currency, minor: Math.max(0, yesterday - today) },
        labels: { currency },
        evidence: evidence({ measure: "revenue", fromMs: window.dayFromMs, seen: today, of: null, expected: yesterday, threshold: limits.revenueChangeDoD, scope: { dimension: "currency", value: currency } }),
      };
    }
  }
}
