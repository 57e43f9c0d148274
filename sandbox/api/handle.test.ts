import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bench } from "../with-sdk.ts";
import { bench, refusal } from "../with-sdk.ts";

let b: Bench;
beforeAll(async () => void (b = await bench({ restrictedKeys: { rk_test_reader: ["charge_read", "rak_customer_write"] } })));
afterAll(() => b.close());

const raw = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${b.url}${path}`, init);
const pay = (key: string, amount = 1000): Promise<{ id: string; amount: number }> => b.stripe.paymentIntents.create({ amount, currency: "usd" }, { idempotencyKey: key });

describe("keys", () => {
  it("are needed, and checked", async () => {
    expect((await raw("/v1/charges")).status).toBe(401);
    expect(await refusal(b.client("sk_wrong").charges.list())).toMatchObject({ type: "StripeAuthenticationError", statusCode: 401 });
    await b.control("/keys", { key: "sk_test_gone", revoked: true });
    expect(await refusal(b.client("sk_test_gone").charges.list())).toMatchObject({ code: "api_key_expired" });
    expect((await raw("/v1/charges", { headers: { authorization: `Basic ${btoa("sk_test_x:")}` } })).status).toBe(200);
    expect(await refusal(b.client("pk_test_x").charges.list())).toMatchObject({ code: "secret_key_required" });
  });

  it("that are restricted get what they may, and a 403 naming what they may not", async () => {
    const reader = b.client("rk_test_reader");
    expect((await reader.charges.list()).data).toEqual([]);
    expect((await reader.customers.create({})).id).toMatch(/^cus_/);
    expect((await reader.customers.list({ limit: 1 })).data).toHaveLength(1);
    const error = await refusal(reader.refunds.create({ charge: "ch_1" }));
    expect(error).toMatchObject({ type: "StripePermissionError", statusCode: 403 });
    expect(error.message).toContain("'rak_charge_write'");
    expect(error.message).not.toContain("rk_test_reader");
  });

  it("of live mode see live mode alone", async () => {
    const live = b.client("sk_live_x");
    const customer = await live.customers.create({ email: "live@example.com" });
    expect(customer.livemode).toBe(true);
    expect(await refusal(b.stripe.customers.retrieve(customer.id))).toMatchObject({ statusCode: 404 });
  });

  it("may act for a connected account, whose things are its own", async () => {
    const there = { stripeAccount: "acct_1Connected" };
    const customer = await b.stripe.customers.create({}, there);
    expect((await b.stripe.customers.retrieve(customer.id, {}, there)).id).toBe(customer.id);
    expect(await refusal(b.stripe.customers.retrieve(customer.id))).toMatchObject({ statusCode: 404 });
    expect((await b.stripe.events.list({ limit: 1 }, there)).data[0]).toMatchObject({ account: "acct_1Connected" });
    expect(await refusal(b.stripe.customers.list({}, { stripeAccount: "nobody" }))).toMatchObject({ statusCode: 403, code: "account_invalid" });
  });
});

describe("idempotency", () => {
  it("answers the same again, and says so", async () => {
    const [first, again] = [await pay("a"), await pay("a")];
    expect(again.id).toBe(first.id);
    const response = await raw("/v1/payment_intents", { method: "POST", headers: { authorization: "Bearer sk_test_bench", "idempotency-key": "a" }, body: new URLSearchParams({ currency: "usd", amount: "1000" }) });
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(response.headers.get("request-id")).not.toBe(response.headers.get("original-request"));
  });

  it("refuses another use of the key", async () => {
    await pay("b");
    expect(await refusal(pay("b", 2000))).toMatchObject({ type: "StripeIdempotencyError", statusCode: 400 });
    expect(await refusal(b.stripe.customers.create({}, { idempotencyKey: "b" }))).toMatchObject({ type: "StripeIdempotencyError" });
  });

  it("says when the first request is still under way", async () => {
    await b.control("/faults", { path: "/v1/payment_intents", effect: { kind: "delay", delayMs: 100 } });
    const results = await Promise.allSettled([pay("c"), pay("c")]);
    const refused = results.find((one) => one.status === "rejected");
    expect(refused?.reason).toMatchObject({ statusCode: 409, code: "idempotency_key_in_use" });
    expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(1);
  });

  it("keeps a 500, but not a refused parameter", async () => {
    await b.control("/faults", { effect: { kind: "error", status: 500 } });
    expect(await refusal(pay("d"))).toMatchObject({ statusCode: 500, type: "StripeAPIError" });
    expect(await refusal(pay("d"))).toMatchObject({ statusCode: 500 });
    expect(await refusal(pay("e", 3))).toMatchObject({ code: "amount_too_small" });
    expect((await pay("e", 3000)).amount).toBe(3000);
  });

  it("forgets a key after a day", async () => {
    const first = await pay("f");
    await b.advance(86_400_001);
    expect((await pay("f")).id).not.toBe(first.id);
  });
});

describe("faults", () => {
  it("answer 429 the next times, and the SDK gets through when it tries again", async () => {
    await b.control("/faults", { times: 2, effect: { kind: "error", status: 429 } });
    expect(await refusal(b.stripe.balance.retrieve())).toMatchObject({ type: "StripeRateLimitError", code: "rate_limit" });
    expect(await refusal(b.stripe.balance.retrieve())).toMatchObject({ statusCode: 429 });
    expect((await b.stripe.balance.retrieve()).object).toBe("balance");
  });

  it("cut the line after the work was done: the same key then finds it done once", async () => {
    const { id } = await b.stripe.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    // Twice: the SDK itself tries once more when a kept-alive connection is cut.
    await b.control("/faults", { path: "/v1/refunds", times: 2, effect: { kind: "drop_after" } });
    const ask = (): Promise<{ id: string }> => b.stripe.refunds.create({ payment_intent: id, amount: 400 }, { idempotencyKey: "once" });
    expect((await refusal(ask())).type).toBe("StripeConnectionError");
    const done = await ask();
    expect((await b.stripe.refunds.list({ payment_intent: id })).data.map((one) => one.id)).toEqual([done.id]);
  });

  it("hang after the work was done, until the client gives up", async () => {
    const hasty = b.client("sk_test_bench", { timeout: 50 });
    await b.control("/faults", { path: "/v1/customers", effect: { kind: "timeout_after" } });
    expect((await refusal(hasty.customers.create({ email: "hung@example.com" }))).type).toBe("StripeConnectionError");
    expect((await b.stripe.customers.list({ email: "hung@example.com" })).data).toHaveLength(1);
  });

  it("undo the work or keep it, as they say", async () => {
    await b.control("/faults", { effect: { kind: "error_after", status: 502 } });
    await refusal(b.stripe.customers.create({ email: "kept@example.com" }));
    await b.control("/faults", { times: 2, effect: { kind: "drop_before" } });
    await refusal(b.stripe.customers.create({ email: "lost@example.com" }));
    expect((await b.stripe.customers.list({ email: "kept@example.com" })).data).toHaveLength(1);
    expect((await b.stripe.customers.list({ email: "lost@example.com" })).data).toHaveLength(0);
  });

  it("can be any error of the API", async () => {
    await b.control("/faults", { path: "/v1/refunds", effect: { kind: "error", status: 400, code: "refund_disputed_payment", message: "No." } });
    expect(await refusal(b.stripe.refunds.create({ charge: "ch_1" }))).toMatchObject({ code: "refund_disputed_payment", doc_url: "https://stripe.com/docs/error-codes/refund-disputed-payment" });
    await b.control("/faults", { effect: { kind: "error", status: 429, code: "lock_timeout", message: "Busy." } });
    expect(await refusal(b.stripe.balance.retrieve())).toMatchObject({ code: "lock_timeout" });
  });

  it("limit the rate by the clock", async () => {
    await b.control("/settings", { rateLimit: 2 });
    await b.stripe.balance.retrieve();
    await b.stripe.balance.retrieve();
    expect(await refusal(b.stripe.balance.retrieve())).toMatchObject({ statusCode: 429 });
    await b.advance(1000);
    expect((await b.stripe.balance.retrieve()).object).toBe("balance");
    await b.control("/settings", { rateLimit: 0 });
  });
});

describe("an answer", () => {
  it("to an unknown path is a 404 in the API's words", async () => {
    const response = await raw("/v1/nonsense");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", message: expect.stringContaining("Unrecognized request URL (GET: /v1/nonsense)") } });
  });

  it("carries request id, log address and the version asked for", async () => {
    const error = await refusal(b.stripe.charges.retrieve("ch_none"));
    expect(error.requestId).toMatch(/^req_/);
    expect((error.raw as { request_log_url: string }).request_log_url).toContain(error.requestId);
    expect((await b.stripe.balance.retrieve()).lastResponse.apiVersion).toBe("2026-10-28.endive");
  });

  it("expands what is asked for, several levels deep, in lists too", async () => {
    const customer = await b.stripe.customers.create({ email: "deep@example.com" });
    await b.stripe.paymentIntents.create({ amount: 900, currency: "eur", customer: customer.id, payment_method: "pm_card_visa", confirm: true });
    await b.advance(2000);
    const list = await b.stripe.paymentIntents.list({ customer: customer.id, expand: ["data.customer", "data.latest_charge.balance_transaction"] });
    expect(list.data[0]).toMatchObject({ customer: { email: "deep@example.com" }, latest_charge: { balance_transaction: { amount: 900, currency: "eur", fee: 56, net: 844 } } });
    expect(await refusal(b.stripe.charges.list({ expand: ["data.nonsense"], limit: 1 }))).toMatchObject({ statusCode: 400 });
  });

  it("in the old version has the old shape", async () => {
    const old = b.client("sk_test_bench", { apiVersion: "2020-08-27" as "2026-10-28.endive" });
    const intent = await old.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    const { charges } = intent as unknown as { charges: { data: { id: string; invoice: null; refunds: { data: unknown[] } }[] } };
    expect(charges.data).toHaveLength(1);
    expect(intent).not.toHaveProperty("latest_charge");
    expect(charges.data[0]).toMatchObject({ invoice: null, refunds: { data: [] } });
  });
});
