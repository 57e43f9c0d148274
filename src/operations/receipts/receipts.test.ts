import { expect, it } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../../test/databases.ts";
import { requireRole } from "../../access/index.ts";
import { ADMIN_KEY } from "../../access/testing/door.ts";
import { createHttp, type Mailer, openMailer } from "../../platform/index.ts";
import { mailServer } from "../../platform/testing/smtp.ts";
import { Killed, migrations, till, type Till } from "../testing/till.ts";
import { receiptRoutes } from "./routes.ts";
import { beginReceipts, findReceipts, type ReceiptDeps, type ReceiptSettings, resendReceipt, sendReceipt } from "./send.ts";
import { listReceipts } from "./store.ts";

const SETTINGS: ReceiptSettings = { mode: "self", from: "Shop <shop@example.com>", replyTo: "help@example.com", inTestMode: true, merchant: { name: "Tills & <Co>", logo: "https://shop.example/logo.png", timeZone: "Europe/Berlin" } };

async function office(database: TestDatabase, settings: Partial<ReceiptSettings> = {}) {
  const t = await till(database);
  const server = await mailServer();
  const mailer = openMailer({ host: "127.0.0.1", port: server.port, user: null, password: null, security: "none" });
  const deps: ReceiptDeps = { db: t.db, clock: t.clock, stripe: () => t.stripe, mailer, settings: { ...SETTINGS, ...settings } };
  await beginReceipts(deps);
  const work = async (): Promise<void> => {
    await t.deliver();
    while (await findReceipts(deps, 100));
    while (await sendReceipt(deps));
  };
  return { t, server, deps, work };
}

async function sale(t: Till, email: string | null = "ann@example.com", amount = 1250) {
  const method = await t.shop.sdk.paymentMethods.create({ type: "card", card: { token: "tok_visa" }, ...(email === null ? {} : { billing_details: { email, name: "Ann <b>" } }) });
  const intent = await t.shop.sdk.paymentIntents.create({ amount, currency: "usd", payment_method: method.id, confirm: true, description: "Two <teas>", return_url: "https://shop.example/" });
  return { intent: intent.id, charge: typeof intent.latest_charge === "string" ? intent.latest_charge : (intent.latest_charge?.id ?? "") };
}

const states = async (t: Till) => (await listReceipts(t.db.read, { limit: 100 })).map(({ kind, state }) => `${kind} ${state}`);

