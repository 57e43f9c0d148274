import type { CheckoutSession } from "../shapes/checkout-session.ts";
import { checkoutSessionShape } from "../shapes/checkout-session.ts";
import type { Price } from "./catalog.ts";
import { currencyFrom, newProduct, priceAmount } from "./catalog.ts";
import type { Desk } from "../desk.ts";
import { checkAmount } from "./payment-intents.ts";
import type { Params } from "./params.ts";
import { badParam, badRequest } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

const DAY_MS = 86_400_000;
const WITHOUT_EFFECT = [
  "allow_promotion_codes", "automatic_tax", "billing_address_collection", "consent_collection", "custom_fields", "custom_text", "customer_creation", "customer_update", "discounts",
  "invoice_creation", "locale", "payment_intent_data", "payment_method_collection", "payment_method_options", "payment_method_types", "phone_number_collection",
  "shipping_address_collection", "shipping_options", "submit_type", "tax_id_collection", "ui_mode",
];

export const checkoutSessionRoutes: readonly Route[] = [
  route("POST", "/v1/checkout/sessions", "checkout_session", create),
  route("GET", "/v1/checkout/sessions", "checkout_session", (call) => listOf(call, "checkout.session", "/v1/checkout/sessions", filterFrom(call.params, "customer", "payment_intent", "status"))),
  route("GET", "/v1/checkout/sessions/:id", "checkout_session", (call) => {
    call.params.done();
    return call.desk.find<CheckoutSession>("checkout.session", idOf(call));
  }),
  route("POST", "/v1/checkout/sessions/:id/expire", "checkout_session", (call) => {
    call.params.done();
    const session = call.desk.find<CheckoutSession>("checkout.session", idOf(call));
    if (session.status !== "open") throw badRequest(`Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`);
    return call.desk.tell("checkout.session.expired", { ...session, status: "expired", url: null } satisfies CheckoutSession);
  }),
];

function create({ desk, params }: Call): CheckoutSession {
  const mode = params.requiredText("mode");
  if (mode !== "payment") throw badParam("This stand-in has Checkout in mode payment only.", "parameter_invalid_string", "mode");
  const lines = params.children("line_items").map((line) => lineOf(desk, line));
  const [first] = lines;
  if (first === undefined) throw params.absent("line_items");
  if (lines.some((line) => line.currency !== first.currency)) throw badParam("All line items must have the same currency.", "parameter_invalid_string", "line_items");
  let amount = 0;
  for (const line of lines) amount += line.amount;
  checkAmount(amount, first.currency);
  const customer = params.text("customer") ?? null;
  if (customer !== null) desk.find("customer", customer, "customer");
  const expires = params.integer("expires_at");
  const session = checkoutSessionShape(desk.merchant, {
    id: `cs_${desk.merchant.livemode ? "live" : "test"}_${desk.world.random.alphanumeric(58)}`, createdAtMs: desk.nowMs, expiresAtMs: expires === undefined ? desk.nowMs + DAY_MS : expires * 1000,
    amount, currency: first.currency, customer, email: params.textOrUnset("customer_email") ?? null, metadata: params.metadata(), reference: params.textOrUnset("client_reference_id") ?? null,
    successUrl: webAddress(params, "success_url"), cancelUrl: webAddress(params, "cancel_url"),
  });
  params.ignore(...WITHOUT_EFFECT).done();
  return desk.save(session);
}

function webAddress(params: Params, field: string): string | null {
  const url = params.text(field) ?? null;
  if (url !== null && !/^https?:\/\//.test(url)) throw badParam("Not a valid URL", "url_invalid", field);
  return url;
}

function lineOf(desk: Desk, line: Params): { amount: number; currency: string } {
  const quantity = line.integer("quantity", 1) ?? 1;
  line.ignore("adjustable_quantity", "tax_rates", "dynamic_tax_rates", "metadata");
  const data = line.child("price_data");
  if (data === undefined) {
    const price = desk.find<Price>("price", line.requiredText("price"), "line_items[price]");
    return { amount: price.unit_amount * quantity, currency: price.currency };
  }
  const product = data.child("product_data");
  if (product !== undefined) newProduct(desk, product);
  data.ignore("product", "tax_behavior");
  return { amount: priceAmount(data) * quantity, currency: currencyFrom(data) };
}
