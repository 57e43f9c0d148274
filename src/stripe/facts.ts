import type Stripe from "stripe";
import { asCurrency, asMinor, type Currency, greatest, least, type Minor, subtract, sum, ZERO } from "../money/index.ts";
import { StripeTrouble } from "./trouble.ts";

/** Stripe's objects as far as an operation needs them, checked: nothing half-read decides about money. */

export type RefundState = "pending" | "requires_action" | "succeeded" | "failed" | "canceled";

export interface RefundFacts {
  readonly id: string;
  readonly status: RefundState;
  readonly amount: Minor;
  readonly currency: Currency;
  /** `pi_…`, or `ch_…` where there is no intent. */
  readonly payment: string | null;
  readonly charge: string | null;
  readonly reason: string | null;
  /** The operation of ours that made it, as its metadata say; null when it was made elsewhere. */
  readonly operation: string | null;
  readonly createdAt: number;
  readonly failure: string | null;
}

export interface PaymentFacts {
  /** `pi_…`, or `ch_…` where there is no intent: one name for one payment. */
  readonly id: string;
  /** The charge that succeeded; null when none did. */
  readonly charge: string | null;
  readonly live: boolean;
  readonly currency: Currency;
  readonly captured: Minor;
  /** Refunds that are neither failed nor canceled. */
  readonly refunded: Minor;
  /** captured − refunded. */
  readonly left: Minor;
  readonly disputed: boolean;
  readonly email: string | null;
  readonly refunds: readonly RefundFacts[];
}

export interface InvoiceFacts {
  readonly id: string;
  readonly status: string;
  readonly live: boolean;
  readonly currency: Currency;
  readonly amountDue: Minor;
  readonly email: string | null;
  readonly customer: string | null;
  /** A bearer link: for the answer, never for a log. */
  readonly hostedUrl: string | null;
  readonly number: string | null;
  readonly operation: string | null;
}

/** The metadata key under which Stripe keeps which operation of ours made an object. */
export const OPERATION_KEY = "tillwatch_operation";

const MAX_AMOUNT = 999_999_999_999;
const REFUND_STATES: readonly RefundState[] = ["pending", "requires_action", "succeeded", "failed", "canceled"];

function unreadable(what: string): StripeTrouble {
  // The call is over and its answer tells us nothing: what happened must be looked up.
  return new StripeTrouble("upstream", "stripe_unreadable", `Stripe's answer has no usable ${what}; is STRIPE_API_BASE the address of Stripe's API?`, { effect: "unclear" });
}

function amountIn(value: unknown, what: string): Minor {
  const amount = asMinor(value, { min: 0, max: MAX_AMOUNT });
  if (amount === null) throw unreadable(what);
  return amount;
}

function currencyIn(value: unknown): Currency {
  const currency = asCurrency(value);
  if (currency === null) throw unreadable("currency");
  return currency;
}

function idIn(value: string | { id?: string } | null | undefined): string | null {
  if (typeof value === "string") return value;
  return value?.id ?? null;
}

/** An id that must be there; an empty answer is not an object. */
export function requiredId(object: { id?: string }): string {
  if (typeof object.id !== "string" || object.id === "") throw unreadable("id");
  return object.id;
}

export function refundFacts(refund: Stripe.Refund): RefundFacts {
  const status = REFUND_STATES.find((one) => one === refund.status);
  return {
    id: requiredId(refund),
    // A word that we do not know is not yet an end.
    status: status ?? "pending",
    amount: amountIn(refund.amount, "amount"),
    currency: currencyIn(refund.currency),
    payment: idIn(refund.payment_intent) ?? idIn(refund.charge),
    charge: idIn(refund.charge),
    reason: refund.reason ?? null,
    operation: refund.metadata?.[OPERATION_KEY] ?? null,
    createdAt: refund.created * 1000,
    failure: refund.failure_reason ?? null,
  };
}

function countsAsRefunded(refund: Pick<RefundFacts, "status">): boolean {
  return refund.status !== "failed" && refund.status !== "canceled";
}

/** Letting go what was never captured is written as a refund by older shapes, and moves no money: it has no booking. */
function isRelease(refund: Stripe.Refund, charge: Stripe.Charge): boolean {
  return charge.amount_captured < charge.amount && refund.status === "succeeded" && (refund.balance_transaction ?? null) === null;
}

/** What Stripe says of a payment: its succeeded charge (if any) and all its refunds. */
export function paymentFacts(id: string, charge: Stripe.Charge, refunds: readonly Stripe.Refund[]): PaymentFacts {
  const captured = charge.status === "succeeded" ? amountIn(charge.amount_captured, "amount_captured") : ZERO;
  const all = refunds.map(refundFacts);
  const counted = all.filter((facts, index) => countsAsRefunded(facts) && !isRelease(refunds[index] as Stripe.Refund, charge));
  const refunded = sum(counted.map((refund) => refund.amount));
  const unrefunded = subtract(amountIn(charge.amount, "amount"), amountIn(charge.amount_refunded, "amount_refunded"));
  return {
    id,
    charge: charge.id,
    live: charge.livemode,
    currency: currencyIn(charge.currency),
    captured,
    refunded,
    // Two ways to count; where they differ the smaller one cannot give back too much.
    left: greatest(ZERO, least(subtract(captured, refunded), unrefunded)),
    disputed: charge.disputed,
    email: charge.receipt_email ?? charge.billing_details?.email ?? null,
    refunds: all,
  };
}

export function invoiceFacts(invoice: Stripe.Invoice): InvoiceFacts {
  return {
    id: requiredId(invoice),
    status: invoice.status ?? "unknown",
    live: invoice.livemode,
    currency: currencyIn(invoice.currency),
    amountDue: amountIn(invoice.amount_due, "amount_due"),
    email: invoice.customer_email ?? null,
    customer: idIn(invoice.customer),
    hostedUrl: invoice.hosted_invoice_url ?? null,
    number: invoice.number ?? null,
    operation: invoice.metadata?.[OPERATION_KEY] ?? null,
  };
}
