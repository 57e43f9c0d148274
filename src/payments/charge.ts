import { type Minor, minor, ZERO } from "../money/index.ts";
import { amountOrZero, country, email, type Fields, idOf, isStandIn, list, optionalAmount, record, requiredAmount, requiredCurrency, requiredId, text, timeMs, word } from "./fields.ts";
import { readRefund } from "./refund.ts";
import type { Stamp } from "./register.ts";
import type { ChargeSnapshot, ChargeState, ChargeStatus, Method, RefundState } from "./state.ts";

/** Of a charge's own list of refunds (old shapes); Stripe puts at most 10 there. */
const MAX_REFUNDS = 100;

/** Brands as the older `source` writes them, in today's words. */
const OLD_BRANDS: Readonly<Record<string, string>> = { "american express": "amex", "diners club": "diners", "master card": "mastercard" };

/** How the money came: from `payment_method_details`, or from the older `source`. */
export function readMethod(details: Fields | null, source: Fields | null): Method {
  const method = word(details?.["type"]) ?? word(source?.["object"]);
  const part = record(method === null ? null : details?.[method]) ?? source;
  const brand = (word(part?.["brand"]) ?? word(part?.["bank_name"]))?.toLowerCase() ?? null;
  return {
    method,
    brand: brand === null ? null : Object.hasOwn(OLD_BRANDS, brand) ? (OLD_BRANDS[brand] ?? brand) : brand,
    country: country(part?.["country"]),
    last4: word(part?.["last4"]),
  };
}

function statusOf(type: string, charge: Fields): ChargeStatus {
  // The type is the fact that is told. An authorisation that expired was granted before: no failure.
  if (type === "charge.succeeded" || type === "charge.captured" || type === "charge.expired" || type === "charge.refunded") return "succeeded";
  if (type === "charge.failed") return "failed";
  if (type === "charge.pending") return "pending";
  const status = charge["status"];
  if (status === "succeeded" || status === "paid") return "succeeded";
  if (status === "failed" || status === "pending") return status;
  if (charge["paid"] === true) return "succeeded";
  return charge["failure_code"] === undefined || charge["failure_code"] === null ? "pending" : "failed";
}

function capturedOf(status: ChargeStatus, charge: Fields, amount: Minor): Minor {
  if (status !== "succeeded") return ZERO;
  const told = optionalAmount(charge, "amount_captured", "charge");
  if (told !== null) return told;
  // Shapes before 2020 have no `amount_captured`; `captured` is absent in the oldest, where all charges were.
  return charge["captured"] === false ? ZERO : amount;
}

/** Captured money that went back, told by the charge; what was let go uncaptured is in `amount_refunded` too, and is none. */
export function moneyBack(charge: { amount: Minor; captured: Minor; refunded: Minor }): Minor {
  return minor(Math.max(0, charge.refunded - Math.max(0, charge.amount - charge.captured)));
}

/** Within one second: pending, succeeded, captured, refunded (more is further), expired, failed after all. */
function rankOf(status: ChargeStatus, captured: Minor, refunded: Minor, expired: boolean): number {
  const further = (stage: number): number => stage * 1e13;
  if (status === "failed") return further(9);
  if (status === "pending") return 0;
  if (expired) return further(5);
  return further(captured > 0 ? 2 : 1) + refunded;
}

export interface ChargeReading {
  readonly charge: ChargeState;
  readonly refunds: readonly RefundState[];
  readonly intent: string | null;
  readonly invoice: string | null;
  /** For a stand-in made by an import: the charge it stands for. */
  readonly standsFor: string | null;
}

function snapshotOf(charge: Fields, stamp: Omit<Stamp, "rank">, type: string): ChargeSnapshot {
  const currency = requiredCurrency(charge, "charge");
  const amount = requiredAmount(charge, "amount", "charge");
  const status = statusOf(type, charge);
  const captured = capturedOf(status, charge, amount);
  const refunded = amountOrZero(charge, "amount_refunded", "charge");
  const outcome = record(charge["outcome"]);
  const billing = record(charge["billing_details"]);
  const { method, brand, country: from, last4 } = readMethod(record(charge["payment_method_details"]), record(charge["source"]) ?? record(charge["card"]));
  return {
    at: stamp.at,
    rank: rankOf(status, captured, refunded, type === "charge.expired"),
    ev: stamp.ev,
    status,
    currency,
    amount,
    captured,
    refunded,
    created: timeMs(charge["created"]),
    outcome: word(outcome?.["type"]),
    reason: word(outcome?.["reason"]) ?? word(record(outcome?.["rule"])?.["id"]),
    code: word(charge["failure_code"]),
    email: email(charge["receipt_email"]) ?? email(billing?.["email"]) ?? email(record(charge["customer"])?.["email"]),
    customer: text(idOf(charge["customer"]), 255),
    method,
    brand,
    country: from,
    last4,
  };
}

/**
 * One charge is one attempt. Reads the snapshot that an event carries, be it the event's object or embedded in an older
 * shape's payment intent (then `type` is the empty string, and only its status counts).
 *
 * @throws Unreadable
 */
export function readCharge(charge: Fields, stamp: Omit<Stamp, "rank">, type: string): ChargeReading {
  const last = snapshotOf(charge, stamp, type);
  const back = last.status === "succeeded" && last.captured > 0 && moneyBack(last) > 0;
  const id = requiredId(charge, "charge");
  return {
    charge: {
      id,
      last,
      decline: null,
      toldAt: last.status === "pending" ? null : stamp.at,
      capturedAt: last.captured > 0 ? stamp.at : null,
      expiredAt: type === "charge.expired" ? stamp.at : null,
      backAt: back ? stamp.at : null,
    },
    refunds: list(charge["refunds"], MAX_REFUNDS).map((refund) => readRefund(refund, stamp, "").refund),
    intent: idOf(charge["payment_intent"]),
    invoice: idOf(charge["invoice"]),
    standsFor: isStandIn(id) ? idOf(charge["stands_for"]) : null,
  };
}
