import type { Currency, Minor } from "../money/index.ts";
import type { Failure } from "./cause.ts";
import type { Method, RefundStatus } from "./state.ts";

/** One charge, or one failure that made no charge. */
export interface Attempt extends Method {
  /** The charge's id; the event's for a failure without a charge. */
  readonly id: string;
  readonly kind: "charge" | "authentication";
  readonly outcome: "succeeded" | "failed" | "pending";
  /** When Stripe made it, ms UTC; null where no event said so. */
  readonly createdAt: number | null;
  /** When its outcome was first told, ms UTC; null while pending. */
  readonly at: number | null;
  readonly failure: Failure | null;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly captured: Minor;
  /** When the capture was first told, ms UTC. */
  readonly capturedAt: number | null;
  /** The authorisation ran out uncaptured: no failure, no revenue. */
  readonly expired: boolean;
}

export interface Refund {
  readonly id: string;
  readonly status: RefundStatus;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly createdAt: number;
  /** When an event first told of it, ms UTC. */
  readonly toldAt: number;
  readonly updatedAt: number;
  readonly reason: string | null;
  readonly failure: string | null;
  /** False when it failed, was canceled, or only let go what was never captured. */
  readonly counts: boolean;
}

export interface Dispute {
  readonly id: string;
  readonly status: string;
  readonly currency: Currency | null;
  readonly amount: Minor;
  readonly reason: string | null;
  readonly createdAt: number | null;
  /** Money that is with the customer now because of it. */
  readonly withheld: Minor;
  readonly withdrawnAt: number | null;
  /** The withdrawn amount and what came back; null when no event told so. */
  readonly withdrawn: Minor | null;
  readonly reinstatedAt: number | null;
}

export const PAYMENT_STATUSES = [
  "unknown",
  "incomplete",
  "requires_action",
  "processing",
  "authorized",
  "expired",
  "canceled",
  "failed",
  "succeeded",
  "partially_refunded",
  "refunded",
  "disputed",
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export interface Payment {
  readonly no: number;
  readonly id: string;
  readonly live: boolean;
  readonly account: string | null;
  readonly status: PaymentStatus;
  /** The outcome that counts in the end, retries of one intent taken together; null before the first attempt. */
  readonly finalOutcome: "succeeded" | "failed" | "pending" | null;
  /** Null while only a link to it is known (an invoice, an id). */
  readonly currency: Currency | null;
  readonly amount: Minor;
  readonly captured: Minor;
  readonly refunded: Minor;
  readonly disputed: Minor;
  /** Always captured − refunded − disputed; below nothing when a customer got the money back twice. */
  readonly left: Minor;
  readonly attempts: readonly Attempt[];
  readonly refunds: readonly Refund[];
  /** Refunded money that a charge tells of, without a refund that we have seen. */
  readonly unseenRefund: { readonly amount: Minor; readonly at: number } | null;
  readonly disputes: readonly Dispute[];
  readonly email: string | null;
  readonly customer: string | null;
  readonly invoice: string | null;
  readonly method: string | null;
  readonly brand: string | null;
  readonly country: string | null;
  readonly last4: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** It had more parts than are kept. */
  readonly cut: boolean;
}
