import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice, NoticeAlert } from "../notice.ts";
import { alertHead, clip, factsOf, headBelow, headline, oneLine, remarks, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

/** https://docs.slack.dev/reference/block-kit/blocks: 50 blocks, 3000 characters of a section, 150 of a header, 75 of a button. */
const MOST = { section: 3000, header: 150, text: 3000, context: 2000, told: 8, listed: 30 } as const;

/** The three characters that mean something in mrkdwn; without them there is no link, mention or channel. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Escaped and cut, so that no escape is cut in two. */
function safe(text: string, most: number): string {
  let cut = clip(oneLine(text), most);
  while (escape(cut).length > most) cut = clip(cut, Math.max(1, cut.length - Math.max(1, Math.ceil((escape(cut).length - most) / 5))));
  return escape(cut);
}

const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });

function linesWithin(lines: readonly string[], most: number): string {
  let text = "";
  for (const line of lines) {
    if (text.length + line.length + 1 > most) return text;
    text += text === "" ? line : `\n${line}`;
  }
  return text;
}

function alertBlocks(alert: NoticeAlert, notice: Notice, wording: Wording): object[] {
  const { news, state } = alert;
  const details = news.details.slice(0, 5).map((line) => `• ${safe(line, 200)}`);
  const todo = state === "resolved" ? [] : news.todo.slice(0, 4).map((line) => `→ ${safe(line, 250)}`);
  const text = linesWithin([...headBelow(alert, notice).map((head) => `*${safe(head, 300)}*`), safe(factsOf(alert, notice, wording).join(" · "), 300), safe(news.summary, 700), ...details, ...todo], MOST.section);
  const link = wording.alertLink(news.alertId);
  const ack = state === "firing" ? wording.ackLink(news.alertId, notice) : null;
  const buttons = [
    ...(link === null ? [] : [{ type: "button", text: { type: "plain_text", text: "Evidence" }, url: link }]),
    ...(ack === null ? [] : [{ type: "button", style: "primary", text: { type: "plain_text", text: "Acknowledge" }, url: ack }]),
  ];
  return [{ type: "section", text: mrkdwn(text) }, ...(buttons.length === 0 ? [] : [{ type: "actions", elements: buttons }])];
}

/** The body of a message to a Slack incoming webhook. */
export function slackMessage(notice: Notice, wording: Wording): object {
  const told = notice.alerts.slice(0, MOST.told);
  const listed = notice.alerts.slice(MOST.told, MOST.told + MOST.listed).map((alert) => `• ${safe(alertHead(alert), 80)}`);
  const foot = [...remarks(notice), ...(notice.alerts.length > MOST.told + MOST.listed ? ["More in the list of alerts."] : []), wording.source];
  return {
    text: safe(`${headline(notice)}. ${notice.alerts[0] === undefined ? remarks(notice).join(" ") : notice.alerts[0].news.summary}`, MOST.text),
    unfurl_links: false,
    blocks: [
      { type: "header", text: { type: "plain_text", text: clip(headline(notice), MOST.header), emoji: false } },
      ...told.flatMap((alert) => alertBlocks(alert, notice, wording)),
      ...(listed.length === 0 ? [] : [{ type: "section", text: mrkdwn(linesWithin(listed, MOST.section)) }]),
      { type: "context", elements: [mrkdwn(linesWithin(foot.map((line) => safe(line, 500)), MOST.context))] },
    ],
  };
}

/** A Slack incoming webhook, or one that understands the same. Success is 200 and the body `ok`. */
export function slackChannel(settings: HttpChannelSettings & { readonly url: Secret }, wording: Wording): Channel {
  const url = settings.url.reveal();
  return httpChannel(settings, {
    kind: "slack",
    merges: "text",
    // One a second for each webhook. https://docs.slack.dev/apis/web-api/rate-limits
    gapMs: 1000,
    identity: [url],
    secrets: [url, ...url.split("/").slice(-3)],
    requests: (notice) => [{ method: "POST", url, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(slackMessage(notice, wording)) }],
    judge: ({ status, body }) => {
      if (status === 200) return body.trim() === "ok" ? { kind: "sent", status } : { kind: "later", status, reason: "answered 200 without the ok of Slack; is this the address of an incoming webhook?", afterMs: null };
      return null;
    },
  });
}
