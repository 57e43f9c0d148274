import { declineNamed } from "../cards/decline.ts";
import { amountStep } from "../currency.ts";
import { PASSED } from "../shapes/instrument.ts";
import { customerShape } from "../shapes/customer.ts";
import { aftermath } from "./aftermath.ts";
import { EUROPE } from "./mix.ts";
import type { Payment } from "./payment.ts";
import {
  attempt, bookCharge, cancelIntent, challenge, declineAttempt, failAuthentication, lastCharge, moveCharge, moveIntent, openPayment, pickDecline,
  succeedIntent, takeInstrument,
} from "./payment.ts";
import type { Scene, Story } from "./scene.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./scene.ts";
import type { Shopper } from "./shopper.ts";
import { card, instrumentFor, shopper } from "./shopper.ts";

/** A customer buys something: the most usual story. */
export function* purchaseStory(scene: Scene): Story {
  scene.asked();
  const buyer = shopper(scene);
  const customer = scene.random.chance(scene.mix.customerRate) ? newCustomer(scene, buyer).id : null;
  const payment = openPayment(scene, buyer, { customer, invoice: null }, scene.random.chance(scene.mix.manualCaptureRate));
  if (scene.random.chance(scene.mix.abandonRate)) {
    yield scene.random.between(HOUR, DAY);
    scene.asked();
    cancelIntent(scene, payment, "abandoned");
    return;
  }
  yield scene.random.between(5 * SECOND, 90 * SECOND);
  yield* payStory(scene, payment);
}

export function newCustomer(scene: Scene, buyer: Shopper): ReturnType<typeof customerShape> {
  const customer = customerShape(scene.merchant, {
    id: `cus_${scene.random.alphanumeric(14)}`, createdAtMs: scene.nowMs, email: buyer.email, name: buyer.name, metadata: {},
    invoicePrefix: scene.random.alphanumeric(8).toUpperCase(),
  });
  scene.emit("customer.created", customer);
  return customer;
}

/** Tries until it works or the customer gives up; then whatever comes after a payment. */
function* payStory(scene: Scene, payment: Payment): Story {
  for (let round = 0; round < 4; round++) {
    scene.asked();
    takeInstrument(scene, payment, round === 0 ? instrumentFor(scene, payment.buyer) : card(scene, payment.buyer));
    if (payment.instrument?.type !== "card") {
      yield* debitStory(scene, payment);
      return;
    }
    yield* cardAttempt(scene, payment);
    if (payment.intent.status !== "requires_payment_method") break;
    if (!scene.random.chance(scene.mix.retryRate)) return;
    yield scene.random.between(10 * SECOND, 4 * MINUTE);
  }
  if (payment.intent.status === "requires_capture") yield* captureStory(scene, payment);
  else if (payment.intent.status === "succeeded") yield* successStory(scene, payment);
}

function* successStory(scene: Scene, payment: Payment): Story {
  yield scene.random.between(SECOND, 8 * SECOND);
  scene.unasked();
  bookCharge(scene, payment);
  yield* aftermath(scene, payment);
}

function* cardAttempt(scene: Scene, payment: Payment): Story {
  const rate = EUROPE.has(payment.buyer.country) ? scene.mix.challengeRateEurope : scene.mix.challengeRate;
  const challenged = scene.random.chance(rate);
  if (challenged) {
    challenge(scene, payment);
    yield scene.random.between(6 * SECOND, 80 * SECOND);
    scene.unasked();
    if (scene.random.chance(scene.mix.challengeFailureRate)) {
      failAuthentication(scene, payment);
      return;
    }
  }
  if (scene.random.chance(scene.mix.declineRate)) {
    declineAttempt(scene, payment, pickDecline(scene));
    return;
  }
  const checks = { ...PASSED, threeDSecure: challenged ? ("authenticated" as const) : null };
  if (payment.intent.capture_method === "manual") {
    const charge = attempt(scene, payment, { kind: "authorized" }, checks);
    moveIntent(scene, payment, "payment_intent.amount_capturable_updated", {
      status: "requires_capture", amount_capturable: charge.amount, latest_charge: charge.id, payment_method: payment.method?.id ?? null, next_action: null, last_payment_error: null,
    });
    return;
  }
  attempt(scene, payment, { kind: "captured" }, checks);
  succeedIntent(scene, payment);
}

