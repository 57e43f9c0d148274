import { bad, type Fields, fieldsOf, type LineOutcome, liveOf, type Reading, skipped, statusOf, textOf } from "./reading.ts";
import { madeEvent, madeId } from "./made.ts";
import { readAmount } from "./amount.ts";
import { paymentIds, TOLD_BY_EVENTS } from "./payment.ts";
import { timeOf } from "./time.ts";

const STATUS: Readonly<Record<string, string>> = { succeeded: "succeeded", success: "succeeded", ok: "succeeded", "200": "succeeded", pending: "pending", requires_action: "requires_action", failed: "failed", canceled: "canceled", cancelled: "canceled" };

/** Keys of the answer that the older system kept whole. */
function flat(line: Fields): Fields {
  const inner = fieldsOf(line["data"]) ?? fieldsOf(line["refund"]);
  return inner === null ? line : { ...line, ...inner };
}

/**
 * A line of `refunds.ndjson`. It becomes a `refund.created` with a refund `imp_re_…` on the payment it names, which
 * counts only as long as neither a refund of Stripe's nor the charge itself tells of money that went back: what the
 * events told is not doubled, in whatever order the two come.
 */
export function readRefundLine(given: Fields, text: string, reading: Reading): LineOutcome {
  const line = flat(given);
  if (given["ok"] === false) return skipped("a refund that was refused: no money moved");
  const { id: own, ...others } = line;
  const refundId = textOf(line, "refund_id") ?? (typeof own === "string" && /^(re|pyr)_/.test(own) ? own : null);
  const ids = paymentIds(refundId === null ? line : others);
  if (ids.intent === null && ids.charge === null) return skipped("a refund that names no payment (payment_id pi_… or ch_…)");
  const value = line["amount_usd"] ?? line["amount"];
  if (value === undefined || value === null) return skipped("a refund without an amount; Stripe's own events tell of it");
  const amount = readAmount(value, line["amount_usd"] === undefined ? (line["currency"] ?? "usd") : "usd");
  if (amount.kind === "refused") return bad(amount.reason);
  const time = timeOf(line, reading.timeZone, reading.nowMs);
  if (time === null) return bad("the refund has no usable `ts` (such as 2025-10-20T18:25:24Z)");
  if (refundId === null && reading.untilMs !== null && time.nominalMs >= reading.untilMs) return skipped(TOLD_BY_EVENTS);
  const live = liveOf(line, reading);
  const id = madeId("ref", refundId ?? time.nominalMs, `${live} ${refundId ?? `${text}\n${reading.occurrence(text)}`}`);
  const object = {
    id: `imp_re_${refundId ?? id.slice("imp_ref_".length)}`,
    object: "refund",
    amount: amount.minor,
    // Says that money moved; a refund without one may be a release of what was never captured.
    balance_transaction: `imp_txn_${refundId ?? id.slice("imp_ref_".length)}`,
    charge: ids.charge,
    created: Math.floor(time.atMs / 1000),
    currency: amount.currency,
    payment_intent: ids.intent,
    reason: textOf(line, "reason"),
    status: STATUS[statusOf(line) ?? "succeeded"] ?? "pending",
    stands_for: refundId,
  };
  return { kind: "taken", made: [{ arrival: madeEvent({ id, type: "refund.created", atMs: time.atMs, live, object }, { file: reading.file, source: reading.source, line: given }), delivery: null, unless: null }] };
}
