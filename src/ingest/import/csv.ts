import { bad, type Fields, type LineOutcome, liveOf, type Reading, skipped } from "./reading.ts";
import { type Made, madeEvent, madeId } from "./made.ts";
import { readAmount } from "./amount.ts";
import { standInCharge } from "./payment.ts";

/** A row of a CSV by its headings, in small letters. */
export type Row = Readonly<Record<string, string | undefined>>;

function cell(row: Row, ...names: string[]): string | null {
  for (const name of names) {
    const value = row[name]?.trim();
    if (value !== undefined && value !== "") return value.slice(0, 255);
  }
  return null;
}

/** `2025-10-20 18:25` and `2025-10-20 18:25:24`, UTC, as the dashboard writes them. */
function time(text: string | null): number | null {
  if (text === null) return null;
  const ms = Date.parse(`${text.replace(" ", "T")}${/(Z|[+-]\d\d:?\d\d)$/.test(text) ? "" : "Z"}`);
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

const STATUS: Readonly<Record<string, "succeeded" | "failed">> = { paid: "succeeded", succeeded: "succeeded", refunded: "succeeded", "partially refunded": "succeeded", disputed: "succeeded", failed: "failed", blocked: "failed" };

function readPaymentRow(row: Row, fields: Fields, reading: Reading): LineOutcome {
  const id = cell(row, "id", "payment id");
  if (id === null || !/^(ch|py|pi)_\w+$/.test(id)) return bad("the payment has no `id` (ch_…, py_… or pi_…)");
  const status = STATUS[cell(row, "status")?.toLowerCase() ?? ""];
  if (status === undefined) return skipped("a payment that neither succeeded nor failed");
  const currency = cell(row, "currency");
  const amount = readAmount(cell(row, "amount"), currency);
  if (amount.kind === "refused") return bad(amount.reason);
  const atMs = time(cell(row, "created date (utc)", "created (utc)", "created"));
  if (atMs === null) return bad("the payment has no usable `Created date (UTC)`");
  const back = cell(row, "amount refunded");
  const refunded = back === null || Number(back) === 0 ? null : readAmount(back, currency);
  if (refunded?.kind === "refused") return bad(refunded.reason);
  const intent = cell(row, "paymentintent id", "payment intent id") ?? (id.startsWith("pi_") ? id : null);
  const live = liveOf(fields, reading);
  const parts = {
    key: id,
    intent,
    charge: id.startsWith("pi_") ? null : id,
    amount: amount.minor,
    currency: amount.currency,
    live,
    status,
    captured: cell(row, "captured")?.toLowerCase() !== "false",
    email: cell(row, "customer email"),
    brand: cell(row, "card brand"),
    last4: cell(row, "card last4"),
    decline: status === "failed" ? cell(row, "decline reason") : null,
  };
  const origin = { file: reading.file, source: reading.source, line: row };
  const make = (type: string, at: number, refundedMinor: number): Made => ({
    arrival: madeEvent({ id: madeId("pay", id, `csv ${live} ${id} ${type} ${refundedMinor}`), type, atMs: at, live, object: standInCharge({ ...parts, atMs, refunded: refundedMinor }) }, origin),
    delivery: null,
    unless: null,
  });
  const told = make(status === "failed" ? "charge.failed" : "charge.succeeded", atMs, 0);
  // Refunds have a day of their own; where the export names none, it is the payment's.
  return { kind: "taken", made: refunded === null ? [told] : [told, make("charge.refunded", time(cell(row, "refunded date (utc)")) ?? atMs, refunded.minor)] };
}

const REFUND_STATUS: Readonly<Record<string, string>> = { succeeded: "succeeded", refunded: "succeeded", paid: "succeeded", pending: "pending", "requires action": "requires_action", requires_action: "requires_action", failed: "failed", canceled: "canceled", cancelled: "canceled" };

function readRefundRow(row: Row, fields: Fields, reading: Reading): LineOutcome {
  const id = cell(row, "id", "refund id");
  if (id === null || !/^(re|pyr)_\w+$/.test(id)) return bad("the refund has no `id` (re_…)");
  const charge = cell(row, "charge id", "charge", "payment id");
  const intent = cell(row, "paymentintent id", "payment intent id", "payment intent") ?? (charge?.startsWith("pi_") === true ? charge : null);
  if (charge === null && intent === null) return skipped("a refund that names no payment");
  const amount = readAmount(cell(row, "amount")?.replace(/^-/, ""), cell(row, "currency"));
  if (amount.kind === "refused") return bad(amount.reason);
  const atMs = time(cell(row, "created date (utc)", "created (utc)", "created"));
  if (atMs === null) return bad("the refund has no usable `Created date (UTC)`");
  const live = liveOf(fields, reading);
  const object = {
    id: `imp_re_${id}`,
    object: "refund",
    amount: amount.minor,
    balance_transaction: `imp_txn_${id}`,
    charge: charge?.startsWith("pi_") === true ? null : charge,
    created: Math.floor(atMs / 1000),
    currency: amount.currency,
    payment_intent: intent,
    reason: cell(row, "reason"),
    status: REFUND_STATUS[cell(row, "status")?.toLowerCase() ?? "succeeded"] ?? "pending",
    stands_for: id,
  };
  // The id of `refunds.ndjson`'s line of the same refund: whichever is read first is taken, the other is there already.
  const made: Made = { arrival: madeEvent({ id: madeId("ref", id, `${live} ${id}`), type: "refund.created", atMs, live, object }, { file: reading.file, source: reading.source, line: row }), delivery: null, unless: null };
  return { kind: "taken", made: [made] };
}

/** A row of an export of payments or refunds from Stripe's dashboard. */
export function readRow(row: Row, reading: Reading): LineOutcome {
  const fields: Fields = { mode: cell(row, "mode")?.toLowerCase() };
  const id = cell(row, "id", "refund id") ?? "";
  return /^(re|pyr)_/.test(id) || row["refund id"] !== undefined || /^refunds?\b/i.test(reading.file) ? readRefundRow(row, fields, reading) : readPaymentRow(row, fields, reading);
}
