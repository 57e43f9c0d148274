import { pickWeighted } from "../random.ts";
import { amountStep } from "../currency.ts";
import { previousAttributes } from "../shapes/event.ts";
import type { Dispute } from "../shapes/dispute.ts";
import { DISPUTE_FEE, disputeReasons, disputeShape } from "../shapes/dispute.ts";
import type { Refund } from "../shapes/refund.ts";
import { chargeAfterRefund, refundShape } from "../shapes/refund.ts";
import type { Payment } from "./payment.ts";
import { lastCharge, moveCharge } from "./payment.ts";
import type { Scene, Story } from "./scene.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./scene.ts";

/** What may happen to a payment once it has succeeded: nothing, mostly. */
export function* aftermath(scene: Scene, payment: Payment): Story {
  if (scene.random.chance(scene.mix.refundRate)) {
    yield scene.random.between(2 * MINUTE, 9 * DAY);
    yield* refundStory(scene, payment);
  } else if (scene.random.chance(scene.mix.disputeRate)) {
    yield scene.random.between(2 * DAY, 40 * DAY);
    yield* disputeStory(scene, payment);
  }
}

function partOf(scene: Scene, amount: number, currency: string): number {
  const step = amountStep(currency);
  const part = Math.floor((amount * scene.random.between(10, 80)) / 100 / step) * step;
  return part > 0 ? part : amount;
}

function* refundStory(scene: Scene, payment: Payment): Story {
  const partial = scene.random.chance(scene.mix.partialRefundRate);
  const rounds = partial && scene.random.chance(0.25) ? 2 : 1;
  const refunds: Refund[] = [];
  for (let round = 0; round < rounds; round++) {
    const left = lastCharge(payment).amount_captured - lastCharge(payment).amount_refunded;
    if (left <= 0) return;
    const amount = partial ? partOf(scene, left, lastCharge(payment).currency) : left;
    yield* oneRefund(scene, payment, refunds, amount);
    yield scene.random.between(HOUR, 3 * DAY);
  }
}

const REASONS = [["requested_by_customer", 70], ["duplicate", 12], ["fraudulent", 3], [null, 15]] as const;

function* oneRefund(scene: Scene, payment: Payment, refunds: Refund[], amount: number): Story {
  scene.asked();
  const charge = lastCharge(payment);
  const slow = charge.id.startsWith("py_");
  const refundId = scene.id("re");
  const transaction = scene.book({ movement: slow ? "payment_refund" : "refund", amount: -amount, currency: charge.currency, source: refundId, description: "REFUND" });
  let refund = refundShape(charge, {
    id: refundId,
    amount,
    createdAtMs: scene.nowMs,
    reason: pickWeighted(scene.random, REASONS),
    metadata: {},
    status: slow ? "pending" : "succeeded",
    balanceTransaction: transaction.id,
  });
  refunds.push(refund);
  const tell = (type: string, next: Refund): void => {
    const previous = previousAttributes(refund, next);
    refunds[refunds.indexOf(refund)] = next;
    refund = next;
    scene.emit(type, refund, {}, previous);
  };
  scene.emit("refund.created", refund);
  const refunded = chargeAfterRefund(charge, amount);
  payment.charges[payment.charges.length - 1] = refunded;
  scene.emit("charge.refunded", refunded, { invoice: payment.invoice, refunds: [...refunds] }, { amount_refunded: charge.amount_refunded, refunded: charge.refunded });
  yield slow ? scene.random.between(DAY, 4 * DAY) : scene.random.between(SECOND, 20 * SECOND);
  scene.unasked();
  if (scene.random.chance(scene.mix.refundFailureRate)) {
    const back = scene.book({ movement: "refund_failure", amount, currency: charge.currency, source: refund.id, description: "REFUND FAILURE" });
    tell("refund.failed", { ...refund, status: "failed", failure_reason: "lost_or_stolen_card", failure_balance_transaction: back.id });
    scene.emit("charge.refund.updated", refund);
    moveCharge(scene, payment, "charge.updated", { amount_refunded: lastCharge(payment).amount_refunded - amount, refunded: false });
    return;
  }
  const destination = slow ? refund["destination_details"] : { card: { reference: scene.random.alphanumeric(11), reference_status: "available", reference_type: "acquirer_reference_number", type: "refund" }, type: "card" };
  tell("refund.updated", { ...refund, status: "succeeded", destination_details: destination });
  scene.emit("charge.refund.updated", refund);
}

function* disputeStory(scene: Scene, payment: Payment): Story {
  scene.unasked();
  const charge = lastCharge(payment);
  const amount = charge.amount_captured - charge.amount_refunded;
  if (amount <= 0) return;
  const inquiry = scene.random.chance(scene.mix.inquiryRate);
  let dispute = disputeShape(charge, {
    id: scene.id("du"), amount, createdAtMs: scene.nowMs, reason: scene.random.pick(disputeReasons), status: inquiry ? "warning_needs_response" : "needs_response",
  });
  const tell = (type: string, change: Partial<Dispute>): void => {
    const next = { ...dispute, ...change } as Dispute;
    const previous = previousAttributes(dispute, next);
    dispute = next;
    scene.emit(type, dispute, {}, previous);
  };
  scene.emit("charge.dispute.created", dispute);
  moveCharge(scene, payment, "charge.updated", { disputed: true });
  if (inquiry) {
    yield scene.random.between(5 * DAY, 20 * DAY);
    tell("charge.dispute.closed", { status: "warning_closed" });
    return;
  }
  const taken = scene.book({ movement: "adjustment", amount: -amount, currency: charge.currency, source: dispute.id, description: "Chargeback withdrawal", fee: DISPUTE_FEE });
  tell("charge.dispute.funds_withdrawn", { balance_transactions: [taken] });
  yield scene.random.between(DAY, 6 * DAY);
  scene.asked();
  tell("charge.dispute.updated", { status: "under_review", evidence_details: { ...dispute.evidence_details, has_evidence: true, submission_count: 1 } });
  yield scene.random.between(10 * DAY, 30 * DAY);
  scene.unasked();
  if (!scene.random.chance(scene.mix.disputeWonRate)) {
    tell("charge.dispute.closed", { status: "lost" });
    return;
  }
  tell("charge.dispute.closed", { status: "won" });
  const back = scene.book({ movement: "adjustment", amount, currency: charge.currency, source: dispute.id, description: "Chargeback reversal", fee: -DISPUTE_FEE, reportingCategory: "dispute_reversal" });
  tell("charge.dispute.funds_reinstated", { balance_transactions: [taken, back] });
}
