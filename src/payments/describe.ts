import { type Currency, greatest, type Minor, minor, subtract, sum, ZERO } from "../money/index.ts";
import { chargeFailure, chargelessCause } from "./cause.ts";
import { moneyBack } from "./charge.ts";
import type { Attempt, Dispute, Payment, PaymentStatus, Refund } from "./payment.ts";
import { withoutStandIns } from "./stand-in.ts";
import { type ChargeState, type IntentState, paymentId, type PaymentState, type RefundSnapshot } from "./state.ts";

function chargeAttempt({ id, last, decline, toldAt, capturedAt, expiredAt }: ChargeState): Attempt[] {
  if (last === null) return [];
  const { method, brand, country, last4, currency, amount } = last;
  // An authorisation that expired was granted, whatever a later snapshot calls it.
  const outcome = expiredAt !== null ? "succeeded" : last.status;
  const failure = outcome === "failed" ? chargeFailure({ ...last, code: last.code ?? decline?.code ?? null, decline: decline?.decline ?? null }) : null;
  const captured = outcome === "succeeded" ? last.captured : ZERO;
  return [
    {
      id,
      kind: "charge",
      outcome,
      createdAt: last.created,
      at: outcome === "pending" ? null : toldAt,
      failure,
      currency,
      amount,
      captured,
      capturedAt: captured > 0 ? capturedAt : null,
      expired: expiredAt !== null && captured === 0,
      method,
      brand,
      country,
      last4,
    },
  ];
}

function chargelessAttempts(intent: IntentState): Attempt[] {
  return intent.failures.map(({ id, at, currency, amount, method, brand, country, last4, ...error }) => ({
    id,
    kind: "authentication",
    outcome: "failed",
    createdAt: at,
    at,
    failure: chargelessCause(error),
    currency,
    amount,
    captured: ZERO,
    capturedAt: null,
    expired: false,
    method,
    brand,
    country,
    last4,
  }));
}

function inOrder(first: Attempt, second: Attempt): number {
  const [a, b] = [first.at ?? Number.MAX_SAFE_INTEGER, second.at ?? Number.MAX_SAFE_INTEGER];
  return a === b ? (first.id < second.id ? -1 : 1) : a - b;
}

/**
 * A refund that moved nothing and is just what a partial capture left uncaptured: Stripe books the release as one.
 * Without a balance transaction, because there was no money to move.
 */
function isRelease(refund: RefundSnapshot, charges: readonly ChargeState[]): boolean {
  if (refund.moved || refund.status !== "succeeded") return false;
  return charges.some(({ last }) => last !== null && last.status === "succeeded" && last.captured < last.amount && refund.amount === last.amount - last.captured);
}

function refundsOf(state: PaymentState): Refund[] {
  return state.refunds.flatMap(({ id, last, toldAt }) => {
    if (last === null) return [];
    const { status, currency, amount, created, reason, failure, at } = last;
    const counts = status !== "failed" && status !== "canceled" && !isRelease(last, state.charges);
    return [{ id, status, currency, amount, createdAt: created ?? toldAt ?? at, toldAt: toldAt ?? at, updatedAt: at, reason, failure, counts }];
  });
}

/**
 * What charges say went back is a lower bound for refunds we have not seen (made elsewhere, event not subscribed). A
 * snapshot older than a refund's failure still contains it, so that one is taken off.
 */
function unseenRefundOf(state: PaymentState, currency: Currency | null, refunds: readonly Refund[]): Payment["unseenRefund"] {
  let told = 0;
  let at: number | null = null;
  let snapshotAt = 0;
  for (const { last, backAt } of state.charges) {
    if (last === null || last.status !== "succeeded" || last.currency !== currency || last.captured === 0) continue;
    const back = moneyBack(last);
    if (back === 0) continue;
    told += back;
    at = at === null ? (backAt ?? last.at) : Math.min(at, backAt ?? last.at);
    snapshotAt = Math.max(snapshotAt, last.at);
  }
  if (at === null) return null;
  const ended = refunds.filter((refund) => refund.currency === currency && (refund.status === "failed" || refund.status === "canceled"));
  const failedSince = ended.filter((refund) => Math.min(refund.createdAt, refund.toldAt) <= snapshotAt && refund.updatedAt >= snapshotAt);
  const seen = refunds.filter((refund) => refund.counts && refund.currency === currency);
  const unseen = told - sum(failedSince.map((refund) => refund.amount)) - sum(seen.map((refund) => refund.amount));
  return unseen > 0 ? { amount: minor(unseen), at } : null;
}

function disputesOf(state: PaymentState): Dispute[] {
  return state.disputes.map(({ id, last: told, ended, withdrawnAt, withdrawn, reinstated }) => {
    const last = ended ?? told;
    const out = withdrawn !== null && (reinstated === null || reinstated.at < withdrawn.at);
    return {
      id,
      status: last?.status ?? "unknown",
      currency: last?.currency ?? null,
      amount: last?.amount ?? ZERO,
      reason: last?.reason ?? null,
      createdAt: last?.created ?? told?.at ?? null,
      withheld: out ? withdrawn.amount : ZERO,
      withdrawnAt,
      withdrawn: withdrawn?.amount ?? null,
      reinstatedAt: withdrawn !== null && !out ? (reinstated?.at ?? null) : null,
    };
  });
}

function currencyOf(state: PaymentState): Currency | null {
  const tellings = [...state.intents, ...state.charges, ...state.refunds, ...state.disputes];
  return tellings.find((part) => part.last !== null)?.last?.currency ?? null;
}

