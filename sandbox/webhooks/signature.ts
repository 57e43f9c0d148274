import { createHmac } from "node:crypto";

/**
 * The `Stripe-Signature` header of a delivery.
 * @param body the raw body, byte for byte as it is sent
 * @param secret the whole secret, `whsec_` included; several while a secret is being rolled
 * @param atSeconds the time the signature is made at
 */
export function sign(body: string | Uint8Array, secret: string | readonly string[], atSeconds: number): string {
  const secrets = typeof secret === "string" ? [secret] : secret;
  const parts = secrets.map((one) => `v1=${hmac(body, one, atSeconds)}`);
  return [`t=${atSeconds}`, ...parts].join(",");
}

function hmac(body: string | Uint8Array, secret: string, atSeconds: number): string {
  return createHmac("sha256", secret).update(`${atSeconds}.`).update(body).digest("hex");
}
