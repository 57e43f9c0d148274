import { signatureHeader } from "../../stripe/index.ts";
import { AWAY_STATUS, type Attempt } from "./decide.ts";

export interface ForwardTarget {
  readonly name: string;
  readonly url: string;
  /** Signs what is forwarded, as Stripe would with this secret of its own. */
  readonly secret: string;
  /** Event types; `charge.*` stands for all below, none given means all. */
  readonly types: readonly string[];
  readonly timeoutMs: number;
}

export type Send = (target: ForwardTarget, event: { readonly id: string; readonly raw: Uint8Array }, nowMs: number) => Promise<Attempt>;

/**
 * Posts the bytes as they came, signed anew: the first signature would be stale by the first retry. Any 2xx is taken,
 * a redirect is not followed.
 */
export const sendOver: Send = async ({ url, secret, timeoutMs }, { id, raw }, nowMs) => {
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
        "stripe-signature": signatureHeader(raw, secret, Math.floor(nowMs / 1000)),
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
