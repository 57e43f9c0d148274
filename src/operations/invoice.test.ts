import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { type StripeApi, StripeTrouble } from "../stripe/index.ts";
import { killing, migrations, newKey, post, till, type Till } from "./testing/till.ts";

/** Stripe that refuses these calls, the given number of times, without doing anything. */
function refusing(stripe: StripeApi, method: keyof StripeApi, times: number, passing: boolean): StripeApi {
  let left = times;
  return new Proxy(stripe, {
    get: (target, name: keyof StripeApi) => {
      if (name !== method || left === 0) return target[name];
      return async () => {
        left -= 1;
        throw passing ? new StripeTrouble("rate_limited", "stripe_rate_limit", "too many calls", { effect: "none", passing }) : new StripeTrouble("unprocessable", "stripe_refused", "no mail to there", { effect: "none" });
      };
    },
  });
}

const create = async (t: Till, body: object, headers: Record<string, string> = {}): Promise<{ status: number; body: Record<string, unknown> }> => {
  const init = post(body);
  const response = await t.ask("/api/payments/create-invoice", t.operator, { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

onBothDatabases("invoices", migrations, (database) => {
  it("makes one that can be paid, in the shape that clients know", async () => {
    const t = await till(database);
    const { status, body } = await create(t, { amount: 0.5, email: "Ops@Example.com", description: "Test charge" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, invoice_id: expect.stringMatching(/^in_/), hosted_invoice_url: expect.stringMatching(/^http/), amount_due: 0.5, customer_email: "ops@example.com" });
    const invoice = await t.shop.sdk.invoices.retrieve(String(body["invoice_id"]));
    expect(invoice).toMatchObject({ status: "open", amount_due: 50, currency: "usd", collection_method: "send_invoice", description: "Test charge" });
    expect((invoice.due_date ?? 0) - invoice.created).toBe(7 * 86_400);
    expect((await fetch(String(body["hosted_invoice_url"]))).status).toBe(200);
    await t.deliver();
    expect(await t.body(`/api/operations/${String(body["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "confirmed", object_status: "open" } });
  });

  it("keeps the hosted address, which opens the invoice for whoever has it, out of the log, the list and the audit trail", async () => {
    const t = await till(database);
    const { body } = await create(t, { amount: 0.5, email: "ops@example.com" });
    const secret = new URL(String(body["hosted_invoice_url"])).pathname;
    await t.deliver();
    expect(JSON.stringify(t.lines)).not.toContain(secret);
    expect(JSON.stringify(await t.body("/api/operations", t.operator, 200))).not.toContain(secret);
    expect(JSON.stringify(await t.db.read.selectFrom("audit").selectAll().execute())).not.toContain(secret);
    expect(JSON.stringify(await t.db.read.selectFrom("operation_step").selectAll().execute())).not.toContain(secret);
  });

  it.each([["for now", true], ["for good", false]])("a mail that Stripe refuses %s leaves the invoice made, and the same key makes no second one", async (_name, passing) => {
    const t = await till(database);
    t.stripe = refusing(t.stripe, "sendInvoice", 1, passing);
    const wish = { amount: 0.5, email: "ops@example.com", send: true };
    const key = { "idempotency-key": "monthly" };
    const first = await create(t, wish, key);
    expect(first).toMatchObject({ status: 200, body: { ok: true, status: "open", sent: false, send_failed: expect.stringMatching(/too many calls|no mail/) } });
    expect((await create(t, wish, key)).body).toEqual({ ...first.body, replayed: true });
    expect((await t.shop.sdk.invoices.list({})).data).toHaveLength(1);
    const shown = (await t.body(`/api/operations/${String(first.body["operation"])}`, t.operator, 200)) as { data: { state: string; timeline: { what: string }[] } };
    expect([shown.data.state, shown.data.timeline.map(({ what }) => what)]).toEqual(["submitted", ["asked", "answered", "send_failed"]]);
  });

  it("turned away half way, it goes on with what it has, and its key stays taken", async () => {
    const t = await till(database);
    t.stripe = refusing(t.stripe, "finalizeInvoice", 2, true);
    const wish = { amount: 0.5, email: "ops@example.com" };
    const key = { "idempotency-key": "monthly" };
    expect(await create(t, wish, key)).toMatchObject({ status: 502, body: { code: "unresolved" } });
    await t.recover();
    const again = await create(t, wish, key);
    expect(again).toMatchObject({ status: 200, body: { status: "open", replayed: true } });
    expect((await t.shop.sdk.invoices.list({})).data.map(({ id }) => id)).toEqual([again.body["invoice_id"]]);
  });

  it("says that it does not know of the mail when Stripe had an error of its own", async () => {
    const t = await till(database);
    const { stripe } = t;
    t.stripe = new Proxy(stripe, {
      get: (target, name: keyof StripeApi) => (name === "sendInvoice" ? async () => { throw new StripeTrouble("upstream", "stripe_failed", "Stripe had an error of its own", { effect: "unclear", passing: true }); } : target[name]),
    });
    expect((await create(t, { amount: 0.5, email: "ops@example.com", send: true })).body).toMatchObject({ ok: true, status: "open", sent: "unknown" });
    t.stripe = stripe;
    expect((await create(t, { amount: 0.6, email: "ops@example.com", send: true })).body).toMatchObject({ ok: true, sent: true });
    expect((await create(t, { amount: 0.7, email: "ops@example.com" })).body).toMatchObject({ ok: true, sent: false });
  });

  it("that it was voided confirms no mail of it", async () => {
    const t = await till(database);
    const { body } = await create(t, { amount: 0.5, email: "ops@example.com" });
    const act = async (verb: string) => (await (await t.ask(`/api/invoices/${String(body["invoice_id"])}/${verb}`, t.operator, { method: "POST" })).json()) as Record<string, unknown>;
    const [sent, voided] = [await act("send"), await act("void")];
    expect(sent).toMatchObject({ sent: true });
    await t.deliver("webhook", (type) => type !== "invoice.sent");
    expect(await t.body(`/api/operations/${String(sent["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "submitted" } });
    expect(await t.body(`/api/operations/${String(voided["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "confirmed" } });
  });

  it("another invoice that carries its mark does not take it over", async () => {
    const t = await till(database);
    const { stripe } = t;
    t.stripe = killing(stripe, "before_call", "draftInvoice");
    expect((await create(t, { amount: 0.5, email: "ops@example.com" })).status).toBe(500);
    const { id } = await t.db.read.selectFrom("operation").select("id").executeTakeFirstOrThrow();
    const customer = await t.shop.sdk.customers.create({ email: "other@example.com" });
    const copy = await t.shop.sdk.invoices.create({ customer: customer.id, collection_method: "send_invoice", days_until_due: 7, currency: "usd", metadata: { tillwatch_operation: id } });
    await t.shop.sdk.invoiceItems.create({ customer: customer.id, invoice: copy.id, amount: 50, currency: "usd" });
    await t.shop.sdk.invoices.finalizeInvoice(copy.id);
    await t.deliver();
    expect(await t.body(`/api/operations/${id}`, t.operator, 200)).toMatchObject({ data: { state: "sending", object_id: null } });
  });

  it("finds the customer again", async () => {
    const t = await till(database);
    await create(t, { amount: 1, email: "ops@example.com" });
    await create(t, { amount: 2, email: "ops@example.com", currency: "eur", days_until_due: 30, send: true });
    expect((await t.shop.sdk.customers.list({})).data).toHaveLength(1);
    expect((await t.shop.sdk.invoices.list({})).data.map(({ currency, amount_due }) => [currency, amount_due])).toEqual([["eur", 200], ["usd", 100]]);
    expect((await t.shop.sdk.events.list({ type: "invoice.sent" })).data).toHaveLength(1);
  });

  it.each([
    ["below Stripe's smallest", { amount: 0.49 }, "amount_too_small"],
    ["below the smallest in pounds", { amount: "0.29", currency: "gbp" }, "amount_too_small"],
    ["below the smallest in yen", { amount: 49, currency: "JPY" }, "amount_too_small"],
    ["nothing", { amount: 0 }, "amount_zero"],
    ["no amount", {}, "invalid_input"],
    ["null", { amount: null }, "amount_not_a_number"],
    ["too large", { amount: "1000000" }, "amount_too_large"],
    ["no address", { amount: 1, email: "nobody" }, "invalid_input"],
    ["no currency", { amount: 1, currency: "dollars" }, "invalid_input"],
    ["a due day in the past", { amount: 1, days_until_due: -1 }, "invalid_input"],
  ])("%s is refused before anything is made", async (_name, body, code) => {
    const t = await till(database);
    expect(await create(t, { email: "ops@example.com", ...body })).toMatchObject({ status: 400, body: { ok: false, code } });
    expect((await t.shop.sdk.customers.list({})).data).toEqual([]);
    expect(await t.body("/api/operations", t.operator, 200)).toMatchObject({ count: 0 });
  });

  it("a double click makes one; a minute later it is another; a key says it for good", async () => {
    const t = await till(database);
    const wish = { amount: 0.5, email: "ops@example.com" };
    const first = await create(t, wish);
    expect((await create(t, wish)).body).toEqual({ ...first.body, replayed: true });
    t.clock.advance(60_001);
    const second = await create(t, wish);
    expect(second.body["invoice_id"]).not.toBe(first.body["invoice_id"]);
    const key = { "idempotency-key": "test-charge-1" };
    const third = await create(t, wish, key);
    t.clock.advance(86_400_000 * 3);
    expect((await create(t, wish, key)).body).toEqual({ ...third.body, replayed: true });
    expect(await create(t, { ...wish, amount: 0.6 }, key)).toMatchObject({ status: 422 });
  });

  it("asked again while it is unresolved, however late, it is the same; a finished one counts from its end", async () => {
    const t = await till(database);
    const { stripe } = t;
    t.stripe = killing(stripe, "after_answer", "finalizeInvoice");
    const wish = { amount: 0.5, email: "ops@example.com" };
    expect((await create(t, wish)).status).toBe(500);
    t.stripe = stripe;
    t.clock.advance(300_000);
    const again = await create(t, wish);
    expect(again).toMatchObject({ status: 200, body: { replayed: true } });
    t.clock.advance(50_000);
    expect((await create(t, wish)).body).toEqual(again.body);
    expect((await t.shop.sdk.invoices.list({})).data).toHaveLength(1);
    t.clock.advance(10_001);
    expect((await create(t, wish)).body).toMatchObject({ replayed: false });
  });

  it("is sent again and voided, each once; what is void stays so", async () => {
    const t = await till(database);
    const { body } = await create(t, { amount: 0.5, email: "ops@example.com" });
    const act = (verb: string) => t.ask(`/api/invoices/${String(body["invoice_id"])}/${verb}`, t.operator, { method: "POST" });
    expect((await act("send")).status).toBe(200);
    t.clock.advance(61_000);
    expect((await act("send")).status).toBe(200);
    expect((await t.shop.sdk.events.list({ type: "invoice.sent" })).data).toHaveLength(2);
    expect(await (await act("void")).json()).toMatchObject({ ok: true, status: "void" });
    t.clock.advance(61_000);
    const again = await act("void");
    expect([again.status, await again.json()]).toEqual([expect.any(Number), expect.objectContaining({ ok: false })]);
    expect((await t.ask("/api/invoices/in_none/void", t.operator, { method: "POST" })).status).toBe(404);
    const viewer = await newKey(t, "vera", "viewer");
    expect((await t.ask(`/api/invoices/${String(body["invoice_id"])}/void`, viewer.key, { method: "POST" })).status).toBe(403);
  });
});
