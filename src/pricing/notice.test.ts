import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { post } from "../access/testing/door.ts";
import { noticesOf } from "../notify/index.ts";
import { minor } from "../money/index.ts";
import { carryOutNext } from "./carry-out.ts";
import { tellChange } from "./notice.ts";
import { migrations, NOTICES, shop, USD } from "./testing/shop.ts";

onBothDatabases("notices of price changes", migrations, (database) => {
  it("one when it is applied, one when it is rolled back: who, why, and where to undo it", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    await open.act(id, "approve", open.keys.ann, { basis: (await open.show(id)).basis }, 200);
    await open.act(id, "rollback", open.keys.bob, { reason: "customers complained" }, 200);
    expect(await open.notices()).toEqual([
      { title: "Price changed: Raise Tea", channel: "team" },
      { title: "Price rolled back: Raise Tea", channel: "team" },
    ]);
    const rows = await open.db.read.selectFrom("notice").selectAll().orderBy("id").execute();
    expect(rows.map(({ key, reason, status }) => ({ key, reason, status }))).toEqual(Array.from({ length: 2 }, () => ({ key: `pricing/${id}`, reason: "change", status: "information" })));
    const [applied, back] = rows.map(({ body }) => JSON.parse(body) as { labels: Record<string, string>; notes: string[] });
    expect(applied?.labels).toMatchObject({ subject: "pricing", rule: "price_change", severity: "WARNING", change: "applied", product: open.product, currency: "usd", suggestion: id });
    expect(applied?.notes).toEqual(["$20.00 to $21.00.", expect.stringContaining("the old price is kept"), expect.stringContaining("approved by ann"), `Watch it, or roll it back: https://till.example/pricing/${id}`]);
    expect(back?.notes).toContain("Why: customers complained (bob)");
  });

  it("one however often it is tried, and none of what did not happen", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    await fetch(`${open.sandbox.url}/_sandbox/faults`, post({ method: "POST", path: "/v1/prices", times: 2, effect: { kind: "error", status: 500 } }));
    await open.act(id, "approve", open.keys.ann, { basis: (await open.show(id)).basis }, 200);
    expect(await open.notices()).toEqual([]);
    for (let round = 0; round < 4; round += 1) await open.loop();
    expect(await open.show(id)).toMatchObject({ state: "applied" });
    expect(await open.notices()).toHaveLength(1);
    // Two processes that end the same roll-back: the same keys at Stripe, one notice.
    await open.act(id, "rollback", open.keys.bob, { reason: "for the test" }, 200);
    await open.db.write((tx) => tx.updateTable("pricing_suggestion").set({ state: "rolling_back", next_try_at: 0 }).where("id", "=", id).execute());
    const deps = open.loopDeps();
    let second: Promise<boolean> | null = null;
    await carryOutNext({ ...deps, prices: { ...deps.prices, deactivate: async (...args) => {
      await deps.prices.deactivate(...args);
      // The lease ran out while Stripe was slow: another takes over and ends it first.
      if (second === null) {
        open.clock.advance(4 * 60_000);
        second = carryOutNext(deps);
        await second;
      }
    } } });
    expect((await open.notices()).map(({ title }) => title)).toEqual(["Price changed: Raise Tea", "Price rolled back: Raise Tea", "Price rolled back: Raise Tea"]);
  });

  it("what was approved and refused by Stripe is told too", async () => {
    const open = await shop(database);
    const { id } = await open.suggest(2100);
    await fetch(`${open.sandbox.url}/_sandbox/faults`, post({ method: "POST", path: "/v1/prices", times: 1, effect: { kind: "error", status: 403, message: "no permission" } }));
    await open.act(id, "approve", open.keys.ann, { basis: (await open.show(id)).basis }, 200);
    expect(await open.notices()).toEqual([{ title: "A price could not be changed: Raise Tea", channel: "team" }]);
  });

  it("are there when the change is there, and not otherwise; routes say who hears them, and nobody is nobody", async () => {
    const open = await shop(database);
    const suggestion = await open.suggest(2100, { from: minor(2000), currency: USD });
    const failing = open.db.write(async (tx) => {
      await tellChange(tx, NOTICES, suggestion, "applied", "x", 1);
      throw new Error("the change itself failed");
    });
    await expect(failing).rejects.toThrow("the change itself failed");
    expect(await open.notices()).toEqual([]);
    const elsewhere = { ...NOTICES.root, path: "default/prices", channels: ["mail", "gone"], matchers: [{ label: "rule", op: "=" as const, value: "price_*" }] };
    const notices = { ...NOTICES, root: { ...NOTICES.root, routes: [elsewhere] }, channels: ["team", "mail"] };
    await open.db.write((tx) => tellChange(tx, notices, suggestion, "applied", "x".repeat(5000), 1));
    await open.db.write((tx) => tellChange(tx, { ...notices, channels: [] }, suggestion, "applied", "x", 1));
    expect((await open.notices()).map(({ channel }) => channel)).toEqual(["mail"]);
    expect(await noticesOf(open.db.read, 0)).toEqual([]);
  });
});
