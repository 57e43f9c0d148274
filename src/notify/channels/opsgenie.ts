import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { clip, headline, incidentKey, oneLine, plainText, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings, type Request } from "./http.ts";

export const OPSGENIE_URL = "https://api.opsgenie.com";

/** https://docs.opsgenie.com/docs/alert-api: lengths of the fields of an alert. */
const MOST = { message: 130, description: 15_000, entity: 512, source: 100, tag: 50, note: 25_000 } as const;

function created(notice: Notice, wording: Wording): Record<string, unknown> {
  const [first] = notice.alerts;
  return {
    message: clip(headline(notice), MOST.message),
    alias: incidentKey(notice),
    description: clip(plainText(notice, wording, 8), MOST.description),
    entity: clip(oneLine(first?.news.subject ?? "notices"), MOST.entity),
    source: clip(oneLine(wording.source), MOST.source),
    priority: notice.reason === "test" || notice.drill ? "P5" : notice.severity === "CRITICAL" ? "P1" : "P3",
    tags: [notice.severity, ...(first === undefined ? [] : [first.news.rule]), ...(notice.drill ? ["drill"] : [])].map((tag) => clip(oneLine(tag), MOST.tag)),
    details: { firing: String(notice.firing), resolved: String(notice.resolved), route: clip(oneLine(notice.route), 500) },
  };
}

/** Opsgenie, Jira Service Management, and what understands the same alert API. */
export function opsgenieChannel(settings: HttpChannelSettings & { readonly url: string; readonly apiKey: Secret }, wording: Wording): Channel {
  const key = settings.apiKey.reveal();
  const post = (path: string, body: object): Request => ({ method: "POST", url: `${settings.url.replace(/\/+$/, "")}/v2/alerts${path}`, headers: { "content-type": "application/json", authorization: `GenieKey ${key}` }, body: JSON.stringify(body) });
  const on = (notice: Notice, what: "close" | "acknowledge"): Request => post(`/${incidentKey(notice)}/${what}?identifierType=alias`, { source: clip(oneLine(wording.source), MOST.source), note: clip(headline(notice), MOST.note) });
  return httpChannel(settings, {
    kind: "opsgenie",
    merges: "group",
    gapMs: 100,
    identity: [settings.url, key],
    secrets: [key],
    requests: (notice) => {
      if (notice.reason === "test") return [post("", created(notice, wording)), on(notice, "close")];
      switch (notice.status) {
        case "firing":
        case "information":
          return [post("", created(notice, wording))];
        case "acknowledged":
          return [on(notice, "acknowledge")];
        case "resolved":
          return [on(notice, "close")];
      }
    },
  });
}
