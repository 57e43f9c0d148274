import { Problem } from "../api/problem.ts";
import type { Decline } from "../cards/decline.ts";
import { declineNamed } from "../cards/decline.ts";
import { debitDecline } from "../cards/test-card.ts";
import type { Desk } from "../desk.ts";
import type { Charge, ChargeResult } from "../shapes/charge.ts";
import { chargeShape } from "../shapes/charge.ts";
import type { Billing, Checks, PaymentMethod } from "../shapes/instrument.ts";
import { PASSED } from "../shapes/instrument.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { authenticationError, declineError, redirectAction } from "../shapes/payment-intent.ts";
import { instrumentOf, testCardOf } from "./method.ts";
import { sessionIntentPaid } from "./checkout.ts";
import { invoiceAttemptFailed, invoiceIntentPaid } from "./invoice-payment.ts";

export interface Confirmation {
  offSession: boolean;
  returnUrl: string | null;
}

/** Tries to pay. @throws the API's 402, keeping the failed charge and its events, when the card is declined */
export function confirmIntent(desk: Desk, intent: PaymentIntent, method: PaymentMethod, how: Confirmation): PaymentIntent {
  const card = testCardOf(method);
  const challenged = card?.challenge === "always" || (card?.challenge === "unless_set_up" && method.customer === null);
  if (!challenged) return attemptIntent(desk, intent, method, PASSED);
  if (how.offSession) return declineIntent(desk, intent, method, declineNamed("authentication_required"), PASSED);
  const action = how.returnUrl === null
    ? redirectAction(desk.merchant, intent.id)
    : { type: "redirect_to_url", redirect_to_url: { return_url: how.returnUrl, url: `${desk.merchant.pagesUrl}/authenticate/${intent.id}` } };
  return desk.tell("payment_intent.requires_action", { ...intent, status: "requires_action", next_action: action, payment_method: method.id, last_payment_error: null }, intent);
}

/** What the customer answered to the 3-D Secure question. @throws as `confirmIntent`, when the bank then declines */
export function answerChallenge(desk: Desk, intent: PaymentIntent, authenticated: boolean): PaymentIntent {
  if (intent.status !== "requires_action" || intent.payment_method === null) throw new Problem(400, `This payment is not waiting for its customer: its status is ${intent.status}.`);
  const method = desk.find<PaymentMethod>("payment_method", intent.payment_method);
  if (authenticated) return attemptIntent(desk, intent, method, { ...PASSED, threeDSecure: "authenticated" });
  const failed = desk.tell("payment_intent.payment_failed", {
    ...intent, status: "requires_payment_method", last_payment_error: authenticationError(method), payment_method: null, next_action: null,
  } satisfies PaymentIntent);
  invoiceAttemptFailed(desk, failed);
  return failed;
}

function attemptIntent(desk: Desk, intent: PaymentIntent, method: PaymentMethod, checks: Checks): PaymentIntent {
  const card = testCardOf(method);
  const cvc = card?.fails.includes("cvc") === true ? ("fail" as const) : checks.cvc;
  const seen: Checks = { ...checks, cvc, postalCode: card?.fails.includes("postal_code") === true ? "fail" : checks.postalCode };
  if (card?.decline !== null && card?.decline !== undefined) return declineIntent(desk, intent, method, declineNamed(card.decline), seen);
  if (method.type !== "card") return startDebit(desk, intent, method);
  const manual = intent.capture_method === "manual";
  const charge = desk.tell("charge.succeeded", newCharge(desk, intent, method, { kind: manual ? "authorized" : "captured" }, seen));
  const common = { latest_charge: charge.id, payment_method: method.id, last_payment_error: null, next_action: null };
  if (manual) {
    return desk.tell("payment_intent.amount_capturable_updated", { ...intent, ...common, status: "requires_capture", amount_capturable: intent.amount } satisfies PaymentIntent);
  }
  desk.later(desk.world.settings.bookingDelayMs, "book_charge", charge.id);
  if (card?.dispute === "inquiry") desk.later(desk.world.settings.bookingDelayMs, "open_inquiry", charge.id);
  else if (card?.dispute === "product_not_received") desk.later(desk.world.settings.bookingDelayMs, "open_dispute_not_received", charge.id);
  else if (card?.dispute !== null && card?.dispute !== undefined) desk.later(desk.world.settings.bookingDelayMs, "open_dispute", charge.id);
  return succeedIntent(desk, { ...intent, ...common }, charge);
}

