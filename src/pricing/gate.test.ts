import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { ADMIN_KEY, post } from "../access/testing/door.ts";
import type { Prices } from "../stripe/index.ts";
import { DAY, migrations, shop } from "./testing/shop.ts";

class Killed extends Error {}

onBothDatabases("the gate of pricing", migrations, (database) => {
  it("makes a new price when an admin approves what they saw, and takes it back with one request", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    const { basis } = await open.show(id);
    await open.act(id, "approve", open.keys.ann, { basis }, 200);
    const applied = await open.show(id);
    expect(applied).toMatchObject({ state: "applied", approved_by: ["ann"] });
    const made = (await open.pricesAtStripe()).find((one) => one.id === applied.new_price);
    expect(made).toMatchObject({ unit_amount: 2100, active: true, lookup_key: "tea", metadata: { tillwatch_suggestion: id } });
    expect((await open.api.sdk.products.retrieve(open.product)).default_price).toBe(applied.new_price);
    // The old one is kept: who has it keeps it.
    expect((await open.api.sdk.prices.retrieve(open.price)).active).toBe(true);

    await open.act(id, "rollback", open.keys.bob, { reason: "customers complained" }, 200);
    const back = await open.show(id);
    expect(back.state).toBe("rolled_back");
    expect(back.timeline.map(({ what }) => what)).toEqual(["approved", "done", "roll_back", "done"]);
    expect((await open.api.sdk.products.retrieve(open.product)).default_price).toBe(open.price);
    expect(await open.api.sdk.prices.retrieve(open.price)).toMatchObject({ active: true, lookup_key: "tea" });
    expect((await open.api.sdk.prices.retrieve(String(applied.new_price))).active).toBe(false);
    // Decided is decided.
    expect(await open.act(id, "approve", open.keys.ann, { basis }, 409)).toMatchObject({ code: "suggestion_decided" });
    const audit = (await open.body("/api/audit?limit=100", ADMIN_KEY, 200)) as { data: { action: string; actor: { name?: string } | string }[] };
    expect(audit.data.map(({ action }) => action).filter((action) => action.startsWith("pricing."))).toEqual(["pricing.rolled_back", "pricing.roll_back", "pricing.applied", "pricing.approve"]);
  });

  it("asks a second admin for a large step, and never the same twice", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2150);
    const { basis } = await open.show(id);
    await open.act(id, "approve", open.keys.ann, { basis }, 200);
    expect(await open.show(id)).toMatchObject({ state: "awaiting_second" });
    expect(await open.act(id, "approve", open.keys.ann, { basis }, 403)).toMatchObject({ code: "own_suggestion" });
    expect(await open.pricesAtStripe()).toHaveLength(1);
    await open.act(id, "approve", open.keys.bob, { basis }, 200);
    expect(await open.show(id)).toMatchObject({ state: "applied", approved_by: ["ann", "bob"] });
  });

  it("is not passed by role, own approval, replay, or stale facts", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    const { basis } = await open.show(id);
    for (const key of [open.keys.olga, open.keys.vera]) expect(await open.act(id, "approve", key, { basis }, 403)).toMatchObject({ code: "role_too_low" });
    expect(await open.act(id, "approve", open.keys.ann, { basis: "0".repeat(16) }, 409)).toMatchObject({ code: "suggestion_changed" });
    expect(await open.act(id, "approve", open.keys.ann, {}, 400)).toMatchObject({ ok: false });

    const proposed = await open.propose("20.50", open.keys.ann);
    expect(await open.act(proposed.id, "approve", open.keys.ann, { basis: proposed.basis }, 403)).toMatchObject({ code: "own_suggestion" });
    expect(await open.show(proposed.id)).toMatchObject({ state: "open" });

    // Two at once: one wins, one price is made.
    const both = await Promise.all([open.ask(`/api/pricing/suggestions/${id}/approve`, open.keys.ann, post({ basis })), open.ask(`/api/pricing/suggestions/${id}/approve`, open.keys.bob, post({ basis }))]);
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409]);
    expect(await open.pricesAtStripe()).toHaveLength(2);

    // Another change of the same price while that one is watched.
    expect(await open.act(proposed.id, "approve", open.keys.bob, { basis: proposed.basis }, 409)).toMatchObject({ ok: false });
  });

  it("withdraws what no longer fits Stripe", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    const { basis } = await open.show(id);
    await open.api.sdk.products.update(open.product, { default_price: "" }).catch(() => null);
    await open.api.sdk.prices.update(open.price, { active: false });
    expect(await open.act(id, "approve", open.keys.ann, { basis }, 409)).toMatchObject({ code: "suggestion_stale" });
    expect(await open.show(id)).toMatchObject({ state: "stale" });
    const old = await open.suggest(2100);
    open.clock.advance(22 * DAY);
    expect(await open.act(old.id, "approve", open.keys.ann, { basis: (await open.show(old.id)).basis }, 409)).toMatchObject({ code: "suggestion_stale" });
  });

  it("holds to the guard rails, for people too", async () => {
    const open = await shop(database);
    expect(await open.body("/api/pricing/suggestions", open.keys.olga, 422, post({ price_id: open.price, amount: 25, reason: "more money" }))).toMatchObject({ code: "step_too_large" });
    expect(await open.body("/api/pricing/suggestions", open.keys.olga, 400, post({ price_id: open.price, amount: "20.505", reason: "more money" }))).toMatchObject({ ok: false });
    expect(await open.body("/api/pricing/suggestions", open.keys.olga, 400, post({ price_id: open.price, amount: 21, reason: "" }))).toMatchObject({ ok: false });
    const { id } = await open.suggest(2100, { product: "prod_frozen", basis: { price: null, unitAmount: null, recurring: null, elasticity: null, purchases: 0 } });
    expect(await open.act(id, "approve", open.keys.ann, { basis: (await open.show(id)).basis }, 409)).toMatchObject({ code: "product_frozen" });
  });

  it("is shut while pricing is off, but takes back what was applied", async () => {
    const open = await shop(database, { enabled: false });
    const { id } = await open.suggest(2100);
    expect(await open.act(id, "approve", open.keys.ann, { basis: (await open.show(id)).basis }, 409)).toMatchObject({ code: "pricing_off" });
    expect(await open.body("/api/pricing", open.keys.vera, 200)).toMatchObject({ enabled: false, hint: expect.stringContaining("pricing.enabled") });
    expect(await open.body("/api/pricing/run", open.keys.olga, 409, post({}))).toMatchObject({ code: "pricing_off" });
  });

  const moments: (keyof Prices)[] = ["create", "setDefaultPrice"];
  for (const method of moments) {
    for (const when of ["before", "after"] as const) {
      it(`makes one price when killed ${when} ${method}`, async () => {
        const open = await shop(database);
        const { id } = await open.suggest(2100);
        const { basis } = await open.show(id);
        const real = open.self.prices;
        open.self.prices = new Proxy(real, {
          get: (target, name: keyof Prices) =>
            name !== method
              ? target[name]
              : async (...args: unknown[]) => {
                  if (when === "after") await (target[method] as (...args: unknown[]) => Promise<unknown>)(...args);
                  throw new Killed(`killed ${when} ${method}`);
                },
        });
        expect((await open.ask(`/api/pricing/suggestions/${id}/approve`, open.keys.ann, post({ basis }))).status).toBe(500);
        expect(await open.show(id)).toMatchObject({ state: "applying" });
        open.self.prices = real;
        await open.loop();
        const after = await open.show(id);
        expect(after.state).toBe("applied");
        expect((await open.pricesAtStripe()).map(({ unit_amount }) => unit_amount ?? 0).toSorted((one, other) => one - other)).toEqual([2000, 2100]);
        expect((await open.api.sdk.products.retrieve(open.product)).default_price).toBe(after.new_price);
      });
    }
  }

  it("finds what it made when Stripe may have forgotten the key", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    const { basis } = await open.show(id);
    const real = open.self.prices;
    open.self.prices = { ...real, create: async (...args) => (await real.create(...args), Promise.reject(new Killed("after"))) };
    expect((await open.ask(`/api/pricing/suggestions/${id}/approve`, open.keys.ann, post({ basis }))).status).toBe(500);
    open.clock.advance(2 * DAY);
    const made: unknown[] = [];
    await open.loop({ ...real, create: async (...args) => (made.push(args), await real.create(...args)) });
    expect(made).toEqual([]);
    expect(await open.show(id)).toMatchObject({ state: "applied" });
  });

  it("tries again when Stripe is away, and says when it refuses", async () => {
    const open = await shop(database);
    const first = await open.suggest(2100);
    await fetch(`${open.sandbox.url}/_sandbox/faults`, post({ method: "POST", path: "/v1/prices", times: 1, effect: { kind: "error", status: 500 } }));
    await open.act(first.id, "approve", open.keys.ann, { basis: (await open.show(first.id)).basis }, 200);
    expect(await open.show(first.id)).toMatchObject({ state: "applying", error: expect.any(String) });
    await open.loop();
    expect(await open.show(first.id)).toMatchObject({ state: "applied", error: null });
    await open.act(first.id, "rollback", open.keys.ann, { reason: "for the test" }, 200);
    open.clock.advance(31 * DAY);
    const second = await open.suggest(2080);
    await fetch(`${open.sandbox.url}/_sandbox/faults`, post({ method: "POST", path: "/v1/prices", times: 1, effect: { kind: "error", status: 403, message: "no permission" } }));
    await open.act(second.id, "approve", open.keys.ann, { basis: (await open.show(second.id)).basis }, 200);
    expect(await open.show(second.id)).toMatchObject({ state: "failed", new_price: null });
  });
});
