import type { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bench } from "../with-sdk.ts";
import { bench, refusal, idOf } from "../with-sdk.ts";

let b: Bench;
beforeAll(async () => void (b = await bench()));
afterAll(() => b.close());

async function paid(amount = 1000, method = "pm_card_visa", currency = "usd"): Promise<{ intent: string; charge: string }> {
  const intent = await b.stripe.paymentIntents.create({ amount, currency, payment_method: method, confirm: true });
  return { intent: intent.id, charge: idOf(intent.latest_charge) };
}

describe("a refund", () => {
  it("of all that is left, then of nothing", async () => {
    const { intent, charge } = await paid();
    const part = await b.stripe.refunds.create({ payment_intent: intent, amount: 300, reason: "requested_by_customer" });
    expect(part).toMatchObject({ amount: 300, status: "succeeded", charge, payment_intent: intent, currency: "usd" });
    expect(await b.stripe.refunds.create({ charge })).toMatchObject({ amount: 700 });
    expect(await b.stripe.charges.retrieve(charge, { expand: ["refunds"] })).toMatchObject({ amount_refunded: 1000, refunded: true, refunds: { data: [{ amount: 700 }, { amount: 300 }] } });
    expect(await refusal(b.stripe.refunds.create({ payment_intent: intent }))).toMatchObject({ statusCode: 400, code: "charge_already_refunded", message: `Charge ${charge} has already been refunded.` });
  });

  it("takes the money back from the balance, and says so in a balance transaction", async () => {
    const { charge } = await paid(2000);
    const made = await b.stripe.refunds.create({ charge, amount: 500, expand: ["balance_transaction"] });
    expect(made.balance_transaction).toMatchObject({ amount: -500, net: -500, reporting_category: "refund", source: made.id });
  });

  it.each([
    ["too much", { amount: 1001 }, { param: "amount", message: "Refund amount ($10.01) is greater than unrefunded amount on charge ($10.00)", code: undefined }],
    ["nothing", { amount: 0 }, { param: "amount", code: "parameter_invalid_integer" }],
    ["less than nothing", { amount: -5 }, { param: "amount", code: "parameter_invalid_integer" }],
    ["a fraction", { amount: 1.5 }, { param: "amount", code: "parameter_invalid_integer" }],
    ["an empty amount", { amount: "" as unknown as number }, { param: "amount", code: "parameter_invalid_empty" }],
    ["a reason of one's own", { reason: "because" as "duplicate" }, { param: "reason" }],
    ["an unknown parameter", { sum: 5 }, { param: "sum", code: "parameter_unknown" }],
  ])("of %s is refused and changes nothing", async (_what, params, error) => {
    const { intent, charge } = await paid();
    expect(await refusal(b.stripe.refunds.create({ payment_intent: intent, ...params }))).toMatchObject({ statusCode: 400, ...error });
    expect((await b.stripe.charges.retrieve(charge)).amount_refunded).toBe(0);
  });

  it("needs exactly one of charge and payment intent, and one that exists", async () => {
    const { intent, charge } = await paid();
    expect(await refusal(b.stripe.refunds.create({}))).toMatchObject({ code: "parameter_missing" });
    expect(await refusal(b.stripe.refunds.create({ charge, payment_intent: intent }))).toMatchObject({ statusCode: 400 });
    expect(await refusal(b.stripe.refunds.create({ charge: "ch_none" }))).toMatchObject({ statusCode: 404, code: "resource_missing" });
    expect(await refusal(b.client("sk_live_x").refunds.create({ charge }))).toMatchObject({ statusCode: 404, code: "resource_missing" });
  });

  it("of a failed, an unpaid or an uncaptured payment is refused", async () => {
    const failed = await refusal(b.stripe.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa_chargeDeclined", confirm: true }));
    expect(await refusal(b.stripe.refunds.create({ charge: idOf(failed.charge) }))).toMatchObject({ code: "charge_not_refundable" });
    const unpaid = await b.stripe.paymentIntents.create({ amount: 1000, currency: "usd" });
    expect(await refusal(b.stripe.refunds.create({ payment_intent: unpaid.id }))).toMatchObject({ code: "charge_not_refundable" });
  });

  it("of a disputed payment is refused, of an inquiry is not", async () => {
    const disputed = await paid(1000, "pm_card_createDispute");
    const asked = await paid(1000, "pm_card_createDisputeInquiry");
    await b.advance(2000);
    expect(await refusal(b.stripe.refunds.create({ charge: disputed.charge }))).toMatchObject({ code: "charge_disputed" });
    expect((await b.stripe.refunds.create({ charge: asked.charge })).status).toBe("succeeded");
  });

  it("can be pending, and succeed or fail later", async () => {
    const late = await b.stripe.refunds.create({ charge: (await paid(1000, "pm_card_pendingRefund")).charge });
    const failing = await b.stripe.refunds.create({ charge: (await paid(1000, "pm_card_refundFail")).charge });
    expect([late.status, failing.status]).toEqual(["pending", "succeeded"]);
    await b.deliver();
    b.received.length = 0;
    await b.advance(61_000);
    expect((await b.stripe.refunds.retrieve(late.id)).status).toBe("succeeded");
    expect(await b.stripe.refunds.retrieve(failing.id)).toMatchObject({ status: "failed", failure_reason: "unknown" });
    expect((await b.stripe.charges.retrieve(idOf(failing.charge))).amount_refunded).toBe(0);
    expect(b.received.map((one) => one.type).filter((type) => type.includes("refund")).sort()).toEqual(["charge.refund.updated", "charge.refund.updated", "refund.failed", "refund.updated"]);
  });

  it.each(["pending", "requires_action", "failed"] as const)("can be ordered to be %s, and moved on by hand", async (status) => {
    await b.control("/faults", { effect: { kind: "refund_status", status } });
    const made = await b.stripe.refunds.create({ charge: (await paid()).charge });
    expect(made.status).toBe(status);
    if (status === "requires_action") expect((await b.stripe.refunds.cancel(made.id)).status).toBe("canceled");
    if (status === "pending") {
      await b.control(`/refunds/${made.id}`, { status: "failed", failureReason: "expired_or_canceled_card" });
      expect(await b.stripe.refunds.retrieve(made.id)).toMatchObject({ status: "failed", failure_reason: "expired_or_canceled_card" });
    }
  });

  it("beyond the balance is refused when that is checked", async () => {
    const { charge } = await paid();
    await b.control("/settings", { checkBalance: true });
    expect(await refusal(b.stripe.refunds.create({ charge }))).toMatchObject({ code: "balance_insufficient" });
    await b.control("/settings", { checkBalance: false });
  });

  it("in yen and dinars counts in their units", async () => {
    const yen = await paid(500, "pm_card_visa", "jpy");
    expect(await refusal(b.stripe.refunds.create({ charge: yen.charge, amount: 501 }))).toMatchObject({ message: "Refund amount (¥501) is greater than unrefunded amount on charge (¥500)" });
    const dinar = await paid(5000, "pm_card_visa", "kwd");
    expect(await refusal(b.stripe.refunds.create({ charge: dinar.charge, amount: 5 }))).toMatchObject({ param: "amount" });
    expect((await b.stripe.refunds.create({ charge: dinar.charge, amount: 50 })).amount).toBe(50);
  });

  it("tells of itself: refund.created, charge.refunded with what it was before", async () => {
    const { charge } = await paid();
    await b.deliver();
    b.received.length = 0;
    const made = await b.stripe.refunds.create({ charge, amount: 100 });
    await b.deliver();
    expect(b.received.map((one) => one.type)).toEqual(["charge.updated", "refund.created", "charge.refunded"]);
    const event = JSON.parse(b.received[2]?.body ?? "") as Stripe.ChargeRefundedEvent;
    expect(event.data.previous_attributes).toEqual({ amount_refunded: 0 });
    expect(event.request?.id).toBe(made.lastResponse.requestId);
  });
});
