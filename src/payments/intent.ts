import { amountOrZero, email, type Fields, idOf, list, record, requiredAmount, requiredCurrency, requiredId, text, timeMs, word } from "./fields.ts";
import { type ChargeReading, readCharge, readMethod } from "./charge.ts";
import type { Stamp } from "./register.ts";
import type { ChargeState, ChargelessFailure, IntentSnapshot, IntentState } from "./state.ts";
import { emptyCharge } from "./state.ts";

/** Of an old shape's list of charges; Stripe puts at most 10 there. */
const MAX_CHARGES = 100;

/** Within one second; anything else is between `created` and the first action. */
const RANK: Readonly<Record<string, number>> = {
  "payment_intent.created": 0,
  "payment_intent.requires_action": 2,
  "payment_intent.processing": 3,
  "payment_intent.payment_failed": 4,
  "payment_intent.amount_capturable_updated": 5,
  "payment_intent.canceled": 6,
  "payment_intent.succeeded": 7,
};

export interface IntentReading {
  readonly intent: IntentState;
  readonly charges: readonly ChargeState[];
  readonly embedded: readonly ChargeReading[];
  readonly invoice: string | null;
}

function snapshotOf(intent: Fields, stamp: Omit<Stamp, "rank">, type: string): IntentSnapshot {
  return {
    at: stamp.at,
    rank: Object.hasOwn(RANK, type) ? (RANK[type] ?? 1) : 1,
    ev: stamp.ev,
    status: word(intent["status"]) ?? "unknown",
    currency: requiredCurrency(intent, "payment intent"),
    amount: requiredAmount(intent, "amount", "payment intent"),
    received: amountOrZero(intent, "amount_received", "payment intent"),
    created: timeMs(intent["created"]),
    email: email(intent["receipt_email"]) ?? email(record(intent["customer"])?.["email"]),
    customer: text(idOf(intent["customer"]), 255),
  };
}

/** A failure without a charge: authentication failed, or the attempt never reached the network. */
function chargelessFailure(last: IntentSnapshot, error: Fields): ChargelessFailure {
  const paid = record(error["payment_method"]);
  const { method, brand, country, last4 } = readMethod(paid, record(error["source"]));
  return {
    id: last.ev,
    at: last.at,
    currency: last.currency,
    amount: last.amount,
    type: word(error["type"]),
    code: word(error["code"]),
    decline: word(error["decline_code"]),
    method,
    brand,
    country,
    last4,
  };
}

/**
 * A payment intent enriches and groups; it counts as an attempt of its own only when it failed without a charge.
 * `latest_charge` is never read: it may point at an older charge than the one that failed.
 *
 * @throws Unreadable
 */
export function readIntent(intent: Fields, stamp: Omit<Stamp, "rank">, type: string): IntentReading {
  const id = requiredId(intent, "payment intent");
  const last = snapshotOf(intent, stamp, type);
  const error = type === "payment_intent.payment_failed" ? record(intent["last_payment_error"]) : null;
  const failed = idOf(error?.["charge"]);
  const decline = { at: last.at, rank: 0, ev: last.ev, code: word(error?.["code"]), decline: word(error?.["decline_code"]) };
  return {
    intent: { id, last, failures: error !== null && (error["charge"] ?? null) === null ? [chargelessFailure(last, error)] : [] },
    charges: failed === null ? [] : [{ ...emptyCharge(failed), decline }],
    // Shapes before 2022-11-15 carry the charges themselves.
    embedded: list(intent["charges"], MAX_CHARGES).map((charge) => readCharge(charge, stamp, "")),
    invoice: idOf(intent["invoice"]),
  };
}