/** Charges are the money; an intent's `amount_received` stands in only while no charge of it was seen. */
function capturedOf(state: PaymentState, attempts: readonly Attempt[], currency: Currency | null): Minor {
  if (attempts.some((attempt) => attempt.kind === "charge")) {
    return sum(attempts.filter((attempt) => attempt.currency === currency).map((attempt) => attempt.captured));
  }
  const paid = state.intents.flatMap(({ last }) => (last !== null && last.status === "succeeded" && last.currency === currency ? [last.received] : []));
  return sum(paid);
}

function amountOf(state: PaymentState, attempts: readonly Attempt[], currency: Currency | null): Minor {
  const intended = state.intents.flatMap(({ last }) => (last !== null && last.currency === currency ? [last.amount] : []));
  if (intended.length > 0) return sum(intended);
  const asked = attempts.filter((attempt) => attempt.currency === currency && attempt.kind === "charge");
  const taken = asked.filter((attempt) => attempt.outcome === "succeeded");
  if (taken.length > 0) return sum(taken.map((attempt) => attempt.amount));
  return asked.reduce((most, attempt) => greatest(most, attempt.amount), ZERO);
}

function finalOutcomeOf(attempts: readonly Attempt[]): Payment["finalOutcome"] {
  return (["succeeded", "pending", "failed"] as const).find((outcome) => attempts.some((attempt) => attempt.outcome === outcome)) ?? null;
}

function paidStatus(sums: Pick<Payment, "captured" | "refunded" | "disputed">): PaymentStatus {
  if (sums.disputed > 0) return "disputed";
  if (sums.refunded >= sums.captured) return "refunded";
  return sums.refunded > 0 ? "partially_refunded" : "succeeded";
}

function statusOf(state: PaymentState, attempts: readonly Attempt[], sums: Pick<Payment, "captured" | "refunded" | "disputed">): PaymentStatus {
  const intent = state.intents.find(({ last }) => last !== null)?.last?.status ?? null;
  if (sums.captured > 0) return paidStatus(sums);
  const taken = attempts.filter((attempt) => attempt.outcome === "succeeded");
  if (taken.length > 0) {
    if (taken.every((attempt) => attempt.expired)) return "expired";
    const released = state.charges.some(({ last }) => last !== null && last.status === "succeeded" && last.refunded >= last.amount && last.amount > 0);
    return intent === "canceled" || released ? "canceled" : "authorized";
  }
  if (intent === "canceled") return "canceled";
  if (intent === "processing" || attempts.some((attempt) => attempt.outcome === "pending")) return "processing";
  if (intent === "requires_action") return "requires_action";
  if (intent === "succeeded") return "succeeded";
  if (intent === "requires_capture") return "authorized";
  if (attempts.length > 0) return "failed";
  return intent === null ? "unknown" : "incomplete";
}

/** The charge that speaks for the payment's method and customer: the last that succeeded, else the last of all. */
function leadingCharge(state: PaymentState): ChargeState["last"] {
  const told = state.charges.flatMap(({ last }) => last ?? []);
  const rank = (last: NonNullable<ChargeState["last"]>): number => (last.status === "succeeded" ? 1 : 0);
  return told.reduce<ChargeState["last"]>((best, last) => {
    if (best === null || rank(last) > rank(best)) return last;
    return rank(last) === rank(best) && (last.created ?? last.at) > (best.created ?? best.at) ? last : best;
  }, null);
}

/** What a state means. Pure; every sum adds up: captured − refunded − disputed = left. */
export function describe(told: PaymentState): Payment {
  const state = withoutStandIns(told);
  const attempts = [...state.charges.flatMap(chargeAttempt), ...state.intents.flatMap(chargelessAttempts)].sort(inOrder);
  const currency = currencyOf(state);
  const refunds = refundsOf(state);
  const unseenRefund = unseenRefundOf(state, currency, refunds);
  const disputes = disputesOf(state);
  const captured = capturedOf(state, attempts, currency);
  const counted = refunds.filter((refund) => refund.counts && refund.currency === currency).map((refund) => refund.amount);
  const refunded = sum([...counted, unseenRefund?.amount ?? ZERO]);
  const disputed = sum(disputes.filter((dispute) => dispute.currency === currency).map((dispute) => dispute.withheld));
  const sums = { captured, refunded, disputed };
  const lead = leadingCharge(state);
  const final = attempts.at(-1);
  const intent = state.intents.find(({ last }) => last !== null)?.last ?? null;
  return {
    no: state.no,
    id: paymentId(state),
    live: state.live,
    account: state.account,
    status: statusOf(state, attempts, sums),
    finalOutcome: finalOutcomeOf(attempts),
    currency,
    amount: amountOf(state, attempts, currency),
    ...sums,
    left: subtract(subtract(captured, refunded), disputed),
    attempts,
    refunds,
    unseenRefund,
    disputes,
    email: lead?.email ?? intent?.email ?? state.billed?.email ?? null,
    customer: intent?.customer ?? lead?.customer ?? state.billed?.customer ?? null,
    invoice: state.invoice?.id ?? null,
    method: lead?.method ?? final?.method ?? null,
    brand: lead?.brand ?? final?.brand ?? null,
    country: lead?.country ?? final?.country ?? null,
    last4: lead?.last4 ?? final?.last4 ?? null,
    createdAt: intent?.created ?? lead?.created ?? state.firstAt,
    updatedAt: state.lastAt,
    cut: state.cut,
  };
}
