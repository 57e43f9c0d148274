import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCards } from "../cards/test-card.ts";
import type { Bench } from "../with-sdk.ts";
import { bench, refusal, idOf } from "../with-sdk.ts";

let b: Bench;
beforeAll(async () => void (b = await bench()));
afterAll(() => b.close());

const pay = (payment_method: string, extra: object = {}): ReturnType<Bench["stripe"]["paymentIntents"]["create"]> =>
  b.stripe.paymentIntents.create({ amount: 1000, currency: "usd", payment_method, confirm: true, ...extra });

describe("a test card", () => {
  it.each(testCards.filter((card) => card.decline === null && card.challenge === "never").map((card) => [card.number, card.brand]))("%s (%s) pays", async (number) => {
    const method = await b.stripe.paymentMethods.create({ type: "card", card: { number, exp_month: 12, exp_year: 2034, cvc: "123" } });
    expect((await pay(method.id)).status).toBe("succeeded");
  });

  it.each([
    ["pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "issuer_declined"],
    ["pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "issuer_declined"],
    ["pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "issuer_declined"],
    ["pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "issuer_declined"],
    ["pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "issuer_declined"],
    ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "issuer_declined"],
    ["pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error", "issuer_declined"],
    ["pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", "issuer_declined"],
    ["pm_card_radarBlock", "card_declined", "fraudulent", "blocked"],
  ])("%s is declined with %s, and the charge stays as witness", async (token, code, declineCode, outcome) => {
    const error = await refusal(pay(token));
    expect(error).toMatchObject({ type: "StripeCardError", statusCode: 402, code, decline_code: declineCode });
    expect(error.payment_intent).toMatchObject({ status: "requires_payment_method", last_payment_error: { charge: error.charge } });
    expect(await b.stripe.charges.retrieve(idOf(error.charge))).toMatchObject({ status: "failed", paid: false, failure_code: code, outcome: { type: outcome } });
    const types = (await b.stripe.events.list({ limit: 2 })).data.map((event) => event.type);
    expect(types).toEqual(["payment_intent.payment_failed", "charge.failed"]);
  });

  it("with a wrong number, date or code is refused as a form would", async () => {
    const make = (card: object): Promise<unknown> => b.stripe.paymentMethods.create({ type: "card", card: { number: "4242424242424242", exp_month: 12, exp_year: 2034, cvc: "123", ...card } });
    expect(await refusal(make({ number: "4242424242424241" }))).toMatchObject({ code: "incorrect_number" });
    expect(await refusal(make({ number: "4539578763621486" }))).toMatchObject({ decline_code: "test_mode_live_card" });
    expect(await refusal(make({ exp_month: 13 }))).toMatchObject({ code: "invalid_expiry_month" });
    expect(await refusal(make({ exp_year: 2020 }))).toMatchObject({ code: "invalid_expiry_year" });
    expect(await refusal(make({ cvc: "99" }))).toMatchObject({ code: "invalid_cvc" });
  });

  it("that only declines cannot be kept with a customer, save the one made for it", async () => {
    const customer = await b.stripe.customers.create({});
    expect(await refusal(b.stripe.paymentMethods.attach("pm_card_visa_chargeDeclined", { customer: customer.id }))).toMatchObject({ statusCode: 402 });
    const kept = await b.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customer.id });
    expect(await refusal(pay(kept.id, { customer: customer.id, off_session: true }))).toMatchObject({ code: "card_declined" });
    expect((await b.stripe.paymentMethods.list({ customer: customer.id })).data).toHaveLength(1);
  });
});

describe("3-D Secure", () => {
  it("asks first, then pays", async () => {
    const intent = await pay("pm_card_authenticationRequired", { return_url: "https://shop.example/done" });
    expect(intent).toMatchObject({ status: "requires_action", next_action: { type: "redirect_to_url" }, latest_charge: null });
    await b.control(`/payment_intents/${intent.id}/authenticate`, { result: "succeeded" });
    expect((await b.stripe.paymentIntents.retrieve(intent.id)).status).toBe("succeeded");
  });

  it("that fails leaves no charge", async () => {
    const intent = await pay("pm_card_authenticationRequired");
    await b.control(`/payment_intents/${intent.id}/authenticate`, { result: "failed" });
    const after = await b.stripe.paymentIntents.retrieve(intent.id);
    expect(after).toMatchObject({ status: "requires_payment_method", latest_charge: null, last_payment_error: { code: "payment_intent_authentication_failure" } });
    expect(after.last_payment_error?.charge ?? null).toBeNull();
    expect((await b.stripe.charges.list({ payment_intent: intent.id })).data).toEqual([]);
  });

  it("cannot be asked of somebody who is not there", async () => {
    expect(await refusal(pay("pm_card_authenticationRequired", { off_session: true }))).toMatchObject({ code: "authentication_required", statusCode: 402 });
  });
});

describe("a payment intent", () => {
  it("is captured in part, later", async () => {
    const intent = await pay("pm_card_visa", { capture_method: "manual" });
    expect(intent).toMatchObject({ status: "requires_capture", amount_capturable: 1000, amount_received: 0 });
    expect(await b.stripe.paymentIntents.capture(intent.id, { amount_to_capture: 600 })).toMatchObject({ status: "succeeded", amount_received: 600 });
    expect(await b.stripe.charges.retrieve(idOf(intent.latest_charge))).toMatchObject({ captured: true, amount: 1000, amount_captured: 600 });
  });

  it("can be tried again after a decline, and canceled only before it is paid", async () => {
    const error = await refusal(pay("pm_card_visa_chargeDeclined"));
    const id = error.payment_intent?.id ?? "";
    expect((await b.stripe.paymentIntents.confirm(id, { payment_method: "pm_card_visa" })).status).toBe("succeeded");
    expect((await b.stripe.charges.list({ payment_intent: id })).data.map((one) => one.status)).toEqual(["succeeded", "failed"]);
    expect(await refusal(b.stripe.paymentIntents.cancel(id))).toMatchObject({ code: "payment_intent_unexpected_state" });
    const open = await b.stripe.paymentIntents.create({ amount: 1000, currency: "usd" });
    expect(await b.stripe.paymentIntents.cancel(open.id, { cancellation_reason: "duplicate" })).toMatchObject({ status: "canceled", cancellation_reason: "duplicate" });
  });

  it("by bank debit answers later", async () => {
    const method = (account: string): Promise<{ id: string }> => b.stripe.paymentMethods.create({ type: "us_bank_account", us_bank_account: { account_number: account, routing_number: "110000000", account_holder_type: "individual" } });
    const [good, bad] = [await pay((await method("000123456789")).id), await pay((await method("000222222227")).id)];
    expect([good.status, bad.status]).toEqual(["processing", "processing"]);
    await b.advance(61_000);
    expect((await b.stripe.paymentIntents.retrieve(good.id)).status).toBe("succeeded");
    expect(await b.stripe.paymentIntents.retrieve(bad.id)).toMatchObject({ status: "requires_payment_method", last_payment_error: { code: "insufficient_funds" } });
  });

  it.each([
    [{ amount: 49, currency: "usd" }, "amount_too_small"],
    [{ amount: 29, currency: "gbp" }, "amount_too_small"],
    [{ amount: 49, currency: "jpy" }, "amount_too_small"],
    [{ amount: 100_000_000, currency: "usd" }, "amount_too_large"],
    [{ amount: 5001, currency: "kwd" }, "parameter_invalid_integer"],
    [{ amount: 100, currency: "xyz" }, "parameter_invalid_string"],
  ])("for %o is refused: %s", async (params, code) => {
    expect(await refusal(b.stripe.paymentIntents.create(params))).toMatchObject({ statusCode: 400, code });
  });

  it("keeps a receipt address, and sets it again", async () => {
    const intent = await pay("pm_card_visa", { receipt_email: "a@example.com" });
    expect(await b.stripe.charges.retrieve(idOf(intent.latest_charge))).toMatchObject({ receipt_email: "a@example.com" });
    expect((await b.stripe.charges.update(idOf(intent.latest_charge), { receipt_email: "b@example.com" })).receipt_email).toBe("b@example.com");
  });
});
