import type { Charge } from "./charge.ts";
import type { Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export type RefundStatus = "pending" | "requires_action" | "succeeded" | "failed" | "canceled";

export interface Refund extends Thing {
  object: "refund";
  amount: number;
  balance_transaction: string | null;
  charge: string;
  created: number;
  currency: string;
  metadata: Metadata;
  payment_intent: string | null;
  reason: string | null;
  status: RefundStatus;
  failure_reason?: string;
  failure_balance_transaction?: string;
}

export interface RefundSpec {
  id: string;
  amount: number;
  createdAtMs: number;
  reason: string | null;
  metadata: Metadata;
  status: RefundStatus;
  balanceTransaction: string | null;
}

export function refundShape(charge: Charge, spec: RefundSpec): Refund {
  const method = (charge["payment_method_details"] as { type?: string } | null)?.type ?? "card";
  return {
    id: spec.id,
    object: "refund",
    amount: spec.amount,
    balance_transaction: spec.balanceTransaction,
    charge: charge.id,
    created: seconds(spec.createdAtMs),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details:
      method === "card" ? { card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" }, type: "card" } : { type: method },
    metadata: spec.metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: spec.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: spec.status,
    transfer_reversal: null,
  };
}

/** The charge after `amount` more of it went back (or, negative, came back). */
export function chargeAfterRefund(charge: Charge, amount: number): Charge {
  const refundedAmount = charge.amount_refunded + amount;
  return { ...charge, amount_refunded: refundedAmount, refunded: refundedAmount > 0 && refundedAmount >= charge.amount_captured };
}