/** Authorised first. Mostly captured, sometimes in part, given up, or left to expire after a week. */
function* captureStory(scene: Scene, payment: Payment): Story {
  const fate = scene.random.fraction();
  if (fate < 0.04) {
    yield 7 * DAY;
    scene.unasked();
    moveCharge(scene, payment, "charge.expired", { amount_refunded: payment.intent.amount, refunded: true });
    cancelIntent(scene, payment, "automatic");
    return;
  }
  yield scene.random.between(MINUTE, 2 * DAY);
  scene.asked();
  if (fate < 0.1) {
    moveCharge(scene, payment, "charge.refunded", { amount_refunded: payment.intent.amount, refunded: true });
    cancelIntent(scene, payment, "requested_by_customer");
    return;
  }
  const amount = fate < 0.25 ? lessThan(payment.intent.amount, payment.intent.currency) : payment.intent.amount;
  moveCharge(scene, payment, "charge.captured", { captured: true, amount_captured: amount });
  succeedIntent(scene, payment);
  yield scene.random.between(SECOND, 8 * SECOND);
  scene.unasked();
  bookCharge(scene, payment);
}

function lessThan(amount: number, currency: string): number {
  const step = amountStep(currency);
  return Math.max(step, Math.floor((amount * 3) / 4 / step) * step);
}

/** A bank debit answers after days, and may come back even after it succeeded. */
function* debitStory(scene: Scene, payment: Payment): Story {
  const charge = attempt(scene, payment, { kind: "pending" }, PASSED);
  moveIntent(scene, payment, "payment_intent.processing", {
    status: "processing", latest_charge: charge.id, payment_method: payment.method?.id ?? null, last_payment_error: null,
  });
  const instant = payment.instrument?.type === "ideal";
  yield instant ? scene.random.between(2 * SECOND, 30 * SECOND) : scene.random.between(2 * DAY, 5 * DAY);
  scene.unasked();
  if (!instant && scene.random.chance(scene.mix.debitFailureRate)) {
    failDebit(scene, payment);
    return;
  }
  moveCharge(scene, payment, "charge.succeeded", {
    status: "succeeded", paid: true, amount_captured: charge.amount, receipt_url: `${scene.merchant.pagesUrl}/receipts/${charge.id}`,
  });
  succeedIntent(scene, payment);
  bookCharge(scene, payment);
  if (!instant && scene.random.chance(scene.mix.debitLateFailureRate)) {
    yield scene.random.between(3 * DAY, 12 * DAY);
    lateFailure(scene, payment);
    return;
  }
  yield* aftermath(scene, payment);
}

function failDebit(scene: Scene, payment: Payment): void {
  const decline = declineNamed(scene.random.pick(["debit_insufficient_funds", "debit_account_closed", "debit_no_account"]));
  const charge = moveCharge(scene, payment, "charge.failed", {
    status: "failed", paid: false, captured: false, failure_code: decline.code, failure_message: decline.message,
    outcome: { ...(lastCharge(payment).outcome as NonNullable<ReturnType<typeof lastCharge>["outcome"]>), network_status: "declined_by_network", reason: decline.reason, seller_message: decline.sellerMessage, type: "issuer_declined" },
  });
  moveIntent(scene, payment, "payment_intent.payment_failed", {
    status: "requires_payment_method", payment_method: null,
    last_payment_error: {
      charge: charge.id, code: decline.code, doc_url: `https://stripe.com/docs/error-codes/${decline.code}`, message: decline.message,
      ...(payment.method === null ? {} : { payment_method: payment.method }), type: "card_error",
    },
  });
}

/** The bank takes the money back from a payment that had succeeded. */
function lateFailure(scene: Scene, payment: Payment): void {
  const charge = lastCharge(payment);
  const decline = declineNamed("debit_not_authorized");
  const back = scene.book({ movement: "payment_failure_refund", amount: -charge.amount, currency: charge.currency, source: charge.id, description: "Payment failure refund" });
  moveCharge(scene, payment, "charge.failed", {
    status: "failed", paid: false, failure_code: decline.code, failure_message: decline.message, failure_balance_transaction: back.id,
  });
}
