import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface Payout extends Thing {
  object: "payout";
  amount: number;
  balance_transaction: string;
  created: number;
  currency: string;
  livemode: boolean;
  metadata: Metadata;
  status: "pending" | "in_transit" | "paid" | "failed" | "canceled";
}

export function payoutShape(merchant: Merchant, spec: { id: string; amount: number; currency: string; atMs: number; balanceTransaction: string }): Payout {
  return {
    id: spec.id,
    object: "payout",
    amount: spec.amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: seconds(spec.atMs + 2 * 86_400_000),
    automatic: true,
    balance_transaction: spec.balanceTransaction,
    created: seconds(spec.atMs),
    currency: spec.currency,
    description: "STRIPE PAYOUT",
    destination: null,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: merchant.livemode,
    metadata: {},
    method: "standard",
    original_payout: null,
    payout_method: null,
    reconciliation_status: "in_progress",
    reversed_by: null,
    source_type: "card",
    statement_descriptor: null,
    status: "in_transit",
    trace_id: null,
    type: "bank_account",
  };
}
