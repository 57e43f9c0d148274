import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { alertHead, clip, factsOf, headline, oneLine, remarks, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

/** https://docs.discord.com/developers/resources/message#embed-object-embed-limits: 10 embeds, 6000 characters together. */
const MOST = { content: 2000, embeds: 8, title: 256, description: 600 } as const;

const COLOUR = { CRITICAL: 0xc0_39_2b, WARNING: 0xd6_8a_10, resolved: 0x2e_8b_57 } as const;

/** What makes markup of a text, mentions included. */
function escape(text: string): string {
  return text.replaceAll(/[\\*_~`|>[\]()#<@-]/g, String.raw`\$&`);
}

function safe(text: string, most: number): string {
  return clip(escape(clip(oneLine(text), most)), most);
}

/** The body of a message to a Discord webhook; nobody is ever mentioned. */
export function discordMessage(notice: Notice, wording: Wording): object {
  const embeds = notice.alerts.slice(0, MOST.embeds).map((alert) => {
    const { news, state } = alert;
    const link = wording.alertLink(news.alertId);
    const ack = state === "firing" ? wording.ackLink(news.alertId, notice) : null;
    const todo = state === "resolved" ? [] : news.todo.slice(0, 2).map((line) => `→ ${safe(line, 120)}`);
    const text = [safe(factsOf(alert, notice, wording).join(" · "), 150), safe(news.summary, 180), ...todo].join("\n");
    return {
      title: safe(alertHead(alert), MOST.title - 150),
      description: `${clip(text, MOST.description)}${ack === null ? "" : `\n[Acknowledge](${ack})`}`,
      color: state === "resolved" ? COLOUR.resolved : COLOUR[news.severity],
      timestamp: new Date(news.startedAt).toISOString(),
      ...(link === null ? {} : { url: link }),
    };
  });
  const rest = notice.alerts.length > MOST.embeds ? [`${notice.alerts.length - MOST.embeds} more in the list of alerts.`] : [];
  const lines = [`**${safe(headline(notice), 300)}**`, ...[...remarks(notice), ...rest].map((line) => safe(line, 400)), safe(wording.source, 100)];
  return { content: clip(lines.join("\n"), MOST.content), embeds: fitting(embeds), allowed_mentions: { parse: [] } };
}

/** As many embeds as stay within 6000 characters together. */
function fitting<Embed extends { readonly title: string; readonly description: string }>(embeds: readonly Embed[]): Embed[] {
  let left = 6000;
  return embeds.filter(({ title, description }) => {
    left -= title.length + description.length;
    return left >= 0;
  });
}

/** A Discord webhook. */
export function discordChannel(settings: HttpChannelSettings & { readonly url: Secret }, wording: Wording): Channel {
  const url = settings.url.reveal();
  return httpChannel(settings, {
    kind: "discord",
    merges: "text",
    // Five in two seconds, and thirty a minute for a channel.
    gapMs: 2000,
    identity: [url],
    secrets: [url, ...url.split("/").slice(-2)],
    requests: (notice) => [{ method: "POST", url, headers: { "content-type": "application/json" }, body: JSON.stringify(discordMessage(notice, wording)) }],
  });
}
