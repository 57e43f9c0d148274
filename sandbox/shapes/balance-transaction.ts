import { feeOf, settle } from "../currency.ts";
import type { Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface BalanceTransaction extends Thing {
  object: "balance_transaction";
  amount: number;
  available_on: number;
  created: number;
  currency: string;
  exchange_rate: number | null;
  fee: number;
  net: number;
  reporting_category: string;
  source: string;
  status: "pending" | "available";
  type: string;
}

type Movement = "charge" | "payment" | "refund" | "payment_refund" | "refund_failure" | "adjustment" | "payout" | "payment_failure_refund";

export interface MovementSpec {
  id: string;
  movement: Movement;
  /** In the charged currency; negative when money leaves. */
  amount: number;
  currency: string;
  source: string;
  description: string | null;
  atMs: number;
  /** Overrides the usual fee (a dispute costs 15.00, a refund nothing). */
  fee?: number;
  reportingCategory?: string;
}

const TWO_DAYS_MS = 2 * 86_400_000;

export function balanceTransactionShape(spec: MovementSpec): BalanceTransaction {
  const settled = settle(spec.amount, spec.currency);
  const fee = spec.fee ?? (spec.movement === "charge" || spec.movement === "payment" ? feeOf(settled.amount) : 0);
  return {
    id: spec.id,
    object: "balance_transaction",
    amount: settled.amount,
    available_on: seconds(spec.atMs + (settled.amount > 0 ? TWO_DAYS_MS : 0)),
    balance_type: "payments",
    created: seconds(spec.atMs),
    currency: settled.currency,
    description: spec.description,
    exchange_rate: settled.exchangeRate,
    fee,
    fee_details: fee === 0 ? [] : [{ amount: fee, application: null, currency: settled.currency, description: "Stripe processing fees", type: "stripe_fee" }],
    net: settled.amount - fee,
    reporting_category: spec.reportingCategory ?? CATEGORY[spec.movement],
    source: spec.source,
    status: "pending",
    type: spec.movement,
  };
}

const CATEGORY: Readonly<Record<Movement, string>> = {
  charge: "charge",
  payment: "charge",
  refund: "refund",
  payment_refund: "refund",
  refund_failure: "refund_failure",
  payment_failure_refund: "charge_failure",
  adjustment: "dispute",
  payout: "payout",
};
