import { z } from "zod";
import { asCurrency, minor, moneyText } from "../money/index.ts";
import type { NoticeWithDeliveries, Silence } from "../notify/index.ts";
import { isoMillis } from "../platform/index.ts";
import { type Alert, FEEDBACK, RESOLUTIONS } from "./alert.ts";
import type { EvidenceSeries } from "./evidence-series.ts";
import { ALERT_EVENTS, type AlertEvent } from "./history.ts";

/** How alerts look outside: the API and the command line show the same. */

const TIME = z.string().nullable();
const SEVERITY = z.enum(["WARNING", "CRITICAL"]);
export const ALERT_STATES = ["pending", "firing", "recovering", "resolved"] as const;

export const MONEY_SHAPE = z.object({ currency: z.string(), minor: z.number(), text: z.string() });

const EVIDENCE_SHAPE = z.object({
  measure: z.string(),
  from: z.string(),
  until: z.string(),
  seen: z.number(),
  of: z.number().nullable(),
  expected: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  probability: z.number().nullable().describe("How often chance alone gives this in one such window; null for a plain threshold"),
  threshold: z.number().nullable(),
  scope: z.object({ dimension: z.string(), value: z.string() }).nullable(),
  events: z.array(z.string()).describe("Ids of Stripe's events that show it, newest first"),
});

export const ALERT_SHAPE = z.object({
  id: z.number(),
  key: z.string(),
  rule: z.string(),
  state: z.enum(ALERT_STATES),
  severity: SEVERITY,
  value: z.number(),
  summary: z.string(),
  opened_at: z.string(),
  fired_at: TIME,
  recovering_at: TIME,
  resolved_at: TIME,
  subject: z.string(),
  title: z.string(),
  started_at: z.string(),
  details: z.array(z.string()),
  todo: z.array(z.string()),
  stake: MONEY_SHAPE.nullable(),
  labels: z.record(z.string(), z.string()),
  acknowledged: z.object({ by: z.string(), at: z.string(), note: z.string().nullable() }).nullable(),
  health: z.enum(["ok", "no_data", "error"]),
  resolution: z.enum(RESOLUTIONS).nullable(),
  feedback: z.enum(FEEDBACK).nullable(),
  drill: z.boolean(),
});

export const TIMELINE_SHAPE = z.array(z.object({ at: z.string(), kind: z.enum(ALERT_EVENTS), by: z.string(), reason: z.string().nullable() }));

export const ALERT_DETAIL_SHAPE = ALERT_SHAPE.extend({
  timeline: TIMELINE_SHAPE,
  evidence: EVIDENCE_SHAPE.nullable(),
  series: z
    .object({
      step_s: z.number(),
      points: z.array(z.object({ at: z.string(), seen: z.number(), of: z.number().nullable(), expected: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable() })),
    })
    .nullable()
    .describe("What was seen around the moment it fired, with the band of what was expected"),
  previous: z.array(z.object({ id: z.number(), fired_at: TIME, resolved_at: TIME, severity: SEVERITY, summary: z.string(), feedback: z.enum(FEEDBACK).nullable() })).describe("Times before this one, newest first"),
  notices: z
    .array(
      z.object({
        id: z.number(),
        at: z.string(),
        reason: z.string(),
        status: z.string(),
        title: z.string(),
        deliveries: z.array(z.object({ channel: z.string(), state: z.string(), attempts: z.number(), settled_at: TIME, error: z.string().nullable() })),
      }),
    )
    .describe("Notices that told of it, oldest first, and what became of them on each channel"),
});

export const SILENCE_SHAPE = z.object({ id: z.number(), matchers: z.array(z.string()), author: z.string(), reason: z.string(), starts_at: z.string(), ends_at: TIME });

export function showSilence(silence: Silence): z.output<typeof SILENCE_SHAPE> {
  return {
    id: silence.id,
    matchers: silence.matchers.map(({ label, op, value }) => `${label}${op}${value}`),
    author: silence.author,
    reason: silence.reason,
    starts_at: isoMillis(silence.startsAt),
    ends_at: iso(silence.endsAt),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : isoMillis(ms);
}

export function showMoney(money: { readonly currency: string; readonly minor: number } | null): z.output<typeof MONEY_SHAPE> | null {
  if (money === null) return null;
  const code = asCurrency(money.currency);
  return { ...money, text: code === null ? `${money.minor} ${money.currency}` : moneyText(minor(money.minor), code) };
}

export function showAlert(alert: Alert): z.output<typeof ALERT_SHAPE> {
  const { acknowledged } = alert;
  return {
    id: alert.id,
    key: alert.key,
    rule: alert.rule,
    state: alert.state,
    severity: alert.severity,
    value: alert.value,
    summary: alert.summary,
    opened_at: isoMillis(alert.openedAt),
    fired_at: iso(alert.firedAt),
    recovering_at: iso(alert.recoveringAt),
    resolved_at: iso(alert.resolvedAt),
    subject: alert.subject,
    title: alert.title,
    started_at: isoMillis(alert.startedAt ?? alert.openedAt),
    details: [...alert.details],
    todo: [...alert.todo],
    stake: showMoney(alert.stake),
    labels: { ...alert.labels },
    acknowledged: acknowledged === null ? null : { by: acknowledged.by, at: isoMillis(acknowledged.at), note: acknowledged.note },
    health: alert.health,
    resolution: alert.resolution,
    feedback: alert.feedback,
    drill: alert.drill,
  };
}

export interface AlertDetail {
  readonly alert: Alert;
  readonly history: readonly AlertEvent[];
  readonly series: EvidenceSeries | null;
  readonly previous: readonly Alert[];
  readonly notices: readonly NoticeWithDeliveries[];
}

export function showDetail({ alert, history, series, previous, notices }: AlertDetail): z.output<typeof ALERT_DETAIL_SHAPE> {
  const { evidence } = alert;
  return {
    ...showAlert(alert),
    timeline: history.map(({ at, kind, doer, reason }) => ({ at: isoMillis(at), kind, by: doer.name, reason })),
    evidence:
      evidence === null
        ? null
        : {
            measure: evidence.measure,
            from: isoMillis(evidence.fromMs),
            until: isoMillis(evidence.untilMs),
            seen: evidence.seen,
            of: evidence.of,
            expected: evidence.expected,
            low: evidence.low,
            high: evidence.high,
            probability: evidence.probability,
            threshold: evidence.threshold,
            scope: evidence.scope,
            events: [...evidence.events],
          },
    series: series === null ? null : { step_s: series.stepMs / 1000, points: series.points.map((point) => ({ ...point, at: isoMillis(point.at) })) },
    previous: previous.map((one) => ({ id: one.id, fired_at: iso(one.firedAt), resolved_at: iso(one.resolvedAt), severity: one.severity, summary: one.summary, feedback: one.feedback })),
    notices: notices.map(({ notice: { id, createdAt, reason, status, title }, deliveries }) => ({
      id,
      at: isoMillis(createdAt),
      reason,
      status,
      title,
      deliveries: deliveries.map(({ channel, state, attempts, settledAt, error }) => ({ channel, state, attempts, settled_at: iso(settledAt), error })),
    })),
  };
}
