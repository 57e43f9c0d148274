import type { Source } from "../../ledger/index.ts";
import { readEventLine } from "./event.ts";
import type { Made } from "./made.ts";
import { readPaymentLine } from "./payment.ts";
import { readRefundLine } from "./refund.ts";
import { readWebhookLine } from "./webhook.ts";

/** What is known while a file is read. */
export interface Reading {
  /** The file's name, without folder and rotation suffix. */
  readonly file: string;
  readonly source: Source;
  readonly nowMs: number;
  /** IANA; a line that says only a day means a day there. */
  readonly timeZone: string;
  /** For lines that do not say their mode. */
  readonly live: boolean;
  /**
   * Money lines without an id of Stripe's are taken only before this time (ms UTC): after it Stripe's own events tell
   * of the same payments, and nothing could tell that they are the same. Null: no such limit.
   */
  readonly untilMs: number | null;
  /** How often this very text stood in this file so far, from 1. */
  occurrence(text: string): number;
}

export type LineOutcome =
  | { readonly kind: "taken"; readonly made: readonly Made[] }
  /** Understood, and no use: counted by reason. */
  | { readonly kind: "skipped"; readonly reason: string }
  /** Not understood: told with its line number. */
  | { readonly kind: "bad"; readonly reason: string };

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The first of these keys that holds a text. */
export function textOf(fields: Fields, ...keys: string[]): string | null {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === "string" && value !== "" && value.length <= 255) return value;
  }
  return null;
}

export function liveOf(fields: Fields, reading: Reading): boolean {
  if (typeof fields["livemode"] === "boolean") return fields["livemode"];
  const mode = fields["mode"];
  return mode === "live" || mode === "Live" ? true : mode === "test" || mode === "Test" ? false : reading.live;
}

export const skipped = (reason: string): LineOutcome => ({ kind: "skipped", reason });
export const bad = (reason: string): LineOutcome => ({ kind: "bad", reason });

type LineKind = "event" | "webhook" | "refund" | "payment" | "log" | "unknown";

/** By what a line holds; by the name of its file where that leaves it open. */
function kindOf(line: Fields, file: string): LineKind {
  const object = line["object"];
  if ((object === "event" || object === "v2.core.event") && typeof line["type"] === "string") return "event";
  if (typeof line["event_type"] === "string" || typeof line["event_id"] === "string") return line["amount_usd"] === undefined ? "webhook" : "payment";
  const id = textOf(line, "refund_id", "id");
  if (object === "refund" || (id !== null && /^(re|pyr)_/.test(id)) || /^refunds?\b/.test(file)) return "refund";
  if (line["amount_usd"] !== undefined || /^payments?_/.test(file)) return "payment";
  if (typeof line["event"] === "string") return "log";
  return "unknown";
}

/** Decides what one line of an NDJSON file becomes. */
export function readLine(text: string, reading: Reading): LineOutcome {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return bad("not valid JSON");
  }
  return readRecord(parsed, text, reading);
}

export function readRecord(parsed: unknown, text: string, reading: Reading): LineOutcome {
  const line = fieldsOf(parsed);
  if (line === null) return bad("not a JSON object");
  switch (kindOf(line, reading.file)) {
    case "event":
      return readEventLine(line, text, reading);
    case "webhook":
      return readWebhookLine(line, text, reading);
    case "refund":
      return readRefundLine(line, text, reading);
    case "payment":
      return readPaymentLine(line, text, reading);
    case "log":
      return skipped("a record of alerts or of the scheduler: no payment data");
    case "unknown":
      return bad("neither a Stripe event, a webhook line (event_type, event_id), a payment (amount_usd) nor a refund (id re_…)");
  }
}
