import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { SandboxOptions } from "./sandbox.ts";
import type { Bench } from "./with-sdk.ts";
import { bench, refusal, idOf } from "./with-sdk.ts";

const open: Bench[] = [];
async function start(options: SandboxOptions = {}): Promise<Bench> {
  const b = await bench(options);
  open.push(b);
  return b;
}
afterEach(async () => {
  for (const b of open.splice(0)) await b.close();
});

const HOUR = 3_600_000;

describe("traffic", () => {
  it("goes through the state: a payment it made can be refunded, listed, expanded", async () => {
    const b = await start({ traffic: { ratePerMinute: 4, flat: true } });
    await b.advance(HOUR);
    const charges = await b.stripe.charges.list({ limit: 50, expand: ["data.balance_transaction", "data.payment_intent"] });
    const charge = charges.data.find((one) => one.status === "succeeded" && one.captured && one.balance_transaction !== null);
    expect(charge).toMatchObject({ balance_transaction: { source: charge?.id }, payment_intent: { status: "succeeded" } });
    const refund = await b.stripe.refunds.create({ charge: charge?.id ?? "" });
    expect(refund.amount).toBe(charge?.amount);
    // Whatever the story had in mind for this payment, the refund stands.
    await b.control("/traffic", { ratePerMinute: 0 });
    await b.advance(60 * 24 * HOUR);
    expect(await b.stripe.charges.retrieve(charge?.id ?? "")).toMatchObject({ refunded: true, disputed: false, amount_refunded: charge?.amount });
    expect(await refusal(b.stripe.refunds.create({ charge: charge?.id ?? "" }))).toMatchObject({ code: "charge_already_refunded" });
  }, 60_000);

  it("is the same under the same seed, event for event", async () => {
    const run = async (): Promise<string[]> => {
      const b = await start({ seed: 42, traffic: { ratePerMinute: 10 } });
      await b.advance(HOUR / 4);
      return b.received.map((one) => one.body);
    };
    const first = await run();
    expect(first.length).toBeGreaterThan(100);
    expect(await run()).toEqual(first);
  });

  it("is changed while it runs: more of it, and nothing but declines", async () => {
    const b = await start({ traffic: { ratePerMinute: 10, flat: true, mix: { invoiceRate: 0, retryRate: 0, methods: [["card", 1]] } } });
    await b.advance(HOUR / 4);
    await b.control("/traffic", { ratePerMinute: 60, declineRate: 1, declineCauses: [["issuer_not_available", 1]] });
    // Payments opened before the change have had their answer.
    await b.advance(3 * 60_000);
    b.received.length = 0;
    await b.advance(HOUR / 4);
    expect(b.received.filter((one) => one.type === "charge.succeeded")).toEqual([]);
    const failed = b.received.filter((one) => one.type === "charge.failed");
    expect(failed.length).toBeGreaterThan(500);
    expect(JSON.parse(failed[0]?.body ?? "")).toMatchObject({ data: { object: { outcome: { reason: "issuer_not_available" } } } });
    await b.control("/traffic", { ratePerMinute: 0 });
    await b.advance(HOUR);
    b.received.length = 0;
    await b.advance(10 * 60_000);
    expect(b.received.filter((one) => one.type === "payment_intent.created")).toEqual([]);
  });

  it("has a past that is listed and was never sent", async () => {
    const b = await start({ traffic: { ratePerMinute: 1, historyMs: 20 * HOUR } });
    expect((await b.stripe.paymentIntents.list({ limit: 100 })).data).toHaveLength(100);
    expect((await b.stripe.events.list({ delivery_success: false })).data).toEqual([]);
    await b.deliver();
    expect(b.received).toEqual([]);
  });

  it("of live mode is seen with live keys only", async () => {
    const b = await start({ traffic: { ratePerMinute: 10, livemode: true } });
    await b.advance(HOUR / 4);
    expect((await b.stripe.events.list({})).data).toEqual([]);
    expect((await b.client("sk_live_x").events.list({})).data[0]?.livemode).toBe(true);
  });
});

describe("the state", () => {
  it("survives a restart: objects, events, keys, deliveries and what was still to come", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
    const state = join(folder, "state.db");
    try {
      const first = await bench({ state });
      first.answer({ kind: "status", status: 500 });
      const create = { amount: 1000, currency: "usd", payment_method: "pm_card_pendingRefund", confirm: true } as const;
      const intent = await first.stripe.paymentIntents.create(create, { idempotencyKey: "k" });
      const refund = await first.stripe.refunds.create({ payment_intent: intent.id });
      await first.deliver();
      const sent = first.received.length;
      await first.close();
      expect(first.port).toBeGreaterThan(0);

      const again = await start({ state });
      expect((await again.stripe.paymentIntents.create(create, { idempotencyKey: "k" })).id).toBe(intent.id);
      expect((await again.stripe.refunds.retrieve(refund.id)).status).toBe("pending");
      await again.advance(61_000);
      expect((await again.stripe.refunds.retrieve(refund.id)).status).toBe("succeeded");
      expect(again.received.length).toBeGreaterThanOrEqual(sent);
      expect((await again.stripe.charges.retrieve(idOf(intent.latest_charge))).receipt_url).toContain(again.url);
      // The same address as before; a second one beside it gets another.
      expect(again.port).toBe(first.port);
      expect((await start({ state })).port).not.toBe(first.port);
      const customer = await again.stripe.customers.create({});
      expect((await again.stripe.events.list({ limit: 1 })).data[0]?.data.object).toMatchObject({ id: customer.id });
    } finally {
      for (const b of open.splice(0)) await b.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe("disputes", () => {
  it("take the money, and give it back when won", async () => {
    const b = await start();
    const intent = await b.stripe.paymentIntents.create({ amount: 4200, currency: "usd", payment_method: "pm_card_createDispute", confirm: true });
    await b.advance(2000);
    const [dispute] = (await b.stripe.disputes.list({ payment_intent: intent.id })).data;
    expect(dispute).toMatchObject({ status: "needs_response", amount: 4200, balance_transactions: [{ net: -5700 }], is_charge_refundable: false });
    const won = await b.stripe.disputes.update(dispute?.id ?? "", { evidence: { uncategorized_text: "winning_evidence" }, submit: true });
    expect(won).toMatchObject({ status: "won", balance_transactions: [{ net: -5700 }, { net: 5700 }] });
    await b.deliver();
    expect(b.received.map((one) => one.type).filter((type) => type.startsWith("charge.dispute"))).toEqual([
      "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated",
    ]);
  });

  it("that only ask move nothing", async () => {
    const b = await start();
    const intent = await b.stripe.paymentIntents.create({ amount: 4200, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    await b.control("/disputes", { charge: intent.latest_charge, inquiry: true });
    const [asked] = (await b.stripe.disputes.list({ charge: idOf(intent.latest_charge) })).data;
    expect(asked).toMatchObject({ status: "warning_needs_response", balance_transactions: [], is_charge_refundable: true });
    await b.control(`/disputes/${asked?.id}`, { outcome: "lost" });
    expect((await b.stripe.disputes.retrieve(asked?.id ?? "")).status).toBe("warning_closed");
  });
});
