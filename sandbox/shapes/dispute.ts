import type { Charge } from "./charge.ts";
import type { BalanceTransaction } from "./balance-transaction.ts";
import type { Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export type DisputeStatus =
  | "warning_needs_response"
  | "warning_under_review"
  | "warning_closed"
  | "needs_response"
  | "under_review"
  | "won"
  | "lost";

export interface Dispute extends Thing {
  object: "dispute";
  amount: number;
  balance_transactions: readonly BalanceTransaction[];
  charge: string;
  created: number;
  currency: string;
  evidence: Record<string, unknown>;
  evidence_details: Record<string, unknown>;
  is_charge_refundable: boolean;
  livemode: boolean;
  metadata: Metadata;
  payment_intent: string | null;
  reason: string;
  status: DisputeStatus;
}

export const disputeReasons = [
  "fraudulent", "product_not_received", "duplicate", "subscription_canceled", "product_unacceptable", "unrecognized", "credit_not_processed", "general",
] as const;

const EVIDENCE_FIELDS = [
  "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
  "customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
  "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
  "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
  "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
  "uncategorized_file", "uncategorized_text",
];
const NO_EVIDENCE = { ...Object.fromEntries(EVIDENCE_FIELDS.map((field) => [field, null])), enhanced_evidence: {} };

const WEEK_MS = 7 * 86_400_000;

export function disputeShape(
  charge: Charge,
  spec: { id: string; amount: number; createdAtMs: number; reason: string; status: DisputeStatus },
): Dispute {
  const inquiry = spec.status.startsWith("warning_");
  return {
    id: spec.id,
    object: "dispute",
    amount: spec.amount,
    balance_transactions: [],
    charge: charge.id,
    created: seconds(spec.createdAtMs),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: seconds(spec.createdAtMs + WEEK_MS), enhanced_eligibility: {}, has_evidence: false, past_due: false, submission_count: 0,
    },
    is_charge_refundable: inquiry,
    livemode: charge.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand: "visa", case_type: inquiry ? "inquiry" : "chargeback", network_reason_code: "10.4" },
      type: "card",
    },
    reason: spec.reason,
    status: spec.status,
  };
}

/** What a dispute costs besides its amount, in settlement units. */
export const DISPUTE_FEE = 1500;
