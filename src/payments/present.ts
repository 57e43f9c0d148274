import { type Currency, majorNumber, type Minor } from "../money/index.ts";
import { isoSeconds } from "../platform/index.ts";
import type { Attempt, Dispute, Payment, Refund } from "./payment.ts";
import type { ListedPayment } from "./query.ts";

function iso(ms: number | null): string | null {
  return ms === null ? null : isoSeconds(ms);
}

/** An amount as the API shows it: major units for people, minor units for machines. */
function shown(name: string, amount: Minor, currency: Currency | null): Record<string, number | null> {
  return { [name]: currency === null ? null : majorNumber(amount, currency), [`${name}_minor`]: amount };
}

function showAttempt(attempt: Attempt): Record<string, unknown> {
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

function showRefund(refund: Refund): Record<string, unknown> {
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

function showDispute(dispute: Dispute): Record<string, unknown> {
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
function summary(payment: Payment | ListedPayment): Record<string, unknown> {
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
export function showPayment(payment: Payment): Record<string, unknown> {
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

export function showListedPayment(payment: ListedPayment): Record<string, unknown> {
  return { ...summary(payment), cause: payment.cause, code: payment.code };
}
