import { badParam, badRequest } from "../api/problem.ts";
import { amountStep, formatAmount } from "../currency.ts";
import type { Desk } from "../desk.ts";
import type { Charge } from "../shapes/charge.ts";
import type { Dispute } from "../shapes/dispute.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import type { PaymentMethod } from "../shapes/instrument.ts";
import type { Refund, RefundStatus } from "../shapes/refund.ts";
import { chargeAfterRefund, refundShape } from "../shapes/refund.ts";
import type { Metadata } from "../shapes/thing.ts";
import { seconds } from "../shapes/thing.ts";
import { testCardOf } from "./method.ts";
import { bookCharge } from "./payment.ts";

export interface RefundWish {
  /** null: all that is left. */
  amount: number | null;
  reason: string | null;
  metadata: Metadata;
}

/** The charge a refund of this payment intent would go to. */
export function refundableCharge(desk: Desk, intentId: string): Charge {
  const intent = desk.find<PaymentIntent>("payment_intent", intentId, "payment_intent");
  const charge = desk.all<Charge>("charge", { payment_intent: intent.id }).findLast((one) => one.status === "succeeded");
  if (charge === undefined) throw badRequest(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, "charge_not_refundable", "payment_intent");
  return charge;
}

/** Sends money back, or refuses in the API's words. */
export function refund(desk: Desk, found: Charge, wish: RefundWish): Refund {
  const amount = allowedAmount(desk, found, wish.amount);
  const charge = bookCharge(desk, found);
  const method = charge.payment_method === null ? null : (desk.peek(charge.payment_method) as PaymentMethod | null);
  const manner = method === null ? "at_once" : (testCardOf(method)?.refund ?? (charge.id.startsWith("py_") ? "late" : "at_once"));
  const forced = desk.world.faults.take("POST", "/v1/refunds", ["refund_status"]);
  const status: RefundStatus = forced?.kind === "refund_status" ? forced.status : manner === "late" ? "pending" : "succeeded";
  const id = desk.id("re");
  const booked = desk.book({ movement: charge.id.startsWith("py_") ? "payment_refund" : "refund", amount: -amount, currency: charge.currency, source: id, description: "REFUND" });
  const made = refundShape(charge, { id, amount, createdAtMs: desk.nowMs, reason: wish.reason, metadata: wish.metadata, status: status === "failed" ? "pending" : status, balanceTransaction: booked.id });
  desk.tell("refund.created", made);
  desk.tell("charge.refunded", chargeAfterRefund(charge, amount), charge);
  if (status === "failed") return moveRefund(desk, made, "failed", "declined");
  if (forced === null && manner === "late") desk.later(desk.world.settings.slowDelayMs, "settle_refund", id);
  if (forced === null && manner === "fails_late") desk.later(desk.world.settings.slowDelayMs, "fail_refund", id);
  return made;
}

function allowedAmount(desk: Desk, charge: Charge, wished: number | null): number {
  if (charge.status !== "succeeded") throw badRequest(`Charge ${charge.id} is ${charge.status} and cannot be refunded.`, "charge_not_refundable", "charge");
  if (!charge.captured) throw badRequest(`Charge ${charge.id} has not been captured; cancel its PaymentIntent to release the funds.`, "charge_not_refundable", "charge");
  const dispute = desk.all<Dispute>("dispute", { charge: charge.id }).findLast((one) => !one.is_charge_refundable && one.status !== "won");
  if (dispute !== undefined) throw badRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, "charge_disputed");
  const left = charge.amount_captured - charge.amount_refunded;
  if (left <= 0) throw badRequest(`Charge ${charge.id} has already been refunded.`, "charge_already_refunded");
  const amount = wished ?? left;
  if (amount > left) {
    // Without a code, as the real API does it: the parameter and the words are all there is to go by.
    throw badRequest(`Refund amount (${formatAmount(amount, charge.currency)}) is greater than unrefunded amount on charge (${formatAmount(left, charge.currency)})`, undefined, "amount");
  }
  if (amount % amountStep(charge.currency) !== 0) throw badParam(`Invalid amount: ${charge.currency} amounts must be multiples of ${amountStep(charge.currency)}.`, "parameter_invalid_integer", "amount");
  if (desk.world.settings.checkBalance) {
    const available = desk.world.objects.balances(desk.scope, seconds(desk.nowMs)).find((one) => one.currency === charge.currency)?.available ?? 0;
    if (available < amount) throw badRequest("Insufficient funds in Stripe account. In test mode, you can add funds to your available balance (bypassing your pending balance) by creating a charge with 4000 0000 0000 0077 as the card number. You can use the the /v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance).", "balance_insufficient");
  }
  return amount;
}

/** A refund's later life: settled, failed or canceled; what did not go out is put back on the charge. */
export function moveRefund(desk: Desk, before: Refund, status: RefundStatus, failureReason: string): Refund {
  if (before.status === status) return before;
  if (before.status === "failed" || before.status === "canceled") throw badRequest(`Refund ${before.id} is ${before.status} and stays so.`);
  const gone = status === "failed" || status === "canceled";
  let after: Refund = { ...before, status };
  if (gone) {
    const charge = desk.find<Charge>("charge", before.charge);
    const back = desk.book({ movement: "refund_failure", amount: before.amount, currency: before.currency, source: before.id, description: "REFUND FAILURE" });
    after = { ...after, failure_balance_transaction: back.id, ...(status === "failed" ? { failure_reason: failureReason } : {}) };
    desk.tell("charge.updated", chargeAfterRefund(charge, -before.amount), charge);
  }
  desk.tell(status === "failed" ? "refund.failed" : "refund.updated", after, before);
  desk.emit("charge.refund.updated", after, before);
  return after;
}
