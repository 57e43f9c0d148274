import { amountStep, formatAmount, maximumCharge, minimumCharge } from "../currency.ts";
import type { Desk } from "../desk.ts";
import type { Charge } from "../shapes/charge.ts";
import type { PaymentMethod } from "../shapes/instrument.ts";
import type { PaymentIntent, PaymentIntentStatus } from "../shapes/payment-intent.ts";
import { paymentIntentShape } from "../shapes/payment-intent.ts";
import { seconds } from "../shapes/thing.ts";
import { attach, methodFrom, methodNamed } from "../work/method.ts";
import { bookCharge, confirmIntent, succeedIntent } from "../work/payment.ts";
import { currencyFrom } from "./catalog.ts";
import { unlessSent } from "./customers.ts";
import type { Params } from "./params.ts";
import { Problem, badParam, badRequest } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

const WITHOUT_EFFECT = [
  "payment_method_options", "shipping", "statement_descriptor_suffix", "transfer_data", "transfer_group", "on_behalf_of", "application_fee_amount",
  "mandate_data", "error_on_requires_action", "use_stripe_sdk", "radar_options", "payment_method_configuration", "excluded_payment_method_types", "amount_details",
  "payment_details", "client_secret", "hooks", "customer_account",
];

export const paymentIntentRoutes: readonly Route[] = [
  route("POST", "/v1/payment_intents", "payment_intent", create),
  route("GET", "/v1/payment_intents", "payment_intent", (call) => listOf(call, "payment_intent", "/v1/payment_intents", filterFrom(call.params, "customer"))),
  route("GET", "/v1/payment_intents/:id", "payment_intent", (call) => {
    call.params.ignore("client_secret").done();
    return intentOf(call);
  }),
  route("POST", "/v1/payment_intents/:id", "payment_intent", update),
  route("POST", "/v1/payment_intents/:id/confirm", "payment_intent", (call) => {
    const intent = expectStatus(intentOf(call), "confirm", ["requires_payment_method", "requires_confirmation", "requires_action"]);
    return confirm(call, intent);
  }),
  route("POST", "/v1/payment_intents/:id/capture", "payment_intent", capture),
  route("POST", "/v1/payment_intents/:id/cancel", "payment_intent", cancel),
];

function intentOf(call: Call): PaymentIntent {
  return call.desk.find<PaymentIntent>("payment_intent", idOf(call), "intent");
}

function create(call: Call): PaymentIntent {
  const { desk, params } = call;
  const amount = params.requiredInteger("amount");
  const currency = currencyFrom(params);
  checkAmount(amount, currency);
  const customer = params.text("customer") ?? null;
  if (customer !== null) desk.find("customer", customer, "customer");
  const automatic = params.child("automatic_payment_methods");
  const enabled = automatic?.flag("enabled") ?? params.texts("payment_method_types") === undefined;
  const redirects = automatic?.text("allow_redirects") ?? "always";
  const shape = paymentIntentShape(desk.merchant, {
    id: desk.id("pi"), secret: desk.world.random.alphanumeric(25), amount, currency, createdAtMs: desk.nowMs, customer,
    description: params.textOrUnset("description") ?? null, metadata: params.metadata(), methodTypes: params.texts("payment_method_types") ?? ["card"],
    captureMethod: params.choice("capture_method", ["automatic", "automatic_async", "manual"]) ?? "automatic_async", receiptEmail: params.textOrUnset("receipt_email") ?? null,
  });
  const intent: PaymentIntent = {
    ...shape,
    automatic_payment_methods: enabled ? { allow_redirects: redirects, enabled: true } : null,
    setup_future_usage: params.text("setup_future_usage") ?? null,
    statement_descriptor: params.textOrUnset("statement_descriptor") ?? null,
    confirmation_method: params.choice("confirmation_method", ["automatic", "manual"]) ?? "automatic",
  };
  const confirmNow = params.flag("confirm") ?? false;
  desk.tell("payment_intent.created", intent);
  if (confirmNow) return confirm(call, intent);
  const method = methodFromCall(desk, params, intent);
  params.ignore(...WITHOUT_EFFECT, "off_session", "return_url").done();
  return method === null ? intent : desk.save({ ...intent, payment_method: method.id, status: "requires_confirmation" as const });
}

function methodFromCall(desk: Desk, params: Params, intent: PaymentIntent): PaymentMethod | null {
  const id = params.text("payment_method");
  const data = params.child("payment_method_data");
  if (data !== undefined) return desk.save(methodFrom(desk, data, null));
  if (id !== undefined) return methodNamed(desk, id, null);
  return intent.payment_method === null ? null : desk.find<PaymentMethod>("payment_method", intent.payment_method);
}

