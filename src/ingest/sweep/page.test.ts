import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import type { ListEvents } from "../../stripe/index.ts";
import { scene } from "../testing/scene.ts";
import { completeness, completenessText } from "./completeness.ts";
import { closeTallies, readPage, tally } from "./page.ts";
import { judgeSweep, sweepStatus } from "./status.ts";
import { createSweep } from "./sweep.ts";
import { verifyEvents } from "./verify.ts";

const MINUTE = 60_000;
const FAR = Number.MAX_SAFE_INTEGER;

describe("a page of Stripe's list", () => {
  const event = (id: string, second: number) => ({ id, object: "event", type: "charge.failed", created: second });
  const odd = (second: number) => ({ id: `evt_odd${second}`, created: second });

  it("counts every entry once, also what cannot be read, wherever pages end", () => {
    const options = { nowMs: 9_000_000, nearMs: 2_000_000, hasMore: true };
    // What has no id stands on the next page again, since that begins after the last that has one.
    const first = readPage([event("evt_3", 1300), odd(1200), null], options);
    expect(first).toMatchObject({ lastId: "evt_odd1200", unreadable: [{ id: "evt_odd1200", createdAt: 1_200_000 }] });
    const second = readPage([null, event("evt_2", 1100), "text"], { ...options, nearMs: 1_200_000, hasMore: false });
    expect(second).toMatchObject({ lastId: "evt_2", unreadable: [{ id: null, createdAt: 1_200_000 }, { id: null, createdAt: 1_100_000 }] });
    const { open } = closeTallies(null, tally(first, new Set()), false);
    expect(closeTallies(open, tally(second, new Set(["evt_2"])), true).whole).toEqual([
      { start: 1_200_000, seen: 1, recovered: 0, unreadable: 2 },
      { start: 900_000, seen: 1, recovered: 1, unreadable: 1 },
    ]);
  });
});

onBothDatabases("an entry of Stripe's list", migrations, (database) => {
  it("counts what nobody can read as missing, and says so; a stranger's answer moves nothing", async () => {
    const db = await database.open();
    const s = await scene(db);
    await s.pass(10 * MINUTE);
    const before = await completeness(db.read, null, 0, FAR);
    await s.sandbox.advance(5 * MINUTE);
    const garbled: ListEvents = async (query) => {
      const answer = await s.list(query);
      const created = Math.floor((s.clock.now() - 2 * MINUTE) / 1000);
      return query.startingAfter === null ? { ...answer, events: [{ id: "evt_odd", object: "event", type: 7, created }, ...answer.events] } : answer;
    };
    const { step } = createSweep({ db, clock: s.clock, list: garbled, account: null });
    while ((await step()).kind === "page");
    const after = await completeness(db.read, null, 0, FAR);
    expect(after.untilMs).toBeGreaterThan(before.untilMs ?? 0);
    expect(after).toMatchObject({ events: after.present + 1, recovered: 0 });
    expect(completenessText(after)).toMatch(/^\d+ of \d+ events until 12:14 UTC; 1 missing: they cannot be read$/);
    const status = await sweepStatus(db.read, null);
    if (status === null) throw new Error("no status");
    expect(judgeSweep(status, s.clock.now())).toMatchObject({ state: "degraded", todo: expect.stringMatching(/^1 entries of Stripe's list .* \(evt_odd: the event has no `type`/) });
    expect(await verifyEvents({ db, list: garbled, account: null, sinceMs: 0, nowMs: s.clock.now(), repair: true, onProgress: () => {} })).toMatchObject({ missing: 1, unreadable: 1, repaired: 0 });
    // The next sweep reads the same time again, and now it can.
    await s.pass(5 * MINUTE);
    expect(await completeness(db.read, null, 0, FAR)).toMatchObject({ recovered: 0 });
    expect(completenessText(await completeness(db.read, null, 0, FAR))).not.toContain("missing");

    await s.sandbox.advance(5 * MINUTE);
    const { untilMs } = await completeness(db.read, null, 0, FAR);
    const stranger = createSweep({ db, clock: s.clock, list: async () => ({ events: ["<html>", {}], hasMore: false, serverTimeMs: s.clock.now() }), account: null });
    expect(await stranger.step()).toMatchObject({ kind: "failed", trouble: { code: "list_unreadable" } });
    expect((await completeness(db.read, null, 0, FAR)).untilMs).toBe(untilMs);
  });
});
