import type { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bench } from "../with-sdk.ts";
import { TEST_START_MS, bench, refusal } from "../with-sdk.ts";

let b: Bench;
let customer: string;
beforeAll(async () => {
  b = await bench();
  customer = (await b.stripe.customers.create({ email: "ops@example.com", name: "Ops" })).id;
});
afterAll(() => b.close());

async function draft(amount = 50, currency = "usd"): Promise<Stripe.Invoice> {
  const invoice = await b.stripe.invoices.create({ customer, currency, collection_method: "send_invoice", days_until_due: 30, description: "Test charge" });
  await b.stripe.invoiceItems.create({ customer, invoice: invoice.id, amount, currency, description: "One thing" });
  return b.stripe.invoices.retrieve(invoice.id);
}

const typesSince = async (count: number): Promise<string[]> => (await b.stripe.events.list({ limit: count })).data.map((event) => event.type).reverse();

describe("an invoice", () => {
  it("goes from draft to open to sent", async () => {
    const made = await draft();
    expect(made).toMatchObject({ status: "draft", amount_due: 50, hosted_invoice_url: null, number: null, due_date: TEST_START_MS / 1000 + 30 * 86_400, customer_email: "ops@example.com" });
    expect(made.lines.data[0]).toMatchObject({ amount: 50, description: "One thing", parent: { type: "invoice_item_details" } });
    const open = await b.stripe.invoices.finalizeInvoice(made.id);
    expect(open).toMatchObject({ status: "open", amount_remaining: 50 });
    expect(open.number).toMatch(/^[0-9A-Z]{8}-0001$/);
    expect(open.hosted_invoice_url).toContain(b.url);
    expect((await b.stripe.invoices.sendInvoice(made.id)).status).toBe("open");
    expect(await typesSince(3)).toEqual(["invoice.finalized", "payment_intent.created", "invoice.sent"]);
    expect(open).not.toHaveProperty("payment_intent");
    expect(await b.stripe.invoicePayments.list({ invoice: made.id })).toMatchObject({ data: [{ status: "open", amount_requested: 50 }] });
  });

  it("leaves loose items alone unless it is told to take them", async () => {
    const loose = await b.stripe.customers.create({});
    await b.stripe.invoiceItems.create({ customer: loose.id, amount: 700, currency: "usd" });
    const without = await b.stripe.invoices.create({ customer: loose.id });
    expect(without.amount_due).toBe(0);
    const taking = await b.stripe.invoices.create({ customer: loose.id, pending_invoice_items_behavior: "include" });
    expect(taking).toMatchObject({ amount_due: 700, lines: { data: [{ amount: 700 }] } });
  });

  it("is paid with a card: charge, intent, invoice payment, invoice", async () => {
    const open = await b.stripe.invoices.finalizeInvoice((await draft(1500)).id);
    const paid = await b.stripe.invoices.pay(open.id, { payment_method: "pm_card_visa", expand: ["payments"] });
    expect(paid).toMatchObject({ status: "paid", amount_paid: 1500, amount_remaining: 0, payments: { data: [{ status: "paid", amount_paid: 1500 }] } });
    expect(await typesSince(6)).toEqual(["charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid", "invoice.updated", "invoice.paid", "invoice.payment_succeeded"]);
    expect(await refusal(b.stripe.invoices.pay(open.id))).toMatchObject({ code: "invoice_already_paid" });
  });

  it("whose card is declined stays open, with one failed attempt told three ways", async () => {
    const open = await b.stripe.invoices.finalizeInvoice((await draft(1500)).id);
    expect(await refusal(b.stripe.invoices.pay(open.id, { payment_method: "pm_card_visa_chargeDeclined" }))).toMatchObject({ code: "card_declined", statusCode: 402 });
    expect(await b.stripe.invoices.retrieve(open.id)).toMatchObject({ status: "open", attempt_count: 1, attempted: true });
    expect(await typesSince(4)).toEqual(["charge.failed", "payment_intent.payment_failed", "invoice.updated", "invoice.payment_failed"]);
  });

  it("paid outside Stripe makes no charge", async () => {
    const open = await b.stripe.invoices.finalizeInvoice((await draft(1500)).id);
    expect(await b.stripe.invoices.pay(open.id, { paid_out_of_band: true })).toMatchObject({ status: "paid", amount_paid_off_stripe: 1500 });
    expect(await typesSince(2)).toEqual(["invoice.updated", "invoice.paid"]);
  });

  it("below the minimum is booked on the balance and paid without money", async () => {
    expect(await b.stripe.invoices.finalizeInvoice((await draft(30)).id)).toMatchObject({ status: "paid", amount_due: 0, total: 30 });
    expect(await b.stripe.customers.retrieve(customer)).toMatchObject({ balance: 30 });
  });

  it("is voided or written off, once open, and deleted only as a draft", async () => {
    const first = await b.stripe.invoices.finalizeInvoice((await draft(1500)).id);
    expect((await b.stripe.invoices.markUncollectible(first.id)).status).toBe("uncollectible");
    expect((await b.stripe.invoices.voidInvoice(first.id)).status).toBe("void");
    expect(await refusal(b.stripe.invoices.pay(first.id, { payment_method: "pm_card_visa" }))).toMatchObject({ code: "invoice_not_editable" });
    expect(await refusal(b.stripe.invoices.del(first.id))).toMatchObject({ statusCode: 400 });
    const second = await draft();
    expect(await b.stripe.invoices.del(second.id)).toMatchObject({ deleted: true });
    expect(await refusal(b.stripe.invoices.retrieve(second.id))).toMatchObject({ statusCode: 404 });
  });

  it("has one currency", async () => {
    const made = await draft(5000, "jpy");
    expect(made).toMatchObject({ currency: "jpy", amount_due: 5000 });
    expect(await refusal(b.stripe.invoiceItems.create({ customer, invoice: made.id, amount: 100, currency: "usd" }))).toMatchObject({ param: "currency" });
  });

  it("takes prices, once and by quantity", async () => {
    const price = await b.stripe.prices.create({ currency: "usd", unit_amount: 250, product_data: { name: "Ticket" } });
    const made = await b.stripe.invoices.create({ customer });
    await b.stripe.invoiceItems.create({ customer, invoice: made.id, pricing: { price: price.id }, quantity: 3 });
    expect((await b.stripe.invoices.retrieve(made.id)).amount_due).toBe(750);
  });

  it("needs a due date when it is sent, and a customer that exists", async () => {
    expect(await refusal(b.stripe.invoices.create({ customer, collection_method: "send_invoice" }))).toMatchObject({ param: "days_until_due" });
    expect(await refusal(b.stripe.invoices.create({ customer: "cus_none" }))).toMatchObject({ statusCode: 404, param: "customer" });
  });

  it("in the old version names its charge and says it is paid", async () => {
    const open = await b.stripe.invoices.finalizeInvoice((await draft(900)).id);
    await b.stripe.invoices.pay(open.id, { payment_method: "pm_card_visa" });
    const old = await b.stripe.invoices.retrieve(open.id, {}, { apiVersion: "2020-08-27" });
    expect(old).toMatchObject({ paid: true, charge: expect.stringMatching(/^ch_/), payment_intent: expect.stringMatching(/^pi_/) });
    const charge = await b.stripe.charges.retrieve((old as unknown as { charge: string }).charge, {}, { apiVersion: "2020-08-27" });
    expect(charge).toMatchObject({ invoice: open.id });
  });
});
