import type { Decline } from "../cards/decline.ts";
import type { Billing, Checks, Instrument } from "./instrument.ts";
import { billingDetails, detailsShape } from "./instrument.ts";
import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface Charge extends Thing {
  object: "charge";
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  balance_transaction: string | null;
  captured: boolean;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  disputed: boolean;
  failure_balance_transaction: string | null;
  failure_code: string | null;
  failure_message: string | null;
  livemode: boolean;
  metadata: Metadata;
  outcome: Outcome | null;
  paid: boolean;
  payment_intent: string | null;
  payment_method: string | null;
  receipt_email: string | null;
  receipt_url: string | null;
  refunded: boolean;
  status: "succeeded" | "pending" | "failed";
}

interface Outcome {
  advice_code: string | null;
  network_advice_code: string | null;
  network_decline_code: string | null;
  network_status: "approved_by_network" | "declined_by_network" | "not_sent_to_network";
  reason: string | null;
  risk_level: "normal" | "elevated" | "highest";
  risk_score: number;
  rule?: string;
  seller_message: string;
  type: "authorized" | "issuer_declined" | "blocked" | "invalid";
}

export interface ChargeSpec {
  id: string;
  amount: number;
  currency: string;
  createdAtMs: number;
  customer: string | null;
  description: string | null;
  metadata: Metadata;
  paymentIntent: string | null;
  paymentMethod: string;
  instrument: Instrument;
  billing: Billing;
  checks: Checks;
  receiptEmail: string | null;
  statementDescriptor: string | null;
  riskScore: number;
}

/** The attempt as it stands at once: succeeded (captured or only authorised), pending, or failed. */
export type ChargeResult =
  | { kind: "captured" }
  | { kind: "authorized" }
  | { kind: "pending" }
  | { kind: "failed"; decline: Decline };

export function chargeShape(merchant: Merchant, spec: ChargeSpec, result: ChargeResult): Charge {
  const failed = result.kind === "failed" ? result.decline : null;
  const captured = result.kind === "captured" || result.kind === "pending";
  return {
    id: spec.id,
    object: "charge",
    amount: spec.amount,
    amount_captured: result.kind === "captured" ? spec.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: billingDetails(spec.billing),
    calculated_statement_descriptor: spec.statementDescriptor ?? merchant.name.toUpperCase().slice(0, 22),
    captured: failed === null && captured,
    created: seconds(spec.createdAtMs),
    currency: spec.currency,
    customer: spec.customer,
    description: spec.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failed?.code ?? null,
    failure_message: failed?.message ?? null,
    fraud_details: {},
    livemode: merchant.livemode,
    metadata: spec.metadata,
    on_behalf_of: null,
    outcome: failed === null ? approved(spec.riskScore) : declined(failed, spec.riskScore),
    paid: failed === null && result.kind !== "pending",
    payment_intent: spec.paymentIntent,
    payment_method: spec.paymentMethod,
    payment_method_details: detailsShape(spec.instrument, spec.amount, spec.checks),
    presentment_details: undefined,
    radar_options: {},
    receipt_email: spec.receiptEmail,
    receipt_number: null,
    receipt_url: failed === null && result.kind !== "pending" ? `${merchant.pagesUrl}/receipts/${spec.id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: spec.statementDescriptor,
    statement_descriptor_suffix: null,
    status: failed !== null ? "failed" : result.kind === "pending" ? "pending" : "succeeded",
    transfer_data: null,
    transfer_group: null,
  };
}

function approved(riskScore: number): Outcome {
  return {
    advice_code: null, network_advice_code: null, network_decline_code: null, network_status: "approved_by_network", reason: null,
    risk_level: "normal", risk_score: riskScore, seller_message: "Payment complete.", type: "authorized",
  };
}

function declined(decline: Decline, riskScore: number): Outcome {
  const outcome: Outcome = {
    advice_code: decline.adviceCode,
    network_advice_code: null,
    network_decline_code: decline.outcome === "issuer_declined" ? "05" : null,
    network_status: decline.outcome === "issuer_declined" ? "declined_by_network" : "not_sent_to_network",
    reason: decline.reason,
    risk_level: decline.riskLevel,
    risk_score: decline.riskLevel === "highest" ? 75 + (riskScore % 25) : riskScore,
    seller_message: decline.sellerMessage,
    type: decline.outcome,
  };
  if (decline.reason === "rule") outcome.rule = "block_if_elevated_risk";
  return outcome;
}
