import { labelsOf, matches } from "./matcher.ts";
import type { InhibitRule } from "./settings.ts";
import type { KnownAlert } from "./store.ts";

export const DEFAULT_INHIBIT: readonly InhibitRule[] = [
  {
    name: "a CRITICAL alert on the same subject",
    source: [{ label: "severity", op: "=", value: "CRITICAL" }],
    target: [{ label: "severity", op: "=", value: "WARNING" }],
    equal: ["subject"],
  },
  {
    name: "the database is down",
    source: [{ label: "subject", op: "=", value: "database" }, { label: "severity", op: "=", value: "CRITICAL" }],
    target: [{ label: "subject", op: "!=", value: "database" }],
    equal: [],
  },
  {
    name: "Stripe has an outage",
    source: [{ label: "subject", op: "=", value: "stripe" }, { label: "severity", op: "=", value: "CRITICAL" }],
    target: [{ label: "subject", op: "=", value: "payments|revenue|webhooks|ingest|checkout" }],
    equal: [],
  },
];

export interface Inhibition {
  readonly by: number;
  readonly rule: string;
}

/**
 * Which firing alerts are what another firing one causes. An alert on both sides of a rule is not inhibited by it, so
 * that two cannot hide each other; drills and real alerts do not touch.
 */
export function inhibitions(rules: readonly InhibitRule[], alerts: readonly KnownAlert[]): Map<number, Inhibition> {
  const firing = alerts.filter(({ state }) => state === "firing").map((alert) => ({ alert, labels: labelsOf(alert.news) }));
  const found = new Map<number, Inhibition>();
  for (const rule of rules) {
    const shared = ({ alert, labels }: (typeof firing)[number]): string => JSON.stringify([alert.news.drill, ...rule.equal.map((name) => labels[name] ?? "")]);
    const sources = new Map<string, number>();
    for (const one of firing) {
      const key = shared(one);
      if (!sources.has(key) && matches(rule.source, one.labels)) sources.set(key, one.alert.id);
    }
    if (sources.size === 0) continue;
    for (const one of firing) {
      const by = sources.get(shared(one));
      if (by === undefined || by === one.alert.id || found.has(one.alert.id)) continue;
      if (matches(rule.target, one.labels) && !matches(rule.source, one.labels)) found.set(one.alert.id, { by, rule: rule.name });
    }
  }
  return found;
}
