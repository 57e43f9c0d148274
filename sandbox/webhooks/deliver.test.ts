import { Stripe } from "stripe";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OLD_VERSION } from "../shapes/version.ts";
import type { Bench } from "../with-sdk.ts";
import { TEST_SECRET, TEST_START_MS, bench } from "../with-sdk.ts";
import { verdictOn } from "./schedule.ts";

let b: Bench;
beforeEach(async () => void (b = await bench()));
afterEach(() => b.close());

const happen = (): Promise<Stripe.Customer> => b.stripe.customers.create({ email: "a@example.com" });
const MINUTE = 60_000;

describe("a delivery", () => {
  it("is signed over its raw bytes, and the SDK accepts it", async () => {
    await happen();
    await b.deliver();
    const [parcel] = b.received;
    expect(parcel?.signature).toMatch(new RegExp(`^t=${TEST_START_MS / 1000},v1=[0-9a-f]{64}$`));
    const { webhooks } = new Stripe("sk_test_x");
    const event = await webhooks.constructEventAsync(parcel?.body ?? "", parcel?.signature ?? "", TEST_SECRET, 300, undefined, TEST_START_MS);
    expect(event).toMatchObject({ type: "customer.created", api_version: "2026-10-28.endive", pending_webhooks: 1 });
    await expect(webhooks.constructEventAsync(JSON.stringify(JSON.parse(parcel?.body ?? "")), parcel?.signature ?? "", TEST_SECRET, 300, undefined, TEST_START_MS)).rejects.toThrow(/signature/i);
  });

  it("that fails comes again with growing gaps, the same event under a new signature, and is given up in the end", async () => {
    b.answer({ kind: "status", status: 302 });
    await happen();
    await b.advance(0);
    expect(b.received).toHaveLength(1);
    await b.advance(MINUTE);
    expect(b.received).toHaveLength(2);
    await b.advance(24 * 60 * MINUTE);
    expect(b.received).toHaveLength(4);
    expect(new Set(b.received.map((one) => one.id)).size).toBe(1);
    expect(new Set(b.received.map((one) => one.signature)).size).toBe(4);
    expect(b.state.outbox.counts()).toMatchObject({ given_up: 1, pending: 0 });
  });

  it.each([[200, "delivered"], [204, "delivered"], [301, "retry"], [400, "retry"], [500, "retry"]])("answered %i is %s", (status, kind) => {
    expect(verdictOn({ kind: "status", status }, 1, 0, false, 1).kind).toBe(kind);
  });

  it("in live mode goes on for three days, and an endpoint that only fails for nine is switched off", async () => {
    const live = b.client("sk_live_x");
    b.answer({ kind: "unreachable", reason: "nobody there" });
    for (let day = 0; day < 11; day++) {
      await live.customers.create({});
      await b.advance(24 * 60 * MINUTE);
    }
    expect((await live.webhookEndpoints.list()).data[0]?.status).toBe("disabled");
    expect((await b.stripe.webhookEndpoints.list()).data[0]?.status).toBe("enabled");
    b.received.length = 0;
    b.answer({ kind: "status", status: 200 });
    await live.customers.create({});
    await b.advance(MINUTE);
    expect(b.received).toEqual([]);
  });

  it("goes to the endpoints that want it, in their versions, until they are disabled or deleted", async () => {
    const old = await b.stripe.webhookEndpoints.create({ url: "http://old.example/hook", enabled_events: ["charge.succeeded"], api_version: OLD_VERSION });
    expect(old.secret).toMatch(/^whsec_/);
    expect(await b.stripe.webhookEndpoints.retrieve(old.id)).not.toHaveProperty("secret");
    const pay = (): Promise<unknown> => b.stripe.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    await pay();
    await b.deliver();
    const there = b.received.filter((one) => one.url.includes("old.example"));
    expect(there.map((one) => one.type)).toEqual(["charge.succeeded"]);
    expect(JSON.parse(there[0]?.body ?? "")).toMatchObject({ api_version: OLD_VERSION, data: { object: { invoice: null, refunds: { data: [] } } } });
    await b.stripe.webhookEndpoints.update(old.id, { disabled: true });
    await pay();
    await b.stripe.webhookEndpoints.del(old.id);
    await pay();
    await b.deliver();
    expect(b.received.filter((one) => one.url.includes("old.example"))).toHaveLength(1);
  });
});

describe("mischief", () => {
  it("drops every second one for good", async () => {
    await b.control("/webhooks", { dropEvery: 2 });
    for (let count = 0; count < 6; count++) await happen();
    await b.advance(24 * 60 * MINUTE);
    expect(b.received).toHaveLength(3);
    expect((await b.stripe.events.list({ delivery_success: false })).data).toHaveLength(3);
  });

  it("sends each three times", async () => {
    await b.control("/webhooks", { duplicates: 2 });
    await happen();
    await b.deliver();
    expect(b.received.map((one) => one.id)).toHaveLength(3);
    expect(new Set(b.received.map((one) => one.body)).size).toBe(1);
  });

  it("loses the order, and nothing else", async () => {
    await b.control("/webhooks", { disorderMs: 60_000 });
    for (let count = 0; count < 20; count++) await happen();
    await b.advance(60_000);
    const sent = (await b.stripe.events.list({ limit: 20 })).data.map((event) => event.id).reverse();
    expect(b.received.map((one) => one.id)).not.toEqual(sent);
    expect(b.received.map((one) => one.id).sort()).toEqual(sent.sort());
  });

  it("forges, and sends the right one after", async () => {
    await b.control("/webhooks", { forgeEvery: 1 });
    await happen();
    await b.deliver();
    expect(b.received).toHaveLength(2);
    expect(b.received[0]?.signature).not.toBe(b.received[1]?.signature);
  });

  it("plays dead, then lives", async () => {
    await b.control("/webhooks", { dead: true });
    await happen();
    await b.deliver();
    expect(b.received).toEqual([]);
    await b.control("/webhooks", { dead: false });
    await b.advance(MINUTE);
    expect(b.received).toHaveLength(1);
  });

  it("has a wrong clock", async () => {
    await b.control("/webhooks", { clockOffsetMs: -600_000 });
    await happen();
    await b.deliver();
    expect(b.received[0]?.signature).toContain(`t=${TEST_START_MS / 1000 - 600},`);
  });

  it("sends an event again when asked", async () => {
    await happen();
    await b.deliver();
    await b.control(`/events/${b.received[0]?.id}/resend`, {});
    await b.deliver();
    expect(b.received).toHaveLength(2);
  });
});
