import type { Labels } from "./matcher.ts";
import type { Severity } from "./news.ts";
import type { NewNotice, NoticeAlert, NoticeReason, NoticeStatus } from "./notice.ts";
import type { KnownAlert } from "./store.ts";

/** More are counted, not shown: no channel takes ten thousand, and nobody reads them. */
const MOST_SHOWN = 50;
/** Of which so many are kept for what has ended, or a program that reads along would not learn of it. */
const ENDED_SHOWN = 15;

function shownAs({ state, acknowledgedAt, news }: KnownAlert): NoticeAlert {
  return { state: state === "resolved" ? "resolved" : acknowledgedAt === null ? "firing" : "acknowledged", news };
}

const WEIGHT: Readonly<Record<NoticeAlert["state"], number>> = { firing: 0, acknowledged: 1, resolved: 2 };

/** What nobody has yet before what somebody has, CRITICAL before WARNING, the newest first. */
function byWeight(one: NoticeAlert, other: NoticeAlert): number {
  return WEIGHT[one.state] - WEIGHT[other.state] || (one.news.severity === other.news.severity ? other.news.startedAt - one.news.startedAt || other.news.alertId - one.news.alertId : one.news.severity === "CRITICAL" ? -1 : 1);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function titleOf(alerts: readonly NoticeAlert[], firing: number, resolved: number): string {
  const [first] = alerts;
  if (first === undefined) return "Nothing fires any more";
  if (firing + resolved === 1) return first.news.title;
  const rules = new Set(alerts.map(({ news }) => news.title));
  const subject = rules.size === 1 ? first.news.title : `${first.news.title}, and more`;
  return firing === 0 ? `${plural(resolved, "alert")} over: ${subject}` : `${plural(firing, "alert")}: ${subject}`;
}

export interface Members {
  readonly key: string;
  readonly route: string;
  readonly labels: Labels;
  readonly firing: readonly KnownAlert[];
  readonly resolved: readonly KnownAlert[];
  readonly notes: readonly string[];
}

function statusOf(firing: readonly KnownAlert[]): NoticeStatus {
  if (firing.length === 0) return "resolved";
  return firing.every(({ acknowledgedAt }) => acknowledgedAt !== null) ? "acknowledged" : "firing";
}

/** The notice about a group as it stands. */
export function composeNotice({ key, route, labels, firing, resolved, notes }: Members, reason: NoticeReason, nowMs: number): NewNotice {
  const all = [...firing, ...resolved];
  const ended = Math.min(resolved.length, Math.max(ENDED_SHOWN, MOST_SHOWN - firing.length));
  const alerts = [...firing.map(shownAs).sort(byWeight).slice(0, MOST_SHOWN - ended), ...resolved.map(shownAs).sort(byWeight).slice(0, ended)];
  const severity: Severity = (firing.length > 0 ? firing : resolved).some(({ news }) => news.severity === "CRITICAL") ? "CRITICAL" : "WARNING";
  return {
    key,
    route,
    reason,
    status: statusOf(firing),
    severity,
    title: titleOf(alerts, firing.length, resolved.length),
    createdAt: nowMs,
    drill: all.some(({ news }) => news.drill),
    labels,
    firing: firing.length,
    resolved: resolved.length,
    alerts,
    notes,
    alertIds: all.map(({ id }) => id),
  };
}