/** The intent is paid, and with it the invoice it may belong to. */
export function succeedIntent(desk: Desk, intent: PaymentIntent, charge: Charge): PaymentIntent {
  const done = desk.tell("payment_intent.succeeded", {
    ...intent, status: "succeeded", amount_received: charge.amount_captured, amount_capturable: 0, latest_charge: charge.id, processing: null,
  } satisfies PaymentIntent);
  invoiceIntentPaid(desk, done);
  sessionIntentPaid(desk, done);
  return done;
}

/** A bank debit: its result comes later. */
function startDebit(desk: Desk, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const charge = desk.tell("charge.pending", newCharge(desk, intent, method, { kind: "pending" }, PASSED));
  const fails = debitDecline(instrumentOf(method).fingerprint) !== null;
  desk.later(desk.world.settings.slowDelayMs, fails ? "fail_debit" : "settle_debit", charge.id);
  return desk.tell("payment_intent.processing", {
    ...intent, status: "processing", latest_charge: charge.id, payment_method: method.id, last_payment_error: null, next_action: null,
  } satisfies PaymentIntent);
}

function declineIntent(desk: Desk, intent: PaymentIntent, method: PaymentMethod, decline: Decline, checks: Checks): never {
  const charge = desk.tell("charge.failed", newCharge(desk, intent, method, { kind: "failed", decline }, checks));
  const failed = failIntent(desk, intent, charge, decline, method);
  const { type: _type, code: _code, message: _message, doc_url: _url, ...error } = declineError(decline, charge.id, method);
  throw new Problem(402, decline.message, { type: "card_error", code: decline.code, keepsWork: true, extra: { ...error, payment_intent: failed } });
}

export function failIntent(desk: Desk, intent: PaymentIntent, charge: Charge, decline: Decline, method: PaymentMethod): PaymentIntent {
  const failed = desk.tell("payment_intent.payment_failed", {
    ...intent, status: "requires_payment_method", last_payment_error: declineError(decline, charge.id, method), latest_charge: charge.id, payment_method: null, next_action: null,
  } satisfies PaymentIntent);
  invoiceAttemptFailed(desk, failed);
  return failed;
}

function newCharge(desk: Desk, intent: PaymentIntent, method: PaymentMethod, result: ChargeResult, checks: Checks): Charge {
  const risk = testCardOf(method)?.risk ?? "normal";
  const charge = chargeShape(
    desk.merchant,
    {
      id: desk.id(method.type === "card" ? "ch" : "py"),
      amount: intent.amount,
      currency: intent.currency,
      createdAtMs: desk.nowMs,
      customer: intent.customer,
      description: intent.description,
      metadata: intent.metadata,
      paymentIntent: intent.id,
      paymentMethod: method.id,
      instrument: instrumentOf(method),
      billing: billingOf(method),
      checks,
      receiptEmail: intent.receipt_email,
      statementDescriptor: intent.statement_descriptor,
      riskScore: risk === "elevated" ? desk.world.random.between(65, 74) : desk.world.random.between(1, 64),
    },
    result,
  );
  return risk === "elevated" && charge.outcome !== null && result.kind !== "failed" ? { ...charge, outcome: { ...charge.outcome, risk_level: "elevated" } } : charge;
}

function billingOf(method: PaymentMethod): Billing {
  const details = method["billing_details"] as { email: string | null; name: string | null; address: { country: string | null; postal_code: string | null } };
  return { email: details.email, name: details.name, country: details.address.country, postalCode: details.address.postal_code };
}

/** Books a captured charge: its balance transaction exists from now on. */
export function bookCharge(desk: Desk, charge: Charge, bypassesPending = false): Charge {
  if (charge.balance_transaction !== null || !charge.captured || charge.status !== "succeeded") return charge;
  const booked = desk.book({
    movement: charge.id.startsWith("py_") ? "payment" : "charge", amount: charge.amount_captured, currency: charge.currency, source: charge.id, description: charge.description,
  });
  if (bypassesPending) desk.save({ ...booked, available_on: booked.created, status: "available" });
  return desk.tell("charge.updated", { ...charge, balance_transaction: booked.id }, charge);
}
