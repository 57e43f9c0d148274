import { z } from "zod";
import { isoMillis } from "../platform/index.ts";
import type { ChannelState } from "./channel-store.ts";
import type { Attempt } from "./list.ts";
import { type Matcher, matcherText } from "./matcher.ts";
import type { AlertNews } from "./news.ts";
import type { Delivery, NoticeWithDeliveries } from "./notice-store.ts";
import { type Silence, silenceState } from "./silence.ts";
import type { SilencePreview } from "./silences.ts";
import { stakeText } from "./words.ts";

/** How notices, channels and silences look outside: API and command line show the same. */

const TIME = z.string().nullable();
export const MATCHER = z.object({ label: z.string(), op: z.enum(["=", "!="]), value: z.string(), text: z.string() });

const STAKE = z.object({ currency: z.string(), minor: z.number(), text: z.string().nullable() }).nullable();

const ALERT_SHAPE = z.object({ id: z.number(), rule: z.string(), subject: z.string(), severity: z.enum(["WARNING", "CRITICAL"]), title: z.string(), summary: z.string(), stake: STAKE, started_at: z.string(), drill: z.boolean() });

const DELIVERY_SHAPE = z.object({
  id: z.number(),
  channel: z.string(),
  state: z.enum(["queued", "sent", "dead", "merged", "dropped"]),
  queued_at: z.string(),
  attempts: z.number(),
  settled_at: TIME,
  error: z.string().nullable(),
  merged_into: z.number().nullable(),
});

export const NOTICE_SHAPE = z.object({
  id: z.number(),
  created_at: z.string(),
  reason: z.string(),
  status: z.enum(["firing", "acknowledged", "resolved", "information"]),
  severity: z.enum(["WARNING", "CRITICAL"]),
  title: z.string(),
  route: z.string(),
  group: z.record(z.string(), z.string()),
  drill: z.boolean(),
  firing: z.number(),
  resolved: z.number(),
  notes: z.array(z.string()),
  alerts: z.array(ALERT_SHAPE.extend({ state: z.enum(["firing", "acknowledged", "resolved"]) })).describe("The worst and newest first; at most 50"),
  deliveries: z.array(DELIVERY_SHAPE),
});

export const ATTEMPT_SHAPE = z.object({ delivery: z.number(), started_at: z.string(), latency_ms: z.number().nullable(), outcome: z.string().nullable(), status: z.number().nullable(), reason: z.string().nullable() });

export const CHANNEL_SHAPE = z.object({
  name: z.string(),
  kind: z.string(),
  state: z.enum(["ok", "failing", "disabled", "unused"]),
  person: z.string().nullable(),
  waiting: z.number(),
  oldest_waiting_at: TIME,
  failures_in_a_row: z.number(),
  failing_since: TIME,
  next_try_at: TIME,
  last_success_at: TIME,
  last_failure_at: TIME,
  last_error: z.string().nullable(),
  disabled_at: TIME,
  disabled_why: z.string().nullable(),
});

export const SILENCE_SHAPE = z.object({
  id: z.number(),
  kind: z.enum(["silence", "maintenance"]),
  state: z.enum(["pending", "active", "ended"]),
  matchers: z.array(MATCHER),
  author: z.string(),
  reason: z.string(),
  created_at: z.string(),
  starts_at: z.string(),
  ends_at: TIME.describe("Null: when nothing that it mutes fires any more"),
  ended_at: TIME,
  ended_by: z.string().nullable(),
});

export const PREVIEW_SHAPE = z.object({ firing: z.array(ALERT_SHAPE), past: z.array(ALERT_SHAPE.extend({ fired_at: z.string(), notices: z.number() })), looked_back_days: z.number(), incomplete: z.boolean() });

const iso = (ms: number | null): string | null => (ms === null ? null : isoMillis(ms));

