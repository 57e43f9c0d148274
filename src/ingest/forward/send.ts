import { signatureHeader } from "../../stripe/index.ts";
import { AWAY_STATUS, type Attempt } from "./decide.ts";

export interface ForwardTarget {
  readonly name: string;
  readonly url: string;
  /** Signs what is forwarded, as Stripe would with this secret of its own. */
  readonly secret: string;
  /**
   * `own`: signed with `secret` when it is sent. `original`: with Stripe's own signature, as it came, where it was kept
   * (what was swept or imported never had one); ours stands beside it.
   */
  readonly signature: "own" | "original";
  /** Event types; `charge.*` stands for all below, none given means all. */
  readonly types: readonly string[];
  readonly timeoutMs: number;
}

export interface ForwardedEvent {
  readonly id: string;
  /** As it came. */
  readonly raw: Uint8Array;
  /** Stripe's `Stripe-Signature`, for a target that wants it; null where none was kept. */
  readonly original: string | null;
}

export type Send = (target: ForwardTarget, event: ForwardedEvent, nowMs: number) => Promise<Attempt>;

/** Stripe's signature is stale 300 s after it was made, so that ours, which is fresh, always goes along. */
function signatures({ secret, signature }: ForwardTarget, { raw, original }: ForwardedEvent, nowMs: number): Record<string, string> {
  const own = signatureHeader(raw, secret, Math.floor(nowMs / 1000));
  return { "stripe-signature": signature === "original" && original !== null ? original : own, "tillwatch-signature": own };
}

/** Posts the bytes as they came. Any 2xx is taken, a redirect is not followed. */
export const sendOver: Send = async (target, event, nowMs) => {
  const { url, timeoutMs } = target;
  const { id, raw } = event;
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: Buffer.from(raw),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Tillwatch",
        ...signatures(target, event, nowMs),
        "tillwatch-event": id,
      },
    });
    // Read to the end, so that the connection can be used again; an endless answer is cut by the time limit.
    await response.arrayBuffer();
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return { kind: "away", status: 0, reason: late ? `no answer within ${timeoutMs} ms` : "cannot be reached" };
  }
  if (response.status >= 200 && response.status < 300) return { kind: "taken" };
  if (AWAY_STATUS.has(response.status)) return { kind: "away", status: response.status, reason: `answered ${response.status}` };
  return { kind: "refused", status: response.status };
};

export function wants({ types }: Pick<ForwardTarget, "types">, type: string): boolean {
  return types.length === 0 || types.some((wanted) => wanted === "*" || wanted === type || (wanted.endsWith(".*") && type.startsWith(wanted.slice(0, -1))));
}