function confirm(call: Call, intent: PaymentIntent): PaymentIntent {
  const { desk, params } = call;
  const method = methodFromCall(desk, params, intent);
  const offSession = params.text("off_session");
  const returnUrl = params.text("return_url") ?? null;
  const receipt = params.textOrUnset("receipt_email");
  params.choice("capture_method", ["automatic", "automatic_async", "manual"]);
  params.ignore(...WITHOUT_EFFECT, "setup_future_usage").done();
  if (method === null) throw badRequest("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.", "payment_intent_unexpected_state");
  const ready: PaymentIntent = { ...intent, receipt_email: unlessSent(receipt, intent.receipt_email) };
  const confirmed = confirmIntent(desk, ready, method, { offSession: offSession !== undefined && offSession !== "false", returnUrl });
  if (ready.setup_future_usage !== null && ready.customer !== null && confirmed.status === "succeeded" && method.customer === null) attach(desk, method, ready.customer);
  return confirmed;
}

function update(call: Call): PaymentIntent {
  const { desk, params } = call;
  const before = intentOf(call);
  const amount = params.integer("amount") ?? before.amount;
  const currency = params.has("currency") ? currencyFrom(params) : before.currency;
  if (amount !== before.amount || currency !== before.currency) {
    expectStatus(before, "update", ["requires_payment_method", "requires_confirmation", "requires_action"]);
    checkAmount(amount, currency);
  }
  const after: PaymentIntent = {
    ...before, amount, currency, description: unlessSent(params.textOrUnset("description"), before.description), metadata: params.metadata(before.metadata),
    receipt_email: unlessSent(params.textOrUnset("receipt_email"), before.receipt_email), customer: params.text("customer") ?? before.customer,
    setup_future_usage: unlessSent(params.textOrUnset("setup_future_usage"), before.setup_future_usage),
  };
  const method = params.has("payment_method") || params.has("payment_method_data") ? methodFromCall(desk, params, before) : null;
  params.ignore(...WITHOUT_EFFECT, "payment_method_types", "statement_descriptor", "capture_method").done();
  return desk.save(method === null ? after : { ...after, payment_method: method.id, status: "requires_confirmation" });
}

function capture(call: Call): PaymentIntent {
  const { desk, params } = call;
  const intent = expectStatus(intentOf(call), "capture", ["requires_capture"]);
  const amount = params.integer("amount_to_capture", 1) ?? intent.amount_capturable;
  params.metadata();
  params.ignore("application_fee_amount", "final_capture", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "amount_details", "hooks", "payment_details").done();
  if (amount > intent.amount_capturable) throw badRequest(`The provided capture amount (${formatAmount(amount, intent.currency)}) is larger than the amount available for capture (${formatAmount(intent.amount_capturable, intent.currency)}).`, "amount_too_large", "amount_to_capture");
  const before = desk.find<Charge>("charge", intent.latest_charge ?? "");
  const charge = desk.tell("charge.captured", { ...before, captured: true, amount_captured: amount } satisfies Charge, before);
  const done = succeedIntent(desk, intent, charge);
  bookCharge(desk, charge);
  return done;
}

function cancel(call: Call): PaymentIntent {
  const { desk, params } = call;
  const intent = expectStatus(intentOf(call), "cancel", ["requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "processing"]);
  const reason = params.choice("cancellation_reason", ["duplicate", "fraudulent", "requested_by_customer", "abandoned"]) ?? null;
  params.done();
  if (intent.status === "requires_capture" && intent.latest_charge !== null) {
    const charge = desk.find<Charge>("charge", intent.latest_charge);
    desk.tell("charge.refunded", { ...charge, amount_refunded: charge.amount, refunded: true }, charge);
  }
  return desk.tell("payment_intent.canceled", {
    ...intent, status: "canceled", canceled_at: seconds(desk.nowMs), cancellation_reason: reason, amount_capturable: 0, next_action: null,
  } satisfies PaymentIntent, intent);
}

function expectStatus(intent: PaymentIntent, verb: string, allowed: readonly PaymentIntentStatus[]): PaymentIntent {
  if (allowed.includes(intent.status)) return intent;
  throw new Problem(400, `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${verb === "cancel" ? "canceled" : `${verb}ed`}: ${allowed.join(", ")}.`, {
    code: "payment_intent_unexpected_state", extra: { payment_intent: intent },
  });
}

/** What can be charged at all. Invoices below the minimum are another matter. */
export function checkAmount(amount: number, currency: string): void {
  if (amount < 1) throw badParam("This value must be greater than or equal to 1.", "parameter_invalid_integer", "amount");
  if (amount > maximumCharge(currency)) throw badParam(`Amount must be no more than ${formatAmount(maximumCharge(currency), currency)}`, "amount_too_large", "amount");
  if (amount < minimumCharge(currency)) throw badParam(`Amount must be at least ${formatAmount(minimumCharge(currency), currency)} ${currency}`, "amount_too_small", "amount");
  if (amount % amountStep(currency) !== 0) throw badParam(`Invalid amount: ${currency} amounts must be multiples of ${amountStep(currency)}.`, "parameter_invalid_integer", "amount");
}
