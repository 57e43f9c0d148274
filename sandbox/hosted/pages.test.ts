import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bench } from "../with-sdk.ts";
import { bench } from "../with-sdk.ts";

let b: Bench;
beforeAll(async () => void (b = await bench()));
afterAll(() => b.close());

async function link(description = "One thing"): Promise<string> {
  const customer = await b.stripe.customers.create({ email: "ops@example.com" });
  const invoice = await b.stripe.invoices.create({ customer: customer.id, collection_method: "send_invoice", days_until_due: 7 });
  await b.stripe.invoiceItems.create({ customer: customer.id, invoice: invoice.id, amount: 50, currency: "usd", description });
  return (await b.stripe.invoices.finalizeInvoice(invoice.id)).hosted_invoice_url ?? "";
}

const post = (url: string, form: Record<string, string>): Promise<Response> => fetch(url, { method: "POST", redirect: "manual", body: new URLSearchParams(form) });
const card = (number: string): Record<string, string> => ({ number, expiry: "12 / 34", cvc: "123" });

describe("the hosted invoice page", () => {
  it("shows the amount under a policy that allows no script", async () => {
    const response = await fetch(await link());
    const text = await response.text();
    expect(text).toContain("$0.50");
    expect(text).not.toContain("<script");
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/);
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("is paid with 4242 4242 4242 4242, once", async () => {
    const url = await link();
    const answer = await post(url, card("4242 4242 4242 4242"));
    expect(answer.status).toBe(303);
    expect(await (await fetch(new URL(answer.headers.get("location") ?? "", url))).text()).toContain('data-status="paid"');
    expect((await post(url, card("4242424242424242"))).status).toBe(303);
    expect((await b.stripe.events.list({ type: "invoice.paid" })).data).toHaveLength(1);
  });

  it.each([
    ["4000 0000 0000 9995", "Your card has insufficient funds."],
    ["4000000000000002", "Your card was declined."],
    ["4242424242424241", "Your card number is incorrect."],
    ["not a number", "Your card number is incorrect."],
  ])("says what is wrong with %s", async (number, words) => {
    const response = await post(await link(), card(number));
    expect(response.status).toBe(402);
    expect(await response.text()).toContain(words);
  });

  it("asks for 3-D Secure where the card wants it", async () => {
    const url = await link();
    const asked = await post(url, card("4000 0027 6000 3184"));
    const challenge = new URL(asked.headers.get("location") ?? "", url).href;
    expect(challenge).toContain("/authenticate/pi_");
    const done = await post(challenge, { result: "succeeded" });
    expect(new URL(done.headers.get("location") ?? "", url).href).toBe(url);
    expect(await (await fetch(url)).text()).toContain('data-status="paid"');
  });

  it("shows text as text, and strangers nothing", async () => {
    expect(await (await fetch(await link("<script>alert(1)</script>"))).text()).toContain("&lt;script&gt;");
    expect((await fetch(`${b.url}/i/${b.state.settings.account}/test_${"x".repeat(40)}`)).status).toBe(404);
  });
});

describe("the Checkout page", () => {
  it("is paid like any other, and completes its session", async () => {
    const session = await b.stripe.checkout.sessions.create({
      mode: "payment", success_url: "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
      line_items: [{ quantity: 2, price_data: { currency: "eur", unit_amount: 1250, product_data: { name: "Ticket" } } }],
    });
    expect(session).toMatchObject({ status: "open", amount_total: 2500, payment_intent: null });
    const url = session.url ?? "";
    expect((await post(url, card("4000000000000002"))).status).toBe(402);
    expect((await post(url, card("4242424242424242"))).status).toBe(303);
    expect(await (await fetch(url)).text()).toContain(`https://shop.example/done?s=${session.id}`);
    const done = await b.stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", payment_intent: { status: "succeeded", amount_received: 2500 } });
    expect((await b.stripe.events.list({ type: "checkout.session.completed" })).data).toHaveLength(1);
  });
});

describe("the controls", () => {
  it("take JSON only, and tell what was wrong", async () => {
    expect((await post(`${b.url}/_sandbox/webhooks`, { dead: "true" })).status).toBe(415);
    await expect(b.control("/faults", { effect: { kind: "magic" } })).rejects.toThrow(/400/);
    await expect(b.control("/traffic", { ratePerMinute: 5 })).rejects.toThrow(/409/);
    expect(await b.control("/")).toMatchObject({ objects: { customer: expect.any(Number) as number } });
  });
});
