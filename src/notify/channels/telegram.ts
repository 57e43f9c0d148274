import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import { clip, plainText, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

export const TELEGRAM_URL = "https://api.telegram.org";

/** https://core.telegram.org/bots/api#sendmessage: 1 to 4096 characters. */
const MOST_TEXT = 4096;

function askedSeconds(body: string): number | null {
  const found = /"retry_after"\s*:\s*(\d{1,6})/.exec(body)?.[1];
  return found === undefined ? null : Number(found) * 1000;
}

/** A Telegram bot that writes to one chat. Plain text: nothing in it is markup. */
export function telegramChannel(settings: HttpChannelSettings & { readonly url: string; readonly token: Secret; readonly chat: string }, wording: Wording): Channel {
  const token = settings.token.reveal();
  return httpChannel(settings, {
    kind: "telegram",
    merges: "text",
    // About one a second to a chat.
    gapMs: 1100,
    identity: [settings.url, token, settings.chat],
    secrets: [token, token.split(":").at(-1) ?? token],
    requests: (notice) => [
      {
        method: "POST",
        url: `${settings.url.replace(/\/+$/, "")}/bot${token}/sendMessage`,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ chat_id: settings.chat, text: clip(plainText(notice, wording, 6), MOST_TEXT), link_preview_options: { is_disabled: true }, disable_notification: notice.status !== "firing" }),
      },
    ],
    judge: ({ status, body }) => {
      if (status === 429) return { kind: "later", status, reason: "answered 429: too many messages", afterMs: askedSeconds(body) };
      if (status === 400 && /chat not found/i.test(body)) return { kind: "disabled", status, reason: "answered 400: there is no such chat, or the bot is not in it" };
      return null;
    },
  });
}
