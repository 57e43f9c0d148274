import { isoMillis, type Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { alertHead, clip, factsOf, headline, incidentKey, oneLine, remarks, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

export const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";

/** https://developer.pagerduty.com/docs/events-api-v2-overview: 1024 characters of summary, 255 of a key, 512 KB in all. */
const MOST = { summary: 1024, told: 20, text: 500 } as const;

type Action = "trigger" | "acknowledge" | "resolve";

const ACTION: Readonly<Record<Notice["status"], Action>> = { firing: "trigger", acknowledged: "acknowledge", resolved: "resolve", information: "trigger" };

/** The event of PagerDuty's Events API v2, without the key of the integration. */
export function pagerdutyEvent(notice: Notice, wording: Wording, action: Action = ACTION[notice.status]): Record<string, unknown> {
  const key = { event_action: action, dedup_key: incidentKey(notice) };
  if (action !== "trigger") return key;
  const [first] = notice.alerts;
  const link = first === undefined ? null : wording.alertLink(first.news.alertId);
  const ack = first?.state === "firing" ? wording.ackLink(first.news.alertId, notice) : null;
  return {
    ...key,
    client: "Tillwatch",
    ...(link === null ? {} : { client_url: link }),
    links: [...(link === null ? [] : [{ href: link, text: "Evidence" }]), ...(ack === null ? [] : [{ href: ack, text: "Acknowledge in Tillwatch" }])],
    payload: {
      // What the lock screen shows of it: what, how bad in money, since when.
      summary: clip([headline(notice), ...(first === undefined || notice.alerts.length > 1 ? [] : factsOf(first, notice, wording))].join(" · "), MOST.summary),
      source: clip(oneLine(wording.source), 255),
      severity: notice.reason === "test" || notice.drill ? "info" : notice.severity === "CRITICAL" ? "critical" : "warning",
      timestamp: isoMillis(first?.news.firedAt ?? first?.news.startedAt ?? notice.createdAt),
      component: clip(oneLine(first?.news.subject ?? "notices"), 255),
      group: clip(oneLine(notice.route), 255),
      class: clip(oneLine(first?.news.rule ?? notice.reason), 255),
      custom_details: {
        firing: notice.firing,
        resolved: notice.resolved,
        remarks: remarks(notice).map((line) => clip(line, MOST.text)),
        alerts: notice.alerts.slice(0, MOST.told).map((alert) => ({
          alert: clip(alertHead(alert), MOST.text),
          facts: factsOf(alert, notice, wording).join(" · "),
          summary: clip(oneLine(alert.news.summary), MOST.text),
          todo: alert.news.todo.slice(0, 5).map((line) => clip(oneLine(line), MOST.text)),
        })),
      },
    },
  };
}

/** PagerDuty, by a key of its Events API v2. */
export function pagerdutyChannel(settings: HttpChannelSettings & { readonly url: string; readonly routingKey: Secret }, wording: Wording): Channel {
  const key = settings.routingKey.reveal();
  const request = (event: Record<string, unknown>) => ({ method: "POST" as const, url: settings.url, headers: { "content-type": "application/json" }, body: JSON.stringify({ routing_key: key, ...event }) });
  return httpChannel(settings, {
    kind: "pagerduty",
    merges: "group",
    // 960 events a minute for a key.
    gapMs: 70,
    identity: [settings.url, key],
    secrets: [key],
    // A test leaves no incident behind.
    requests: (notice) => (notice.reason === "test" ? [request(pagerdutyEvent(notice, wording)), request(pagerdutyEvent(notice, wording, "resolve"))] : [request(pagerdutyEvent(notice, wording))]),
    judge: ({ status, body }) => (status === 400 && /routing.?key/i.test(body) ? { kind: "disabled", status, reason: "answered 400: the routing key is not accepted" } : null),
  });
}
