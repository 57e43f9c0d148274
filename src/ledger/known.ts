import { createHash } from "node:crypto";
import type { Arrival } from "./append.ts";
import { EVENT_FLAG, sameFact, steadyText } from "./event.ts";

/** How the endpoint of an event that was not delivered over HTTP is called. */
export const NO_ENDPOINT = "-";

/** Interned strings that an arrival needs. */
export function termsOf(arrival: Arrival): string[] {
  const { head } = arrival;
  return [head.type, arrival.source, arrival.endpoint, ...(head.account === null ? [] : [head.account]), ...(head.apiVersion === null ? [] : [head.apiVersion])];
}

export function flagsOf(arrival: Arrival): number {
  return arrival.head.thin ? EVENT_FLAG.thin : 0;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    return null;
  }
}

/** Whether a further delivery of a known id says the same (Stripe may change delivery counters) or something else. */
export function compareBodies(stored: Uint8Array, arrived: Uint8Array): "same" | "variant" {
  if (Buffer.compare(stored, arrived) === 0) return "same";
  try {
    return sameFact(parse(stored), parse(arrived)) ? "same" : "variant";
  } catch {
    // Nested too deep to walk, and not the same bytes.
    return "variant";
  }
}

/** A fingerprint of what a body says, so that the thousandth variant is looked up and not compared with each other. */
export function factOf(bytes: Uint8Array): string {
  try {
    return createHash("sha256").update(steadyText(parse(bytes))).digest("hex");
  } catch {
    return createHash("sha256").update(bytes).digest("hex");
  }
}
