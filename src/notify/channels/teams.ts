import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { alertHead, clip, factsOf, headline, oneLine, remarks, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

/** A message of a webhook may have 28 KB. https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors */
const MOST_BYTES = 27_000;
const MOST_TOLD = 8;

/** What makes markup of a text in a TextBlock: links, emphasis, lists, headings. */
function escape(text: string): string {
  return text.replaceAll(/[\\*_~`[\]()#<>-]/g, String.raw`\$&`);
}

function safe(text: string, most: number): string {
  return clip(escape(clip(oneLine(text), most)), most * 2);
}

const block = (text: string, more: object = {}) => ({ type: "TextBlock", text, wrap: true, ...more });

function cardOf(notice: Notice, wording: Wording, told: number): object {
  const alerts = notice.alerts.slice(0, told);
  const body = alerts.flatMap((alert) => {
    const { news, state } = alert;
    const todo = state === "resolved" ? [] : news.todo.slice(0, 3).map((line) => block(`→ ${safe(line, 200)}`));
    return [
      block(safe(alertHead(alert), 200), { weight: "Bolder", separator: true, color: state === "resolved" ? "Good" : news.severity === "CRITICAL" ? "Attention" : "Warning" }),
      block(safe(factsOf(alert, notice, wording).join(" · "), 200), { isSubtle: true, spacing: "None" }),
      block(safe(news.summary, 400)),
      ...todo,
    ];
  });
  const [first] = alerts;
  const link = first === undefined ? null : wording.alertLink(first.news.alertId);
  const ack = first?.state === "firing" ? wording.ackLink(first.news.alertId, notice) : null;
  const rest = notice.alerts.length > told ? [`${notice.alerts.length - told} more in the list of alerts.`] : [];
  const actions = [...(link === null ? [] : [{ type: "Action.OpenUrl", title: "Evidence", url: link }]), ...(ack === null ? [] : [{ type: "Action.OpenUrl", title: "Acknowledge", url: ack }])];
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body: [block(safe(headline(notice), 250), { size: "Large", weight: "Bolder" }), ...body, ...[...remarks(notice), ...rest, wording.source].map((line) => block(safe(line, 300), { isSubtle: true, spacing: "Small" }))],
    actions,
  };
}

/** The body of a message to a Teams workflow ("post to a channel when a webhook request is received"): one adaptive card. */
export function teamsMessage(notice: Notice, wording: Wording): string {
  for (let told = MOST_TOLD; ; told -= 1) {
    const text = JSON.stringify({ type: "message", attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: cardOf(notice, wording, told) }] });
    if (Buffer.byteLength(text) <= MOST_BYTES || told === 0) return text;
  }
}

/** Microsoft Teams by the webhook of a workflow; the older connectors are no more. */
export function teamsChannel(settings: HttpChannelSettings & { readonly url: Secret }, wording: Wording): Channel {
  const url = settings.url.reveal();
  return httpChannel(settings, {
    kind: "teams",
    merges: "text",
    // Four a second.
    gapMs: 300,
    identity: [url],
    // The signature of the address is what lets in.
    secrets: [url, new URL(url).searchParams.get("sig") ?? ""],
    requests: (notice) => [{ method: "POST", url, headers: { "content-type": "application/json" }, body: teamsMessage(notice, wording) }],
  });
}
