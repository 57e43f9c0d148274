import { stringify } from "yaml";
import { canFire, MILLION, percent, type Slo, spanText } from "./objective.ts";
import { WORDS } from "./source.ts";

/** Names in OpenSLO are DNS labels. */
function label(name: string): string {
  return name.replaceAll("_", "-");
}

function compact(ms: number): string {
  return spanText(ms).replace(" min", "m").replace(" ", "");
}

/** One window of the counts in `/metrics`. */
function query(slo: Slo, which: "good" | "total", window: string): object {
  return { metricSource: { metricSourceRef: "tillwatch-prometheus", type: "Prometheus", spec: { query: `tillwatch_slo_events{slo="${slo.name}",window="${window}",which="${which}"}` } } };
}

function documentsOf(slo: Slo): object[] {
  const words = WORDS[slo.indicator];
  const window = `${slo.windowDays}d`;
  const policies = slo.limits.map((limit) => {
    const name = `${label(slo.name)}-${limit.severity}-${compact(limit.longMs)}`;
    return {
      apiVersion: "openslo/v1",
      kind: "AlertPolicy",
      metadata: { name, displayName: `${words.title}: ${limit.severity}` },
      spec: {
        description: `Burns the budget ${limit.burn} times as fast as allowed over ${spanText(limit.longMs)}, and still over ${spanText(limit.shortMs)}`,
        alertWhenBreaching: true,
        alertWhenResolved: true,
        alertWhenNoData: false,
        conditions: [
          {
            kind: "AlertCondition",
            metadata: { name: `${name}-burn` },
            spec: { severity: limit.severity, condition: { kind: "burnrate", op: "gte", threshold: limit.burn, lookbackWindow: compact(limit.longMs), alertAfter: compact(limit.shortMs) } },
          },
        ],
        notificationTargets: [{ targetRef: "tillwatch" }],
      },
    };
  });
  return [
    {
      apiVersion: "openslo/v1",
      kind: "SLO",
      metadata: { name: label(slo.name), displayName: words.title },
      spec: {
        description: `Good: ${words.good}`,
        service: "tillwatch",
        indicator: { metadata: { name: `${label(slo.name)}-ratio`, displayName: words.title }, spec: { ratioMetric: { counter: false, good: query(slo, "good", window), total: query(slo, "total", window) } } },
        timeWindow: [{ duration: window, isRolling: true }],
        budgetingMethod: "Occurrences",
        objectives: [{ displayName: percent(slo.objectivePpm / MILLION, 4), target: slo.objectivePpm / MILLION }],
        alertPolicies: policies.map(({ metadata }) => ({ alertPolicyRef: metadata.name })),
      },
    },
    ...policies,
  ];
}

/**
 * The objectives as OpenSLO v1 documents (https://github.com/OpenSLO/OpenSLO), YAML. Their queries read the counts that
 * `/metrics` gives. OpenSLO knows one look-back window per condition: the short one is said as `alertAfter`.
 */
export function exportOpenSlo(slos: readonly Slo[], metricsUrl: string): string {
  const shared = [
    { apiVersion: "openslo/v1", kind: "Service", metadata: { name: "tillwatch", displayName: "Payments" }, spec: { description: "Payments through Stripe, as Tillwatch sees them" } },
    { apiVersion: "openslo/v1", kind: "DataSource", metadata: { name: "tillwatch-prometheus" }, spec: { type: "Prometheus", connectionDetails: { scrapes: metricsUrl } } },
    { apiVersion: "openslo/v1", kind: "AlertNotificationTarget", metadata: { name: "tillwatch" }, spec: { description: "Tillwatch's own routes", target: "web-hook" } },
  ];
  return [...shared, ...slos.flatMap(documentsOf)].map((document) => `---\n${stringify(document)}`).join("");
}

/** Rules for Prometheus over the same gauges, for who wants its Alertmanager to page; limits that can never fire are left out. */
export function exportPrometheus(slos: readonly Slo[]): string {
  const rules = slos.flatMap((slo) =>
    slo.limits
      .filter((limit) => canFire(limit, slo.objectivePpm))
      .map((limit) => {
        const over = (ms: number): string => `tillwatch_slo_burn_rate{slo="${slo.name}",window="${compact(ms)}"} >= ${limit.burn}`;
        const bad = `tillwatch_slo_events{slo="${slo.name}",window="${compact(limit.longMs)}",which="total"} - ignoring(which) tillwatch_slo_events{slo="${slo.name}",window="${compact(limit.longMs)}",which="good"} >= ${slo.minBad}`;
        return {
          alert: `TillwatchSlo_${slo.name}_${limit.severity}_${compact(limit.longMs)}`,
          expr: `(${over(limit.longMs)}) and ignoring(window) (${over(limit.shortMs)}) and ignoring(window) (${bad})`,
          labels: { severity: limit.severity === "page" ? "critical" : "warning", slo: slo.name },
          annotations: {
            summary: `${WORDS[slo.indicator].title}: the error budget burns ${limit.burn} times too fast`,
            description: `Over ${spanText(limit.longMs)} and ${spanText(limit.shortMs)}, against an objective of ${percent(slo.objectivePpm / MILLION, 4)} in ${slo.windowDays} days`,
          },
        };
      }),
  );
  return stringify({ groups: [{ name: "tillwatch-slo", rules }] }, { lineWidth: 0 });
}
