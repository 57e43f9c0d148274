import { createHash } from "node:crypto";
import { html, type Html, type Mail, type Mailer } from "../../platform/index.ts";
import type { Channel, SendOutcome } from "../channel.ts";
import type { Notice, NoticeAlert } from "../notice.ts";
import { alertHead, clip, factsOf, headline, oneLine, plainText, remarks, type Wording } from "../words.ts";

const MOST_TOLD = 25;

function linkHtml(address: string | null, words: string): Html {
  return address === null ? html`` : html`<a href="${address}" style="display:inline-block;margin:8px 12px 0 0;padding:8px 14px;background:#1a1f36;color:#fff;border-radius:6px;text-decoration:none">${words}</a>`;
}

function alertHtml(alert: NoticeAlert, notice: Notice, wording: Wording): Html {
  const { news, state } = alert;
  const colour = state === "resolved" ? "#2e7d4f" : news.severity === "CRITICAL" ? "#b3261e" : "#9a6700";
  const items = (lines: readonly string[]): Html => (lines.length === 0 ? html`` : html`<ul style="margin:6px 0;padding-left:20px">${lines.map((line) => html`<li>${oneLine(line)}</li>`)}</ul>`);
  return html`<div style="border-left:4px solid ${colour};padding:4px 0 4px 12px;margin:16px 0">
<strong style="color:${colour}">${alertHead(alert)}</strong>
<div style="color:#5b6577">${factsOf(alert, notice, wording).join(" · ")}</div>
<div>${oneLine(news.summary)}</div>
${items(news.details)}${state === "resolved" || news.todo.length === 0 ? html`` : html`<div style="margin-top:6px"><strong>What to do first</strong></div>${items(news.todo)}`}
${linkHtml(wording.alertLink(news.alertId), "Evidence")}${state === "firing" ? linkHtml(wording.ackLink(news.alertId, notice), "Acknowledge") : html``}
</div>`;
}

/** The same as text and as a page; styles stand inline, since mail readers throw style sheets away. */
export function mailOf(notice: Notice, wording: Wording): { subject: string; text: string; html: string } {
  const subject = clip(`${headline(notice)} [${oneLine(wording.source)}]`, 200);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${subject}</title></head>
<body style="margin:0;background:#f4f5f7;color:#1a1f36;font:16px/1.5 -apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff">
<h1 style="font-size:20px;margin:0">${headline(notice)}</h1>
${notice.alerts.slice(0, MOST_TOLD).map((alert) => alertHtml(alert, notice, wording))}
${remarks(notice).map((line) => html`<p style="color:#5b6577;margin:6px 0">${line}</p>`)}
<p style="color:#5b6577;font-size:13px">${wording.source}, times in ${wording.timeZone}</p>
</div></body></html>
`;
  return { subject, text: `${plainText(notice, wording, MOST_TOLD)}\n\n${oneLine(wording.source)}, times in ${wording.timeZone}\n`, html: page.text };
}

export interface MailChannelSettings {
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Names the server and how to log in there; for the fingerprint alone, so that a new password enables the channel. */
  readonly server: string;
}

/** Some mail readers stop at so many; the oldest keep the thread together. */
const MOST_REFERENCES = 10;

/**
 * What a mail reader and a mail server go by beside the text: a thread for each alert (a notice about several joins their
 * threads), a list to filter by (RFC 2919), and that no absence note is to be sent back (RFC 3834, and Exchange's own).
 */
function headersOf(notice: Notice, name: string, domain: string): Pick<Mail, "references" | "urgent" | "headers"> {
  const alerts = notice.alerts.map(({ news }) => news.alertId).sort((one, other) => one - other);
  return {
    references: alerts.slice(0, MOST_REFERENCES).map((id) => `tillwatch-alert-${id}@${domain}`),
    urgent: notice.status === "firing" && notice.severity === "CRITICAL" && !notice.drill,
    headers: { "List-Id": `Tillwatch alerts <${name}.tillwatch.${domain}>`, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
}

/** Mail by SMTP. Whether it arrived when the connection broke is not known; it is sent again, under the same message id. */
export function mailChannel({ name, from, to, server }: MailChannelSettings, mailer: Mailer, wording: Wording): Channel {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  return {
    name,
    kind: "mail",
    merges: "text",
    gapMs: 0,
    fingerprint: createHash("sha256").update(JSON.stringify([name, from, to, server])).digest("hex").slice(0, 24),
    send: async (notice): Promise<SendOutcome> => {
      const outcome = await mailer.send({ from, to: to.join(", "), replyTo: null, messageId: `tillwatch-notice-${notice.id}-${name}@${domain}`, ...headersOf(notice, name, domain), ...mailOf(notice, wording) });
      switch (outcome.kind) {
        case "sent":
          return { kind: "sent", status: null };
        case "unclear":
          return { kind: "later", status: null, reason: `the connection broke while the server had the mail: ${outcome.text}`, afterMs: null };
        case "refused":
          if (outcome.passing) return { kind: "later", status: null, reason: outcome.text, afterMs: null };
          // 530, 534, 535, 538: it does not let us in; 550 and the like: it does not take this mail, or this receiver.
          return /\b53[0458]\b|auth/i.test(outcome.text) ? { kind: "disabled", status: null, reason: outcome.text } : { kind: "refused", status: null, reason: outcome.text };
      }
    },
  };
}
