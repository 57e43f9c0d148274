import { createHash } from "node:crypto";
import { AppError, type Clock, type Database, html, Html, type Http, isoMillis } from "../platform/index.ts";
import { readAckToken } from "./ack-link.ts";
import { knownAlerts } from "./store.ts";

export interface AckPage {
  readonly db: Database;
  readonly clock: Clock;
  /** What signs the links. */
  key(): Promise<string>;
  /** Who a link of this channel was sent to, in words: the person whose channel it is, or the channel. */
  nameOf(channel: string): string;
  /** Takes the alert on. @throws AppError `conflict` when it is over, `not_found`. */
  acknowledge(alertId: number, by: string, requestId: string): Promise<void>;
}

export const ACK_PATH = "/ack";

const STYLE = "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1.2rem;color:#1a1f36;background:#fff}h1{font-size:1.3rem}button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.5rem;background:#1a1f36;color:#fff}label{display:block;margin:1rem 0}input{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}@media(prefers-color-scheme:dark){body{background:#12141c;color:#e8eaf0}button{background:#e8eaf0;color:#12141c}}";
const CSP = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

function page(title: string, body: Html): string {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${new Html(STYLE)}</style></head><body><h1>${title}</h1>${body}</body></html>`.text;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const FORGED: Answer = { status: 404, text: page("This link is not one of ours", html`<p>Open the notice again, or the list of alerts.</p>`) };

function said(title: string, ...lines: string[]): Answer {
  return { status: 200, text: page(title, html`${lines.map((line) => html`<p>${line}</p>`)}`) };
}

/** The name that somebody gave, as one line; null when none. */
function nameIn(body: unknown): string | null {
  const given = typeof body === "string" ? (new URLSearchParams(body).get("name") ?? "") : "";
  const name = given.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, 80);
  return name === "" ? null : name;
}

async function show(deps: AckPage, token: string): Promise<Answer> {
  const verdict = readAckToken(await deps.key(), token, deps.clock.now());
  if (verdict.kind === "forged") return FORGED;
  const [alert] = await knownAlerts(deps.db.read, [verdict.claim.alertId]);
  if (alert === undefined) return FORGED;
  if (verdict.kind === "expired") return { status: 410, text: page("This link has expired", html`<p>It worked until ${isoMillis(verdict.claim.expiresAt)}. Acknowledge in the list of alerts, or by a newer notice.</p>`) };
  if (alert.state === "resolved") return said("This is over already", `${alert.news.title}: resolved, there is nothing to acknowledge.`);
  if (alert.acknowledgedAt !== null) return said("Acknowledged already", `${alert.news.title}: somebody has it since ${isoMillis(alert.acknowledgedAt)}.`);
  // Mail scanners follow links: looking at one changes nothing.
  const form = html`<p><strong>${alert.news.severity}${alert.news.drill ? ", drill" : ""}:</strong> ${alert.news.title}</p><p>${alert.news.summary}</p>
<form method="post"><label>Your name (optional)<input name="name" maxlength="80" autocomplete="name"></label><button type="submit">Acknowledge: I have it</button></form>`;
  return { status: 200, text: page("Acknowledge this alert?", form) };
}

async function acknowledge(deps: AckPage, token: string, body: unknown, requestId: string): Promise<Answer> {
  const verdict = readAckToken(await deps.key(), token, deps.clock.now());
  if (verdict.kind !== "valid") return await show(deps, token);
  const via = deps.nameOf(verdict.claim.channel);
  const name = nameIn(body);
  try {
    await deps.acknowledge(verdict.claim.alertId, name === null ? `${via}, by a link` : `${name} (by a link to ${via})`, requestId);
  } catch (error) {
    if (error instanceof AppError && (error.kind === "conflict" || error.kind === "not_found")) return said("Nothing to acknowledge", error.message);
    throw error;
  }
  return said("Acknowledged", "Escalation has stopped, and the others are told that you have it.");
}

/** `GET /ack/:token` asks, `POST` does. Without a key: the signed link is the key, for this alert and a day. */
export function ackRoutes(http: Http, deps: AckPage): void {
  void http.register(async (scope) => {
    // Only here a form may be posted.
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string", bodyLimit: 4096 }, (_request, body, done) => done(null, body));
    const options = { schema: { hide: true } };
    scope.get<{ Params: { token: string } }>(`${ACK_PATH}/:token`, options, async (request, reply) => {
      const { status, text } = await show(deps, request.params.token);
      return await reply.code(status).header("content-security-policy", CSP).type("text/html; charset=utf-8").send(text);
    });
    scope.post<{ Params: { token: string } }>(`${ACK_PATH}/:token`, options, async (request, reply) => {
      const { status, text } = await acknowledge(deps, request.params.token, request.body, request.id);
      return await reply.code(status).header("content-security-policy", CSP).type("text/html; charset=utf-8").send(text);
    });
  });
}
