import type { Secret } from "../../platform/index.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { clipBytes, headline, plainText, type Wording } from "../words.ts";
import { httpChannel, type HttpChannelSettings } from "./http.ts";

/** https://docs.ntfy.sh/publish: a longer message becomes an attachment. */
const MOST = { message: 4000, title: 240 } as const;

/** The body of a publication as JSON. */
export function ntfyMessage(notice: Notice, topic: string, wording: Wording): Record<string, unknown> {
  const [first] = notice.alerts;
  const link = first === undefined ? null : wording.alertLink(first.news.alertId);
  const ack = first?.state === "firing" ? wording.ackLink(first.news.alertId, notice) : null;
  const text = plainText(notice, { ...wording, alertLink: () => null, ackLink: () => null }, 5).split("\n\n").slice(1).join("\n\n");
  return {
    topic,
    title: clipBytes(headline(notice), MOST.title),
    message: clipBytes(text === "" ? headline(notice) : text, MOST.message),
    // 5 rings through "do not disturb" where the person allows it; 2 makes no sound.
    priority: notice.status !== "firing" ? 2 : notice.severity === "CRITICAL" ? 5 : 3,
    tags: [notice.status === "resolved" ? "white_check_mark" : notice.severity === "CRITICAL" ? "rotating_light" : "warning", ...(notice.drill ? ["drill"] : [])],
    ...(link === null ? {} : { click: link }),
    actions: [...(link === null ? [] : [{ action: "view", label: "Evidence", url: link }]), ...(ack === null ? [] : [{ action: "view", label: "Acknowledge", url: ack }])],
  };
}

/** ntfy.sh or a server of one's own. The topic is the last part of the address, and whoever knows it may read along. */
export function ntfyChannel(settings: HttpChannelSettings & { readonly url: Secret; readonly token: Secret | null }, wording: Wording): Channel {
  const address = new URL(settings.url.reveal());
  const topic = decodeURIComponent(address.pathname.split("/").filter((part) => part !== "").at(-1) ?? "");
  const token = settings.token?.reveal() ?? null;
  const root = new URL(address.href);
  root.pathname = address.pathname.replace(/\/*[^/]*\/*$/, "/");
  return httpChannel(settings, {
    kind: "ntfy",
    merges: "text",
    gapMs: 500,
    identity: [address.href, token],
    secrets: [address.href, topic, ...(token === null ? [] : [token])],
    requests: (notice) => [{ method: "POST", url: root.href, headers: { "content-type": "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) }, body: JSON.stringify(ntfyMessage(notice, topic, wording)) }],
  });
}
