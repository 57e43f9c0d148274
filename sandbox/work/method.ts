import { Params } from "../api/params.ts";
import { Problem, badRequest } from "../api/problem.ts";
import { declineNamed } from "../cards/decline.ts";
import type { TestCard } from "../cards/test-card.ts";
import { fingerprintOf, passesLuhn, testCardFingerprinted, testCardNumbered, testCardTokened } from "../cards/test-card.ts";
import type { Desk } from "../desk.ts";
import type { Billing, Instrument, PaymentMethod } from "../shapes/instrument.ts";
import { NO_BILLING, paymentMethodShape } from "../shapes/instrument.ts";
import type { Metadata } from "../shapes/thing.ts";

/** A payment method by id or by test token; a token makes a new method of its own each time. */
export function methodNamed(desk: Desk, id: string, customer: string | null): PaymentMethod {
  const testCard = testCardTokened(id);
  if (testCard === null) return desk.find<PaymentMethod>("payment_method", id, "payment_method");
  return desk.save(methodShape(desk, instrumentFrom(desk, testCard), NO_BILLING, customer, {}));
}

export function methodShape(desk: Desk, instrument: Instrument, billing: Billing, customer: string | null, metadata: Metadata): PaymentMethod {
  return paymentMethodShape(desk.id("pm"), instrument, { billing, customer, livemode: desk.merchant.livemode, createdAtMs: desk.nowMs, metadata });
}

function instrumentFrom(desk: Desk, card: TestCard, expiry?: { month: number; year: number }): Instrument {
  return {
    type: "card", brand: card.brand, last4: card.number.slice(-4), funding: card.funding, country: card.country, fingerprint: fingerprintOf(card.number),
    expMonth: expiry?.month ?? 12, expYear: expiry?.year ?? new Date(desk.nowMs).getUTCFullYear() + 2, wallet: null,
  };
}

/** From `payment_method_data`, or the body of a new payment method. */
export function methodFrom(desk: Desk, params: Params, customer: string | null): PaymentMethod {
  const type = params.requiredText("type");
  const billing = billingFrom(params.child("billing_details"));
  const metadata = params.metadata();
  params.ignore("allow_redisplay", "radar_options", "redaction");
  if (type === "card") return methodShape(desk, cardFrom(desk, params), billing, customer, metadata);
  const bank = params.child(type);
  if (type === "us_bank_account" && bank !== undefined) {
    const account = bank.requiredText("account_number");
    bank.ignore("routing_number", "account_holder_type", "account_type");
    return methodShape(desk, { type, country: "US", last4: account.slice(-4), fingerprint: fingerprintOf(account), bank: "STRIPE TEST BANK" }, billing, customer, metadata);
  }
  if (type === "sepa_debit" && bank !== undefined) {
    const iban = bank.requiredText("iban").replaceAll(" ", "");
    return methodShape(desk, { type, country: iban.slice(0, 2), last4: iban.slice(-4), fingerprint: fingerprintOf(iban), bank: iban.slice(4, 12) }, billing, customer, metadata);
  }
  throw badRequest(`This stand-in has no payment methods of type ${type}: card, us_bank_account and sepa_debit it has.`, "parameter_invalid_string", "type");
}

function billingFrom(params: Params | undefined): Billing {
  if (params === undefined) return NO_BILLING;
  const address = params.child("address")?.ignore("city", "line1", "line2", "state");
  params.ignore("phone", "tax_id");
  return {
    email: params.textOrUnset("email") ?? null,
    name: params.textOrUnset("name") ?? null,
    country: address?.textOrUnset("country") ?? null,
    postalCode: address?.textOrUnset("postal_code") ?? null,
  };
}

function cardFrom(desk: Desk, params: Params): Instrument {
  const card = params.child("card");
  if (card === undefined) throw params.absent("card");
  const token = card.text("token");
  if (token !== undefined) {
    const found = testCardTokened(token);
    if (found === null) throw new Problem(404, `No such token: '${token}'`, { code: "resource_missing", param: "card[token]", beforeWork: true });
    return instrumentFrom(desk, found);
  }
  const number = card.requiredText("number");
  return cardByNumber(desk, { number, month: card.requiredInteger("exp_month"), year: card.requiredInteger("exp_year"), cvc: card.text("cvc") ?? null });
}

export interface CardEntry {
  number: string;
  month: number;
  year: number;
  cvc: string | null;
}

/** A card as typed in. @throws the API's 402 for what a form would refuse */
export function cardByNumber(desk: Desk, entry: CardEntry): Instrument {
  const number = entry.number.replaceAll(/[\s-]/g, "");
  const found = testCardNumbered(number);
  if (found?.decline === "incorrect_number" || !/^\d+$/.test(number) || !passesLuhn(number)) throw cardProblem("incorrect_number", "Your card number is incorrect.", "number");
  if (found === null) {
    throw new Problem(402, "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.", { type: "card_error", code: "card_declined", extra: { decline_code: "test_mode_live_card" } });
  }
  const now = new Date(desk.nowMs);
  const year = entry.year < 100 ? 2000 + entry.year : entry.year;
  if (entry.month < 1 || entry.month > 12) throw cardProblem("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month");
  const months = year * 12 + entry.month - 1;
  if (months < now.getUTCFullYear() * 12 + now.getUTCMonth() || year > now.getUTCFullYear() + 50) throw cardProblem("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year");
  if (entry.cvc !== null && !/^\d{3,4}$/.test(entry.cvc)) throw cardProblem("invalid_cvc", "Your card's security code is invalid.", "cvc");
  return instrumentFrom(desk, found, { month: entry.month, year });
}

function cardProblem(code: string, message: string, param: string): Problem {
  return new Problem(402, message, { type: "card_error", code, param });
}

/** The way of paying behind a stored method. */
export function instrumentOf(method: PaymentMethod): Instrument {
  const details = method[method.type] as Record<string, string | number | undefined>;
  const text = (field: string): string => String(details[field] ?? "");
  if (method.type !== "card") {
    return { type: method.type as "sepa_debit", country: text("country") || "US", last4: text("last4"), fingerprint: text("fingerprint"), bank: text("bank_code") || text("bank_name") || text("bank") };
  }
  return {
    type: "card", brand: text("brand"), last4: text("last4"), funding: text("funding") as "credit", country: text("country"), fingerprint: text("fingerprint"),
    expMonth: Number(details["exp_month"]), expYear: Number(details["exp_year"]), wallet: null,
  };
}

export function testCardOf(method: PaymentMethod): TestCard | null {
  return method.type === "card" ? testCardFingerprinted(instrumentOf(method).fingerprint) : null;
}

/** Keeps the method with the customer. @throws the API's 402 when the card declines even that */
export function attach(desk: Desk, method: PaymentMethod, customer: string): PaymentMethod {
  if (method.customer !== null && method.customer !== customer) throw badRequest("The payment method you provided has already been attached to a customer.", "payment_method_unexpected_state");
  const card = testCardOf(method);
  if (card?.decline !== null && card?.decline !== undefined && !card.attachable) {
    const decline = declineNamed(card.decline);
    throw new Problem(402, decline.message, { type: "card_error", code: decline.code, extra: decline.declineCode === null ? {} : { decline_code: decline.declineCode } });
  }
  return desk.tell("payment_method.attached", { ...method, customer });
}
