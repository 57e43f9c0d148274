import { type Alert, alertsFired } from "../../alerts/index.ts";
import { count, duration, type Figure, nothing, type Table, text, time, type Value } from "../report.ts";
import type { Section } from "../section.ts";

const SHOWN = 40;

/** The middle one; null of none. With an even number the lower of the two, so that it is one that happened. */
function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** From when it really began, where that is known, else from the first breach that was judged. */
function detectMs({ startedAt, openedAt, firedAt }: Alert): number | null {
  return firedAt === null ? null : firedAt - Math.min(firedAt, startedAt ?? openedAt);
}

function acknowledgeMs({ firedAt, acknowledged }: Alert): number | null {
  return firedAt === null || acknowledged === null ? null : Math.max(0, acknowledged.at - firedAt);
}

function resolveMs({ firedAt, resolvedAt }: Alert): number | null {
  return firedAt === null || resolvedAt === null ? null : resolvedAt - firedAt;
}

function told(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function byRule(alerts: readonly Alert[]): Table {
  const rules = [...Map.groupBy(alerts, ({ rule }) => rule)].sort((left, right) => right[1].length - left[1].length || (left[0] < right[0] ? -1 : 1));
  return {
    id: "alerts_by_rule",
    title: "By rule",
    columns: [{ id: "rule", label: "Rule" }, { id: "fired", label: "Fired" }, { id: "critical", label: "Critical" }, { id: "open", label: "Still open" }, { id: "detect", label: "Median time to detect" }, { id: "acknowledge", label: "Median time to acknowledge" }, { id: "resolve", label: "Median time to resolve" }],
    rows: rules.map(([rule, of]) => [
      text(rule),
      count(of.length),
      count(of.filter(({ severity }) => severity === "CRITICAL").length),
      count(of.filter(({ resolvedAt }) => resolvedAt === null).length),
      duration(median(told(of.map(detectMs)))),
      duration(median(told(of.map(acknowledgeMs)))),
      duration(median(told(of.map(resolveMs)))),
    ]),
    left: null,
    public: false,
  };
}

function newest(alerts: readonly Alert[], total: number): Table {
  return {
    id: "alerts",
    title: "Alerts, newest first",
    columns: [{ id: "id", label: "No." }, { id: "rule", label: "Rule" }, { id: "severity", label: "Severity" }, { id: "fired", label: "Fired" }, { id: "acknowledged", label: "Acknowledged" }, { id: "resolved", label: "Resolved" }, { id: "title", label: "What was seen" }],
    rows: alerts.toReversed().slice(0, SHOWN).map((alert) => [text(String(alert.id)), text(alert.rule), text(alert.severity), time(alert.firedAt), time(alert.acknowledged?.at ?? null), time(alert.resolvedAt), text(alert.title)]),
    left: total > SHOWN ? `${total - SHOWN} earlier ones; see GET /api/alerts` : null,
    public: false,
  };
}

export const alerts: Section = {
  id: "alerts",
  title: "Alerts",
  question: "What went wrong, and how quickly was it seen and over?",
  read: async ({ sources, period }) => {
    const method =
      "alerts.alertsFired: alerts that began to fire in the period, without drills. Time to detect: from when the trouble began, where the rule can tell, else from the first breach that was judged, until it fired. Time to acknowledge and to resolve: from firing, of those that were. Medians; with an even number the lower of the two in the middle.";
    const { alerts: fired, total } = await alertsFired(sources.db.read, period.fromMs, period.toMs);
    if (total === 0) return nothing("No alert fired in this period.", method);
    const figure = (id: string, label: string, value: Value): Figure => ({ id, label, value, good: "down", public: true });
    const acknowledged = told(fired.map(acknowledgeMs));
    const resolved = told(fired.map(resolveMs));
    return {
      nothing: null,
      figures: [
        figure("fired", "Alerts fired", count(total)),
        figure("critical", "Critical", count(fired.filter(({ severity }) => severity === "CRITICAL").length)),
        figure("open", "Still open", count(fired.filter(({ resolvedAt }) => resolvedAt === null).length)),
        figure("time_to_detect", "Median time to detect", duration(median(told(fired.map(detectMs))))),
        figure("acknowledged", "Acknowledged by a person", count(acknowledged.length)),
        figure("time_to_acknowledge", "Median time to acknowledge", duration(median(acknowledged))),
        figure("time_to_resolve", "Median time to resolve", duration(median(resolved))),
        figure("longest_to_resolve", "Longest time to resolve", duration(resolved.length === 0 ? null : Math.max(...resolved))),
      ],
      method,
      notes: fired.length < total ? [`Times and severities are of the first ${fired.length} alerts.`] : [],
      charts: async () => [],
      tables: async () => [byRule(fired), newest(fired, total)],
    };
  },
};
