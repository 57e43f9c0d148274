import type { Decline } from "../cards/decline.ts";
import { declineNamed } from "../cards/decline.ts";
import { pickWeighted } from "../random.ts";
import type { Charge, ChargeResult } from "../shapes/charge.ts";
import { chargeShape } from "../shapes/charge.ts";
import { previousAttributes } from "../shapes/event.ts";
import type { Checks, Instrument, PaymentMethod } from "../shapes/instrument.ts";
import { PASSED, paymentMethodShape } from "../shapes/instrument.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { authenticationError, declineError, paymentIntentShape, redirectAction } from "../shapes/payment-intent.ts";
import { seconds } from "../shapes/thing.ts";
import type { Scene } from "./scene.ts";
import type { Shopper } from "./shopper.ts";
import { billingOf } from "./shopper.ts";

/** One payment as it stands: what every beat of a story reads and replaces. */
export interface Payment {
  buyer: Shopper;
  customer: string | null;
  invoice: string | null;
  intent: PaymentIntent;
  /** Every attempt so far; the last is the live one. */
  charges: Charge[];
  method: PaymentMethod | null;
  instrument: Instrument | null;
}

export function openPayment(scene: Scene, buyer: Shopper, owner: { customer: string | null; invoice: string | null }, manualCapture: boolean): Payment {
  const intent = paymentIntentShape(scene.merchant, {
    id: scene.id("pi"),
    secret: scene.random.alphanumeric(25),
    amount: buyer.amount,
    currency: buyer.currency,
    createdAtMs: scene.nowMs,
    customer: owner.customer,
    description: buyer.description,
    metadata: owner.invoice === null ? { order_id: String(scene.random.between(100_000, 999_999)) } : {},
    methodTypes: ["card"],
    captureMethod: manualCapture ? "manual" : "automatic_async",
    receiptEmail: null,
  });
  const payment: Payment = { buyer, customer: owner.customer, invoice: owner.invoice, intent, charges: [], method: null, instrument: null };
  scene.emit("payment_intent.created", intent, { invoice: owner.invoice });
  return payment;
}

/** Takes the customer's way of paying; a payment method exists from now on. */
export function takeInstrument(scene: Scene, payment: Payment, instrument: Instrument): void {
  payment.instrument = instrument;
  payment.method = paymentMethodShape(scene.id("pm"), instrument, {
    billing: billingOf(payment.buyer),
    customer: payment.customer,
    livemode: scene.merchant.livemode,
    createdAtMs: scene.nowMs,
  });
  scene.keep(payment.method);
  payment.intent = { ...payment.intent, payment_method_types: instrument.type === "card" ? ["card"] : ["card", instrument.type] };
}

/** Replaces the intent and tells of it under `type`. */
export function moveIntent(scene: Scene, payment: Payment, type: string, change: Partial<PaymentIntent>): void {
  payment.intent = { ...payment.intent, ...change };
  scene.emit(type, payment.intent, { invoice: payment.invoice, charges: [...payment.charges] });
}

export function moveCharge(scene: Scene, payment: Payment, type: string, change: Partial<Charge>): Charge {
  const before = lastCharge(payment);
  const charge = { ...before, ...change } as Charge;
  payment.charges[payment.charges.length - 1] = charge;
  scene.emit(type, charge, { invoice: payment.invoice }, type === "charge.updated" ? previousAttributes(before, charge) : null);
  return charge;
}

export function lastCharge(payment: Payment): Charge {
  const charge = payment.charges.at(-1);
  if (charge === undefined) throw new Error("the payment has no charge yet");
  return charge;
}

/** One attempt: a charge and its first event. */
export function attempt(scene: Scene, payment: Payment, result: ChargeResult, checks: Checks): Charge {
  if (payment.method === null || payment.instrument === null) throw new Error("an attempt needs a payment method");
  const bank = payment.instrument.type !== "card";
  const charge = chargeShape(
    scene.merchant,
    {
      id: scene.id(bank ? "py" : "ch"),
      amount: payment.intent.amount,
      currency: payment.intent.currency,
      createdAtMs: scene.nowMs,
      customer: payment.customer,
      description: payment.intent.description,
      metadata: payment.intent.metadata,
      paymentIntent: payment.intent.id,
      paymentMethod: payment.method.id,
      instrument: payment.instrument,
      billing: billingOf(payment.buyer),
      checks,
      receiptEmail: payment.intent.receipt_email,
      statementDescriptor: null,
      riskScore: scene.random.between(1, 64),
    },
    result,
  );
  payment.charges.push(charge);
  scene.emit(result.kind === "failed" ? "charge.failed" : result.kind === "pending" ? "charge.pending" : "charge.succeeded", charge, { invoice: payment.invoice });
  return charge;
}

/** The charge that failed, and the intent that may be tried again. */
export function declineAttempt(scene: Scene, payment: Payment, decline: Decline): void {
  const checks: Checks = decline.code === "incorrect_cvc" ? { ...PASSED, cvc: "fail" } : PASSED;
  const charge = attempt(scene, payment, { kind: "failed", decline }, checks);
  if (payment.method === null) return;
  moveIntent(scene, payment, "payment_intent.payment_failed", {
    status: "requires_payment_method",
    last_payment_error: declineError(decline, charge.id, payment.method),
    latest_charge: charge.id,
    payment_method: null,
    next_action: null,
  });
}

export function challenge(scene: Scene, payment: Payment): void {
  if (payment.method === null) return;
  moveIntent(scene, payment, "payment_intent.requires_action", {
    status: "requires_action",
    next_action: redirectAction(scene.merchant, payment.intent.id),
    payment_method: payment.method.id,
    last_payment_error: null,
  });
}

/** No charge is made: `latest_charge` keeps pointing at an earlier attempt, if there was one. */
export function failAuthentication(scene: Scene, payment: Payment): void {
  if (payment.method === null) return;
  moveIntent(scene, payment, "payment_intent.payment_failed", {
    status: "requires_payment_method",
    last_payment_error: authenticationError(payment.method),
    payment_method: null,
    next_action: null,
  });
}

export function succeedIntent(scene: Scene, payment: Payment): void {
  moveIntent(scene, payment, "payment_intent.succeeded", {
    status: "succeeded",
    amount_received: lastCharge(payment).amount_captured,
    amount_capturable: 0,
    latest_charge: lastCharge(payment).id,
    payment_method: payment.method?.id ?? null,
    last_payment_error: null,
    next_action: null,
    processing: null,
  });
}

export function cancelIntent(scene: Scene, payment: Payment, reason: string): void {
  moveIntent(scene, payment, "payment_intent.canceled", {
    status: "canceled",
    canceled_at: seconds(scene.nowMs),
    cancellation_reason: reason,
    amount_capturable: 0,
    next_action: null,
  });
}

/** The booking of a captured charge arrives a little after the charge itself. */
export function bookCharge(scene: Scene, payment: Payment): Charge {
  const charge = lastCharge(payment);
  const transaction = scene.book({
    movement: charge.id.startsWith("py_") ? "payment" : "charge",
    amount: charge.amount_captured,
    currency: charge.currency,
    source: charge.id,
    description: charge.description,
  });
  return moveCharge(scene, payment, "charge.updated", { balance_transaction: transaction.id });
}

export function pickDecline(scene: Scene): Decline {
  return declineNamed(pickWeighted(scene.random, scene.mix.declineCauses));
}
