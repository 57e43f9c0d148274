import { createHmac } from "node:crypto";
import { isoMillis, type Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { clip, headline, incidentKey, oneLine, plainText, stakeText, type Wording } from "../words.ts";
import { fingerprint, promAlert, promLabels } from "./alertmanager.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

const iso = (ms: number | null): string | null => (ms === null ? null : isoMillis(ms));

/** Our own shape: everything a notice says, for a program. */
export function ownShape(notice: Notice, wording: Wording): Record<string, unknown> {
  return {
    type: "tillwatch.notice",
    version: 1,
    id: notice.id,
    incident: incidentKey(notice),
    reason: notice.reason,
    status: notice.status,
    severity: notice.severity,
    drill: notice.drill,
    created_at: isoMillis(notice.createdAt),
    source: wording.source,
    route: notice.route,
    group: notice.labels,
    headline: headline(notice),
    text: clip(plainText(notice, wording, 5), 8000),
    notes: notice.notes,
    counts: { firing: notice.firing, resolved: notice.resolved, not_shown: notice.firing + notice.resolved - notice.alerts.length },
    alerts: notice.alerts.map((alert) => ({
      id: alert.news.alertId,
      state: alert.state,
      rule: alert.news.rule,
      subject: alert.news.subject,
      severity: alert.news.severity,
      labels: alert.news.labels,
      title: alert.news.title,
      summary: alert.news.summary,
      details: alert.news.details,
      todo: alert.news.todo,
      stake: alert.news.stake,
      stake_text: stakeText(alert),
      started_at: iso(alert.news.startedAt),
      fired_at: iso(alert.news.firedAt),
      resolved_at: iso(alert.news.resolvedAt),
      url: wording.alertLink(alert.news.alertId),
      acknowledge_url: alert.state === "firing" ? wording.ackLink(alert.news.alertId, notice) : null,
    })),
  };
}

/** What all have in common. */
function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first, ...rest] = all;
  return Object.fromEntries(Object.entries(first ?? {}).filter(([name, value]) => rest.every((one) => one[name] === value)));
}

/** Alertmanager's webhook, version 4, so that what understands that needs nothing new. */
export function alertmanagerShape(notice: Notice, receiver: string, wording: Wording): Record<string, unknown> {
  const alerts = notice.alerts.map((alert) => {
    const shaped = promAlert(alert, notice, wording);
    return { status: alert.state === "resolved" ? "resolved" : "firing", ...shaped, fingerprint: fingerprint(shaped.labels) };
  });
  return {
    version: "4",
    groupKey: incidentKey(notice),
    truncatedAlerts: notice.firing + notice.resolved - notice.alerts.length,
    status: notice.status === "resolved" ? "resolved" : "firing",
    receiver,
    groupLabels: promLabels(notice.labels),
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: alerts.length === 0 ? { summary: clip(headline(notice), 500), description: clip(notice.notes.map(oneLine).join(" "), 2000) } : common(alerts.map(({ annotations }) => annotations)),
    externalURL: wording.alertLink(0)?.replace(/\/alerts\/0$/, "") ?? "",
    notification_reason: notice.reason,
    alerts,
  };
}

/** The key as bytes: what follows `whsec_` is base64, anything else is taken as it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret, "utf8");
}

/** https://www.standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`, base64, after `v1,`. */
export function signature(secret: string, id: string, timestampS: number, body: string): string {
  return `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${timestampS}.${body}`).digest("base64")}`;
}

/** Posts a notice to any address, signed as Standard Webhooks has it. */
export function webhookChannel(settings: HttpChannelSettings & { readonly url: Secret; readonly secret: Secret; readonly shape: "tillwatch" | "alertmanager" }, wording: Wording): Channel {
  const [url, secret] = [settings.url.reveal(), settings.secret.reveal()];
  return httpChannel(settings, {
    kind: "webhook",
    merges: "group",
    gapMs: 0,
    identity: [url, secret, settings.shape],
    secrets: [url, secret],
    requests: (notice) => {
      const body = JSON.stringify(settings.shape === "tillwatch" ? ownShape(notice, wording) : alertmanagerShape(notice, settings.name, wording));
      const id = `notice_${notice.id}`;
      const at = Math.floor(Date.now() / 1000);
      return [{ method: "POST", url, headers: { "content-type": "application/json; charset=utf-8", "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": signature(secret, id, at, body) }, body }];
    },
  });
}
