import { createHash } from "node:crypto";
import { type Answered, askOutside, type Outgoing } from "../../platform/index.ts";
import type { Channel, SendOutcome } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { clip } from "../words.ts";

/** What every channel over HTTP is told beside its own. */
export interface HttpChannelSettings {
  readonly name: string;
  readonly timeoutMs: number;
  /** Loopback and private networks may be asked. */
  readonly allowPrivate: boolean;
}

export type Request = Pick<Outgoing, "method" | "url" | "headers" | "body">;

export interface HttpChannelParts {
  readonly kind: string;
  readonly merges: Channel["merges"];
  readonly gapMs: number;
  /** Everything that makes it what it is, secrets included: for the fingerprint alone. */
  readonly identity: readonly unknown[];
  /** One or more requests, sent one after the other; what fails stops those behind it. */
  requests(notice: Notice): readonly Request[];
  /** What an answer means, when it is not as everybody has it. */
  judge?(answer: Answered & { kind: "answered" }): SendOutcome | null;
  /** What must stand in no text. */
  readonly secrets: readonly string[];
}

/** Not there any more, or not for us. */
const GONE = new Set([401, 403, 404, 410]);
const LATER = new Set([408, 423, 425, 429, 500, 502, 503, 504]);

/** Seconds, or a date; ms from now. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,7}(\.\d+)?$/.test(value.trim())) return Math.ceil(Number(value) * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** The first words of an answer, without what must not be seen; answers often repeat what was sent. */
function wordsOf(body: string, secrets: readonly string[]): string {
  let text = body.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  for (const secret of secrets) if (secret.length > 3) text = text.replaceAll(secret, "***");
  // Markup, addresses and long tokens tell a person nothing here, and may be what we are to keep.
  text = text.replaceAll(/<[^>]*>/g, " ").replaceAll(/https?:\/\/\S+/gi, "(address)").replaceAll(/(?=[A-Za-z_+/=-]*\d)[A-Za-z0-9_+/=-]{16,}/g, "***").trim();
  return clip(text, 120);
}

/** What an answer means for a notice, as most have it. */
export function judgeStatus({ status, headers, body }: Answered & { kind: "answered" }, secrets: readonly string[], nowMs: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: "sent", status };
  const words = wordsOf(body, secrets);
  const reason = `answered ${status}${words === "" ? "" : `: ${words}`}`;
  if (LATER.has(status) || status >= 500) return { kind: "later", status, reason, afterMs: retryAfterMs(headers["retry-after"], nowMs) };
  if (GONE.has(status) || (status >= 300 && status < 400)) return { kind: "disabled", status, reason: status < 400 ? `answered ${status}: redirects are not followed; give the address it leads to` : reason };
  return { kind: "refused", status, reason };
}

/** A channel that is one or more HTTP requests. */
export function httpChannel({ name, timeoutMs, allowPrivate }: HttpChannelSettings, parts: HttpChannelParts): Channel {
  const { kind, merges, gapMs, identity, requests, judge, secrets } = parts;
  return {
    name,
    kind,
    merges,
    gapMs,
    fingerprint: createHash("sha256").update(JSON.stringify([kind, name, allowPrivate, identity])).digest("hex").slice(0, 24),
    send: async (notice) => {
      let last: SendOutcome = { kind: "sent", status: null };
      for (const request of requests(notice)) {
        const answer = await askOutside({ ...request, timeoutMs, allowPrivate });
        last = answer.kind === "answered" ? (judge?.(answer) ?? judgeStatus(answer, secrets, Date.now())) : answer.kind === "away" ? { kind: "later", status: null, reason: answer.reason, afterMs: null } : { kind: "disabled", status: null, reason: answer.reason };
        if (last.kind !== "sent") return last;
      }
      return last;
    },
  };
}
