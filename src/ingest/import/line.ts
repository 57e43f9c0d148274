import { readEventLine } from "./event.ts";
import { readPaymentLine } from "./payment.ts";
import { bad, type Fields, fieldsOf, type LineOutcome, type Reading, skipped, textOf } from "./reading.ts";
import { readRefundLine } from "./refund.ts";
import { readWebhookLine } from "./webhook.ts";

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

export const TOO_DEEP = "nested too deep";

/** A line that is nested too deep to be written again is bad, and stops neither an import nor a tail. */
export function readRecord(parsed: unknown, text: string, reading: Reading): LineOutcome {
  try {
    return decide(parsed, text, reading);
  } catch (error) {
    if (error instanceof RangeError) return bad(TOO_DEEP);
    throw error;
  }
}

function decide(parsed: unknown, text: string, reading: Reading): LineOutcome {
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
