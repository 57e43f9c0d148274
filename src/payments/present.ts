import { type Currency, majorNumber, type Minor } from "../money/index.ts";
import { z } from "zod";
import { isoSeconds } from "../platform/index.ts";
import { type Attempt, type Dispute, type Payment, PAYMENT_STATUSES, type Refund } from "./payment.ts";
import type { ListedPayment } from "./query.ts";

const TEXT = z.string().nullable();
const MAJOR = z.number().nullable().describe("Major units");
const MINOR = z.number().describe("Minor units");

const ATTEMPT_SHAPE = z.object({
  id: z.string(),
  kind: z.enum(["charge", "authentication"]),
  outcome: z.enum(["succeeded", "failed", "pending"]),
  at: TEXT,
  cause: z.enum(["customer", "risk", "technical"]).nullable(),
  code: TEXT,
  why: TEXT,
  transient: z.boolean().nullable(),
  currency: z.string(),
  amount: MAJOR,
  amount_minor: MINOR,
  captured: MAJOR,
  captured_minor: MINOR,
  method: TEXT,
  brand: TEXT,
  country: TEXT,
  last4: TEXT,
});

const REFUND_SHAPE = z.object({ id: z.string(), status: z.string(), currency: z.string(), amount: MAJOR, amount_minor: MINOR, created: z.string(), reason: TEXT, failure: TEXT, counts: z.boolean() });

const DISPUTE_SHAPE = z.object({ id: z.string(), status: z.string(), currency: TEXT, amount: MAJOR, amount_minor: MINOR, withheld: MAJOR, withheld_minor: MINOR, reason: TEXT, withdrawn_at: TEXT, reinstated_at: TEXT });

const SUMMARY_SHAPE = z.object({
  id: z.string(),
  mode: z.enum(["live", "test"]),
  account: TEXT,
  status: z.enum(PAYMENT_STATUSES),
  final_outcome: z.enum(["succeeded", "failed", "pending"]).nullable(),
  currency: TEXT,
  amount: MAJOR,
  amount_minor: MINOR,
  captured: MAJOR,
  captured_minor: MINOR,
  refunded: MAJOR,
  refunded_minor: MINOR,
  disputed: MAJOR,
  disputed_minor: MINOR,
  email: TEXT,
  customer: TEXT,
  invoice: TEXT,
  method: TEXT,
  brand: TEXT,
  country: TEXT,
  created: z.string(),
  updated: z.string(),
});

export const LISTED_PAYMENT_SHAPE = SUMMARY_SHAPE.extend({ cause: z.enum(["customer", "risk", "technical"]).nullable(), code: TEXT });

export const PAYMENT_SHAPE = SUMMARY_SHAPE.extend({
  left: MAJOR.describe("captured − refunded − disputed"),
  left_minor: MINOR,
  last4: TEXT,
  attempts: z.array(ATTEMPT_SHAPE),
  refunds: z.array(REFUND_SHAPE),
  unseen_refund: z.object({ at: z.string(), amount: MAJOR, amount_minor: MINOR }).nullable(),
  disputes: z.array(DISPUTE_SHAPE),
  cut: z.boolean(),
});

function iso(ms: number | null): string | null {
  return ms === null ? null : isoSeconds(ms);
}

/** An amount as the API shows it: major units for people, minor units for machines. */
function shown<Name extends string>(name: Name, amount: Minor, currency: Currency | null): Record<Name, number | null> & Record<`${Name}_minor`, number> {
  return { [name]: currency === null ? null : majorNumber(amount, currency), [`${name}_minor`]: amount } as Record<Name, number | null> & Record<`${Name}_minor`, number>;
}

function showAttempt(attempt: Attempt): z.output<typeof ATTEMPT_SHAPE> {
  return {
    id: attempt.id,
    kind: attempt.kind,
    outcome: attempt.outcome,
    at: iso(attempt.at),
    cause: attempt.failure?.cause ?? null,
    code: attempt.failure?.code ?? null,
    why: attempt.failure?.sentence ?? null,
    transient: attempt.failure?.transient ?? null,
    currency: attempt.currency,
    ...shown("amount", attempt.amount, attempt.currency),
    ...shown("captured", attempt.captured, attempt.currency),
    method: attempt.method,
    brand: attempt.brand,
    country: attempt.country,
    last4: attempt.last4,
  };
}

function showRefund(refund: Refund): z.output<typeof REFUND_SHAPE> {
  return {
    id: refund.id,
    status: refund.status,
    currency: refund.currency,
    ...shown("amount", refund.amount, refund.currency),
    created: isoSeconds(refund.createdAt),
    reason: refund.reason,
    failure: refund.failure,
    counts: refund.counts,
  };
}

function showDispute(dispute: Dispute): z.output<typeof DISPUTE_SHAPE> {
  return {
    id: dispute.id,
    status: dispute.status,
    currency: dispute.currency,
    ...shown("amount", dispute.amount, dispute.currency),
    ...shown("withheld", dispute.withheld, dispute.currency),
    reason: dispute.reason,
    withdrawn_at: iso(dispute.withdrawnAt),
    reinstated_at: iso(dispute.reinstatedAt),
  };
}

/** What a list and a single payment have in common. */
function summary(payment: Payment | ListedPayment): z.output<typeof SUMMARY_SHAPE> {
  const { currency } = payment;
  return {
    id: payment.id,
    mode: payment.live ? "live" : "test",
    account: payment.account,
    status: payment.status,
    final_outcome: payment.finalOutcome,
    currency,
    ...shown("amount", payment.amount, currency),
    ...shown("captured", payment.captured, currency),
    ...shown("refunded", payment.refunded, currency),
    ...shown("disputed", payment.disputed, currency),
    email: payment.email,
    customer: payment.customer,
    invoice: payment.invoice,
    method: payment.method,
    brand: payment.brand,
    country: payment.country,
    created: isoSeconds(payment.createdAt),
    updated: isoSeconds(payment.updatedAt),
  };
}

/** One payment whole. The sum always adds up: captured − refunded − disputed = left. */
export function showPayment(payment: Payment): z.output<typeof PAYMENT_SHAPE> {
  const { currency } = payment;
  return {
    ...summary(payment),
    ...shown("left", payment.left, currency),
    last4: payment.last4,
    attempts: payment.attempts.map(showAttempt),
    refunds: payment.refunds.map(showRefund),
    unseen_refund: payment.unseenRefund === null ? null : { at: isoSeconds(payment.unseenRefund.at), ...shown("amount", payment.unseenRefund.amount, currency) },
    disputes: payment.disputes.map(showDispute),
    cut: payment.cut,
  };
}

export function showListedPayment(payment: ListedPayment): z.output<typeof LISTED_PAYMENT_SHAPE> {
  return { ...summary(payment), cause: payment.cause, code: payment.code };
}
