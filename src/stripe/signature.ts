import { createHmac, timingSafeEqual } from "node:crypto";

/** A signing secret of one webhook endpoint. The whole text, `whsec_` included, is the key. */
export interface EndpointSecret {
  /** Names the endpoint in our records; the secret itself never appears. */
  readonly endpoint: string;
  readonly secret: string;
}

export type Verdict = { readonly kind: "authentic"; readonly endpoint: string } | { readonly kind: "rejected"; readonly reason: string };

/** Both ways: a stale request may be a replay, one from the future a clock that is wrong. Stripe's own default. */
export const TOLERANCE_S = 300;

/** A real header has one time and one or two signatures (two while a secret is rolled). */
const MAX_HEADER = 2048;
const MAX_SIGNATURES = 16;
const HEX_SHA256 = /^[0-9a-f]{64}$/;

interface Header {
  time: string;
  signatures: string[];
}

function readHeader(header: string): Header | null {
  let time: string | null = null;
  const signatures: string[] = [];
  for (const part of header.split(",")) {
    const cut = part.indexOf("=");
    const [key, value] = [part.slice(0, cut).trim(), part.slice(cut + 1).trim()];
    if (key === "t") time = value;
    else if (key === "v1" && HEX_SHA256.test(value)) signatures.push(value);
  }
  return time !== null && /^\d{1,12}$/.test(time) ? { time, signatures: signatures.slice(0, MAX_SIGNATURES) } : null;
}

/**
 * Checks `Stripe-Signature` over the raw bytes: HMAC-SHA256 of `t.body`; any `v1` made with any of our secrets will do,
 * compared in constant time. (docs.stripe.com/webhooks: verify manually.)
 *
 * The SDK's own check looks only into the past and stops at events it does not know, hence this one.
 *
 * @param nowMs ms UTC, as our clock says.
 */
export function verifySignature(raw: Uint8Array, header: string | undefined, secrets: readonly EndpointSecret[], nowMs: number): Verdict {
  if (header === undefined || header === "") return { kind: "rejected", reason: "no Stripe-Signature header" };
  if (header.length > MAX_HEADER) return { kind: "rejected", reason: "the Stripe-Signature header is too long" };
  const parsed = readHeader(header);
  if (parsed === null) return { kind: "rejected", reason: "the Stripe-Signature header has no time (t=…)" };
  if (parsed.signatures.length === 0) return { kind: "rejected", reason: "the Stripe-Signature header has no v1 signature" };
  if (secrets.length === 0) return { kind: "rejected", reason: "no webhook secret is configured; set STRIPE_WEBHOOK_SECRET" };
  const given = parsed.signatures.map((signature) => Buffer.from(signature, "hex"));
  for (const { endpoint, secret } of secrets) {
    const expected = createHmac("sha256", secret).update(`${parsed.time}.`).update(raw).digest();
    // Every signature is compared, so that the time taken says nothing about which one was near.
    let matches = false;
    for (const signature of given) matches = timingSafeEqual(signature, expected) || matches;
    if (matches) return withinTolerance(Number(parsed.time), nowMs, endpoint);
  }
  return { kind: "rejected", reason: "the signature does not match any configured webhook secret" };
}

/** The time that the header says it was signed at, ms UTC; null when it is no such header. Nothing is verified. */
export function signatureTime(header: string): number | null {
  const parsed = header.length > MAX_HEADER ? null : readHeader(header);
  return parsed === null || parsed.signatures.length === 0 ? null : Number(parsed.time) * 1000;
}

/** Only told to whoever holds a secret: a forger learns nothing about our clock. */
function withinTolerance(timeS: number, nowMs: number, endpoint: string): Verdict {
  const ageS = Math.floor(nowMs / 1000) - timeS;
  if (ageS > TOLERANCE_S) return { kind: "rejected", reason: `the signature is ${ageS} s old; at most ${TOLERANCE_S} s are accepted (is our clock right?)` };
  if (ageS < -TOLERANCE_S) return { kind: "rejected", reason: `the signature is from ${-ageS} s in the future; at most ${TOLERANCE_S} s are accepted (is our clock right?)` };
  return { kind: "authentic", endpoint };
}

/** `t=…,v1=…` over a body: for the sandbox's own endpoint, drills and tests. */
export function signatureHeader(raw: Uint8Array | string, secret: string, timeS: number): string {
  return `t=${timeS},v1=${createHmac("sha256", secret).update(`${timeS}.`).update(raw).digest("hex")}`;
}
