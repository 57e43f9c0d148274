import { createHash } from "node:crypto";
import { DAY_MS, isoMillis, type Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice, NoticeAlert } from "../notice.ts";
import { clip, factsOf, headline, oneLine, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

/** Until it is told again or its end comes; repeats come oftener. */
const LASTS_MS = DAY_MS;

/** Names as Prometheus has them; a label without a value is none. */
export function promLabels(labels: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const clean = Object.entries({ ...labels, ...more }).map(([name, value]): [string, string] => [name.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_"), clip(oneLine(value), 500)]);
  return Object.fromEntries(clean.filter(([name, value]) => name !== "" && value !== ""));
}

/** An alert in Alertmanager's shape, as it takes and gives them. */
export function promAlert(alert: NoticeAlert, notice: Notice, wording: Wording): { labels: Record<string, string>; annotations: Record<string, string>; startsAt: string; endsAt: string; generatorURL: string } {
  const { news, state } = alert;
  return {
    labels: promLabels(news.labels, { alertname: news.rule, severity: news.severity.toLowerCase(), subject: news.subject, ...(news.drill ? { drill: "true" } : {}) }),
    annotations: {
      summary: clip(oneLine(news.title), 500),
      description: clip(oneLine(news.summary), 2000),
      facts: factsOf(alert, notice, wording).join(" · "),
      todo: clip(news.todo.map(oneLine).join(" "), 2000),
    },
    startsAt: isoMillis(news.startedAt),
    // Zero time: it goes on.
    endsAt: state === "resolved" ? isoMillis(news.resolvedAt ?? notice.createdAt) : "0001-01-01T00:00:00Z",
    generatorURL: wording.alertLink(news.alertId) ?? "",
  };
}

/** Names an alert by its labels, as Alertmanager does (not with the same hash). */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))).digest("hex").slice(0, 16);
}

/** Pushes alerts to an Alertmanager, which routes them on: `POST /api/v2/alerts`. */
export function alertmanagerChannel(settings: HttpChannelSettings & { readonly url: Secret }, wording: Wording): Channel {
  const base = settings.url.reveal();
  const { username, password } = new URL(base);
  const address = new URL(base);
  address.username = "";
  address.password = "";
  const authorization = username === "" ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}` };
  return httpChannel(settings, {
    kind: "alertmanager",
    merges: "group",
    gapMs: 0,
    identity: [base],
    secrets: [base, password, decodeURIComponent(password)],
    requests: (notice) => {
      const alerts = notice.alerts.map((alert) => {
        const shaped = promAlert(alert, notice, wording);
        return { ...shaped, endsAt: alert.state === "resolved" ? shaped.endsAt : isoMillis(notice.createdAt + LASTS_MS) };
      });
      const words = { labels: promLabels({ alertname: "tillwatch_notice", reason: notice.reason, severity: "info" }), annotations: { summary: clip(headline(notice), 500) }, startsAt: isoMillis(notice.createdAt), endsAt: isoMillis(notice.createdAt + 300_000), generatorURL: "" };
      return [{ method: "POST", url: `${address.href.replace(/\/+$/, "")}/api/v2/alerts`, headers: { "content-type": "application/json", ...authorization }, body: JSON.stringify(alerts.length === 0 ? [words] : alerts) }];
    },
  });
}