onBothDatabases("receipts", migrations, (database) => {
  it("mails one per charge and one per refund, however often the events come", async () => {
    const { t, server, work, deps } = await office(database);
    const { intent, charge } = await sale(t);
    await work();
    for (const event of (await t.shop.sdk.events.list({ type: "charge.succeeded" })).data) await t.control(`/events/${event.id}/resend`, {});
    await work();
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect([mail?.from, mail?.to]).toEqual([expect.stringContaining("<shop@example.com>"), expect.stringContaining("<ann@example.com>")]);
    expect(mail?.text).toMatch(/Subject: Your receipt from Tills & <Co>: \$12\.50/);
    expect(mail?.text).toContain(`Message-ID: <receipt.${charge}.1@tillwatch>`);
    expect(mail?.text).toContain("Reply-To: help@example.com");
    await t.refund({ payment_id: intent, amount: 2.5 });
    await work();
    expect(server.mails).toHaveLength(2);
    expect(server.mails[1]?.text).toMatch(/Subject: Your refund from .*\$2\.50/);
    // The cursor thrown back to the beginning: the same events again.
    await t.db.write((tx) => tx.updateTable("consumer").set({ seq: 0 }).where("name", "=", "receipts").execute());
    await work();
    expect(server.mails).toHaveLength(2);
    expect(await findReceipts(deps, 100)).toBe(false);
  });

  it("is never sent twice when the process is killed while it is being sent", async () => {
    const { t, server, work, deps } = await office(database);
    await sale(t);
    const real = deps.mailer;
    const killed: Mailer = {
      send: async (mail) => {
        await real?.send(mail);
        throw new Killed("after the mail server took it");
      },
    };
    await t.deliver();
    while (await findReceipts(deps, 100));
    await expect(sendReceipt({ ...deps, mailer: killed })).rejects.toThrow(Killed);
    expect(await states(t)).toEqual(["payment sending"]);
    t.clock.advance(600_000);
    await work();
    expect(await states(t)).toEqual(["payment uncertain"]);
    expect(server.mails).toHaveLength(1);
  });

  it("is tried again when the server surely did not take it, and not when it may have", async () => {
    const { t, server, work } = await office(database);
    server.next("refuse_connection", "try_later", "take");
    await sale(t);
    for (let round = 0; round < 4; round += 1) {
      await work();
      t.clock.advance(3_600_000);
    }
    expect(server.mails).toHaveLength(1);
    server.next("refuse_recipient", "take_and_vanish");
    await sale(t, "nobody@example.com");
    await sale(t, "eve@example.com");
    for (let round = 0; round < 3; round += 1) {
      await work();
      t.clock.advance(3_600_000);
    }
    expect((await states(t)).toSorted((a, b) => a.localeCompare(b))).toEqual(["payment failed", "payment sent", "payment uncertain"]);
    expect(server.mails).toHaveLength(2);
  });

  it("nothing is mailed when it is off, in test mode unless forced, without an address, or when Stripe does it", async () => {
    const off = await office(database, { mode: "off" });
    await sale(off.t);
    await off.work();
    expect(await states(off.t)).toEqual([]);
    const test = await office(database, { inTestMode: false });
    await sale(test.t);
    await test.work();
    expect(await states(test.t)).toEqual(["payment skipped"]);
    const nameless = await office(database);
    await sale(nameless.t, null);
    await nameless.work();
    expect(await states(nameless.t)).toEqual(["payment skipped"]);
    expect([off, test, nameless].flatMap(({ server }) => server.mails)).toEqual([]);
  });

  it("a refund that failed, or that Stripe does not know, gets no mail, and none of its payment either", async () => {
    const { t, server, work, deps } = await office(database);
    const { intent } = await sale(t);
    await work();
    expect(server.mails).toHaveLength(1);
    const refunds = [await t.refund({ payment_id: intent, amount: 2.5 }), await t.refund({ payment_id: intent, amount: 3 })].map(({ body }) => String(body.data?.["id"]));
    await t.deliver();
    while (await findReceipts(deps, 100));
    await t.control(`/refunds/${String(refunds[0])}`, { status: "failed" });
    const { stripe } = t;
    t.stripe = new Proxy(stripe, { get: (target, name: keyof typeof stripe) => (name === "refundsOf" ? async (id: string) => (await target.refundsOf(id)).filter((refund) => refund.id !== refunds[1]) : target[name]) });
    while (await sendReceipt(deps));
    expect(server.mails).toHaveLength(1);
    expect((await states(t)).filter((state) => state.startsWith("refund"))).toEqual(["refund skipped", "refund skipped"]);
  });

  it("switched off, it holds no event back", async () => {
    const { t, deps, work } = await office(database);
    await sale(t);
    await work();
    const cursors = async () => await t.db.read.selectFrom("consumer").select("name").where("name", "=", "receipts").execute();
    expect(await cursors()).toHaveLength(1);
    await beginReceipts({ ...deps, settings: { ...deps.settings, mode: "off" } });
    expect(await cursors()).toEqual([]);
  });

  it("what happened before receipts were on is nobody's news", async () => {
    const { t, deps, server } = await office(database, { mode: "off" });
    await sale(t);
    await t.deliver();
    await findReceipts(deps, 100);
    t.clock.advance(1000);
    const on = { ...deps, settings: { ...deps.settings, mode: "self" as const } };
    await beginReceipts(on);
    while (await findReceipts(on, 100));
    while (await sendReceipt(on));
    expect(server.mails).toEqual([]);
  });

  it("asks Stripe once to send it, by the charge's receipt_email; never where it is set already", async () => {
    const { t, work, server, deps } = await office(database, { mode: "stripe" });
    const { charge } = await sale(t);
    await work();
    expect((await t.shop.sdk.charges.retrieve(charge)).receipt_email).toBe("ann@example.com");
    const updates = async () => (await t.shop.sdk.events.list({ type: "charge.updated" })).data.length;
    const before = await updates();
    // A crash between Stripe and us: asked again with the same key, which sends nothing more.
    await t.db.write((tx) => tx.updateTable("receipt").set({ state: "sending", next_try_at: 0 }).execute());
    await work();
    expect(await updates()).toBe(before);
    expect(await states(t)).toEqual(["payment sent"]);
    expect(server.mails).toEqual([]);
    await resendReceipt(deps, charge, "other@example.com", { keyId: "k", name: "olga" }, null);
    await work();
    expect((await t.shop.sdk.charges.retrieve(charge)).receipt_email).toBe("other@example.com");
  });

  it("is shown as it would look with everything escaped, listed, and sent again when a person wants it", async () => {
    const { t, deps, server, work } = await office(database);
    const { charge } = await sale(t);
    await work();
    const http = await createHttp({ clock: t.clock, version: "1" });
    http.decorateRequest("principal", null);
    receiptRoutes(http, { ...deps, viewer: requireRole(t.access, "viewer"), operator: requireRole(t.access, "operator") });
    const ask = async (method: "GET" | "POST", url: string) => await http.inject({ method, url, headers: { "x-dash-key": ADMIN_KEY } });
    const page = await ask("GET", `/api/receipts/${charge}/preview`);
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.body).toContain("Tills &amp; &lt;Co&gt;");
    expect(page.body).toContain("Two &lt;teas&gt;");
    expect(page.body).toContain("$12.50");
    expect(page.body).not.toMatch(/<teas>|<Co>|<script/);
    expect((await ask("POST", `/api/receipts/${charge}/resend`)).statusCode).toBe(202);
    await work();
    expect(server.mails).toHaveLength(2);
    expect(server.mails[1]?.text).toContain(`receipt.${charge}.2@tillwatch`);
    expect((await ask("GET", "/api/receipts")).json()).toMatchObject({ count: 1, data: [{ id: charge, state: "sent", copies: 2, email: "ann@example.com" }] });
    expect((await ask("POST", "/api/receipts/ch_none/resend")).statusCode).toBe(404);
    await http.close();
  });

  it("an invoice's receipt lists its lines", async () => {
    const { t, work, server } = await office(database);
    const customer = await t.shop.sdk.customers.create({ email: "ann@example.com" });
    const invoice = await t.shop.sdk.invoices.create({ customer: customer.id, collection_method: "send_invoice", days_until_due: 7, currency: "usd" });
    for (const [description, amount] of [["Green tea", 300], ["Black tea", 450]] as const) await t.shop.sdk.invoiceItems.create({ customer: customer.id, invoice: invoice.id, amount, currency: "usd", description });
    const { hosted_invoice_url: url } = await t.shop.sdk.invoices.finalizeInvoice(invoice.id);
    await fetch(String(url), { method: "POST", body: new URLSearchParams({ number: "4242424242424242", expiry: "12 / 34", cvc: "123" }), redirect: "manual" });
    await work();
    const [mail] = server.mails;
    expect(mail?.text.replaceAll("=\n", "")).toMatch(/Green tea: \$3\.00\s+Black tea: \$4\.50/);
    expect(mail?.text).toContain("$7.50");
  });
});
