import { type Arrival, readHead, type Refusal } from "../ledger/index.ts";
import { type EndpointSecret, verifySignature } from "../stripe/index.ts";

/** A request to the webhook endpoint, as it came. */
export interface WebhookRequest {
  /** The bytes that were signed; null when there was no body. */
  readonly raw: Uint8Array | null;
  readonly signature: string | undefined;
}

export type Received = { readonly kind: "arrival"; readonly arrival: Arrival } | { readonly kind: "refusal"; readonly refusal: Refusal };

/** What a refused body says of itself is shown, never trusted. */
function claimed(raw: Uint8Array): { eventId: string | null; eventType: string | null } {
  // A forger could make us parse a megabyte per request; a glance at the head of the text is enough to recognise one.
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, 2048)).toString("latin1");
  return { eventId: /"id"\s*:\s*"(evt_\w{1,64})"/.exec(text)?.[1] ?? null, eventType: /"type"\s*:\s*"([a-z0-9_.]{1,100})"/.exec(text)?.[1] ?? null };
}

function parse(raw: Uint8Array): { kind: "json"; value: unknown } | { kind: "not_json" } {
  try {
    return { kind: "json", value: JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("utf8")) };
  } catch {
    return { kind: "not_json" };
  }
}

/**
 * Decides what a webhook request is: an authentic event, an authentic body that is no event (`malformed`), or not
 * authentic (`rejected`). Looks at the signature first; nothing unsigned is parsed.
 *
 * @param nowMs ms UTC.
 */
export function receive(request: WebhookRequest, secrets: readonly EndpointSecret[], nowMs: number): Received {
  const { raw } = request;
  const refuse = (outcome: "malformed" | "rejected", endpoint: string, reason: string): Received => ({
    kind: "refusal",
    refusal: { outcome, receivedAt: nowMs, endpoint, status: 400, reason, count: 1, ...(raw === null ? { eventId: null, eventType: null } : claimed(raw)) },
  });
  // What brings no signature is not even read, so its body is not here.
  if (request.signature === undefined || request.signature === "") return refuse("rejected", "unknown", "no Stripe-Signature header");
  if (raw === null || raw.byteLength === 0) return refuse("rejected", "unknown", "the request has no body");
  const verdict = verifySignature(raw, request.signature, secrets, nowMs);
  if (verdict.kind === "rejected") return refuse("rejected", "unknown", verdict.reason);
  const parsed = parse(raw);
  if (parsed.kind === "not_json") return refuse("malformed", verdict.endpoint, "the body is signed but is not valid JSON");
  const head = readHead(parsed.value, nowMs);
  if (head.kind === "malformed") return refuse("malformed", verdict.endpoint, head.reason);
  return { kind: "arrival", arrival: { kind: "arrival", head: head.head, body: raw, receivedAt: nowMs, source: "webhook", endpoint: verdict.endpoint } };
}