function showAlert(news: AlertNews): z.output<typeof ALERT_SHAPE> {
  return {
    id: news.alertId,
    rule: news.rule,
    subject: news.subject,
    severity: news.severity,
    title: news.title,
    summary: news.summary,
    stake: news.stake === null ? null : { ...news.stake, text: stakeText({ state: "firing", news }) },
    started_at: isoMillis(news.startedAt),
    drill: news.drill,
  };
}

function showDelivery({ id, channel, state, queuedAt, attempts, settledAt, error, mergedInto }: Delivery): z.output<typeof DELIVERY_SHAPE> {
  return { id, channel, state, queued_at: isoMillis(queuedAt), attempts, settled_at: iso(settledAt), error, merged_into: mergedInto };
}

export function showNotice({ notice, deliveries }: NoticeWithDeliveries): z.output<typeof NOTICE_SHAPE> {
  return {
    id: notice.id,
    created_at: isoMillis(notice.createdAt),
    reason: notice.reason,
    status: notice.status,
    severity: notice.severity,
    title: notice.title,
    route: notice.route,
    group: notice.labels,
    drill: notice.drill,
    firing: notice.firing,
    resolved: notice.resolved,
    notes: [...notice.notes],
    alerts: notice.alerts.map(({ state, news }) => ({ ...showAlert(news), state })),
    deliveries: deliveries.map(showDelivery),
  };
}

export function showAttempt({ delivery, startedAt, latencyMs, outcome, status, reason }: Attempt): z.output<typeof ATTEMPT_SHAPE> {
  return { delivery, started_at: isoMillis(startedAt), latency_ms: latencyMs, outcome, status, reason };
}

export interface ChannelView {
  readonly name: string;
  readonly kind: string;
  /** Whose it is; null: shared. */
  readonly person: string | null;
  /** Null: the service has not run with it yet. */
  readonly state: ChannelState | null;
  readonly waiting: number;
  readonly oldestAt: number | null;
}

export function showChannel({ name, kind, person, state, waiting, oldestAt }: ChannelView): z.output<typeof CHANNEL_SHAPE> {
  const word = state === null || (state.succeededAt === null && state.failedAt === null) ? "unused" : state.disabledAt !== null ? "disabled" : state.failures > 0 ? "failing" : "ok";
  return {
    name,
    kind,
    state: word,
    person,
    waiting,
    oldest_waiting_at: iso(oldestAt),
    failures_in_a_row: state?.failures ?? 0,
    failing_since: iso(state?.failingSince ?? null),
    next_try_at: state !== null && state.failures > 0 && state.disabledAt === null ? isoMillis(state.waitUntil) : null,
    last_success_at: iso(state?.succeededAt ?? null),
    last_failure_at: iso(state?.failedAt ?? null),
    last_error: state?.error ?? null,
    disabled_at: iso(state?.disabledAt ?? null),
    disabled_why: state?.disabledWhy ?? null,
  };
}

export function showMatcher(matcher: Matcher): z.output<typeof MATCHER> {
  return { ...matcher, text: matcherText(matcher) };
}

export function showSilence(silence: Silence, nowMs: number): z.output<typeof SILENCE_SHAPE> {
  return {
    id: silence.id,
    kind: silence.kind,
    state: silenceState(silence, nowMs),
    matchers: silence.matchers.map(showMatcher),
    author: silence.author,
    reason: silence.reason,
    created_at: isoMillis(silence.createdAt),
    starts_at: isoMillis(silence.startsAt),
    ends_at: iso(silence.endsAt),
    ended_at: iso(silence.endedAt),
    ended_by: silence.endedBy,
  };
}

export function showPreview({ firing, past, lookedBackMs, incomplete }: SilencePreview): z.output<typeof PREVIEW_SHAPE> {
  return { firing: firing.map(showAlert), past: past.map(({ at, news, notices }) => ({ ...showAlert(news), fired_at: isoMillis(at), notices })), looked_back_days: lookedBackMs / 86_400_000, incomplete };
}
