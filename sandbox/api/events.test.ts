import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bench } from "../with-sdk.ts";
import { TEST_START_MS, bench, refusal } from "../with-sdk.ts";

let b: Bench;
beforeAll(async () => {
  b = await bench();
  for (let count = 0; count < 5; count++) {
    await b.stripe.customers.create({ email: `c${count}@example.com` });
    await b.stripe.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    await b.advance(60_000);
  }
});
afterAll(() => b.close());

describe("the list of events", () => {
  it("is newest first, and the SDK walks through all of it", async () => {
    const all = await b.stripe.events.list({ limit: 3 }).autoPagingToArray({ limit: 1000 });
    expect(all).toHaveLength(25);
    expect(all.map((event) => event.created)).toEqual(all.map((event) => event.created).sort((left, right) => right - left));
    expect(new Set(all.map((event) => event.id)).size).toBe(25);
  });

  it("goes both ways from a cursor", async () => {
    const { data } = await b.stripe.events.list({ limit: 10 });
    const ids = data.map((event) => event.id);
    const after = await b.stripe.events.list({ limit: 2, starting_after: ids[2] ?? "" });
    expect(after.data.map((event) => event.id)).toEqual(ids.slice(3, 5));
    const before = await b.stripe.events.list({ limit: 2, ending_before: ids[5] ?? "" });
    expect(before.data.map((event) => event.id)).toEqual(ids.slice(3, 5));
    expect(before.has_more).toBe(true);
    expect(await refusal(b.stripe.events.list({ starting_after: "evt_none" }))).toMatchObject({ code: "resource_missing", param: "starting_after" });
  });

  it("is narrowed by type, types and family", async () => {
    expect((await b.stripe.events.list({ type: "customer.created", limit: 100 })).data).toHaveLength(5);
    expect((await b.stripe.events.list({ types: ["charge.succeeded", "charge.updated"], limit: 100 })).data).toHaveLength(10);
    expect((await b.stripe.events.list({ type: "charge.*", limit: 100 })).data).toHaveLength(10);
    expect(await refusal(b.stripe.events.list({ type: "a", types: ["b"] }))).toMatchObject({ statusCode: 400 });
  });

  it("is narrowed by time, to the second, both ends open or closed", async () => {
    const at = TEST_START_MS / 1000 + 60;
    const count = async (created: object): Promise<number> => (await b.stripe.events.list({ type: "customer.created", created })).data.length;
    expect([await count({ gte: at }), await count({ gt: at }), await count({ lte: at }), await count({ lt: at }), await count({ gte: at, lte: at })]).toEqual([4, 3, 2, 1, 1]);
  });

  it("knows what was delivered to every endpoint and what was not", async () => {
    b.answer({ kind: "status", status: 500 });
    await b.stripe.customers.create({ email: "undelivered@example.com" });
    await b.deliver();
    const failed = await b.stripe.events.list({ delivery_success: false });
    expect(failed.data).toMatchObject([{ type: "customer.created", pending_webhooks: 1 }]);
    b.answer({ kind: "status", status: 200 });
    await b.advance(60_000);
    expect((await b.stripe.events.list({ delivery_success: false })).data).toEqual([]);
    expect((await b.stripe.events.list({ delivery_success: true, limit: 1 })).data[0]?.pending_webhooks).toBe(0);
  });

  it("is 1 to 100 long", async () => {
    expect(await refusal(b.stripe.events.list({ limit: 101 }))).toMatchObject({ param: "limit" });
    expect(await refusal(b.stripe.events.list({ limit: 0 }))).toMatchObject({ param: "limit" });
  });

  it("forgets after thirty days", async () => {
    const [last] = (await b.stripe.events.list({ limit: 1 })).data;
    expect((await b.stripe.events.retrieve(last?.id ?? "")).type).toBe(last?.type);
    await b.advance(31 * 86_400_000);
    expect((await b.stripe.events.list({})).data).toEqual([]);
    expect(await refusal(b.stripe.events.retrieve(last?.id ?? ""))).toMatchObject({ statusCode: 404 });
  });
});
