import fc from "fast-check";
import { expect, it } from "vitest";
import { OLD_VERSION } from "../../../sandbox/index.ts";
import { TEST_SECRET } from "../../../sandbox/with-sdk.ts";
import { onBothDatabases } from "../../../test/databases.ts";
import { DERIVE, deriveEvents } from "../../app/derive.ts";
import { migrations } from "../../app/migrations.ts";
import { openAppend, readAfter, readDeliveriesAfter, readHead } from "../../ledger/index.ts";
import { rebuild } from "../../metrics/index.ts";
import { AppError, type Database, virtualClock } from "../../platform/index.ts";
import type { EventList, EventQuery, ListEvents } from "../../stripe/index.ts";
import { bookmark } from "../store.ts";
import { scene, type Scene, TEST_START_MS } from "../testing/scene.ts";
import { completeness, completenessText } from "./completeness.ts";
import { readGaps } from "./gap.ts";
import type { SweepState } from "./state.ts";
import { createSweep } from "./sweep.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAR = Number.MAX_SAFE_INTEGER;

async function ours(db: Database): Promise<string[]> {
  return (await readAfter(db.read, 0, 100_000)).map(({ eventId }) => eventId).sort();
}

/** Everything Stripe has until the checkpoint is here and nothing else, and what was derived is what deriving anew gives. */
async function expectWhole(db: Database, { listed, clock }: Scene): Promise<void> {
  const until = (await bookmark<SweepState>(db.read, "sweep:"))?.checkpointMs ?? 0;
  expect(until).toBe(Math.floor((clock.now() - MINUTE) / 1000) * 1000);
  const have = new Set(await ours(db));
  expect((await listed(until)).filter((id) => !have.has(id))).toEqual([]);
  const all = new Set(await listed());
  expect([...have].filter((id) => !all.has(id))).toEqual([]);
  while ((await deriveEvents(db, "UTC", 1000, TEST_START_MS)) > 0);
  expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
}

async function figure(db: Database): Promise<string> {
  return completenessText(await completeness(db.read, null, 0, FAR));
}

onBothDatabases("sweep", migrations, (database) => {
  it("finds nothing missing while deliveries come, and proves it with a figure and its time", async () => {
    const db = await database.open();
    const s = await scene(db);
    await s.pass(2 * HOUR);
    await expectWhole(db, s);
    const found = await completeness(db.read, null, 0, FAR);
    expect(found).toMatchObject({ recovered: 0, backfill: 1, untilMs: s.clock.now() - MINUTE });
    expect(found.events).toBe((await s.listed(found.untilMs ?? 0)).length);
    expect(completenessText(found)).toMatch(/^\d+ of \d+ events until 13:59 UTC$/);
    expect(await readGaps(db.read, 0, FAR, 10)).toEqual([]);
    // 24 windows of one page, and the backfill.
    expect(s.asked.count).toBeLessThanOrEqual(26);
  });

  it("recovers two days of a dead endpoint and says how long, how many and why; the gap closes when deliveries come again", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.1, flat: true } });
    await s.pass(HOUR);
    s.sandbox.state.mischief.dead = true;
    const deadFrom = s.sandbox.nowMs();
    await s.sandbox.advance(2 * DAY);
    expect(await figure(db)).toMatch(/until 12:59 UTC$/);
    await s.pass(10 * MINUTE);
    const [gap, ...more] = await readGaps(db.read, 0, FAR, 10);
    expect(more).toEqual([]);
    expect(gap).toMatchObject({ closedAt: null, cause: expect.stringContaining("nothing arrived") });
    expect(gap?.fromMs).toBeGreaterThanOrEqual(deadFrom);
    expect((gap?.toMs ?? 0) - (gap?.fromMs ?? 0)).toBeGreaterThan(1.9 * DAY);
    s.sandbox.state.mischief.dead = false;
    await s.pass(3 * HOUR);
    await expectWhole(db, s);
    const [closed] = await readGaps(db.read, 0, FAR, 10);
    expect(closed?.closedAt).not.toBeNull();
    const found = await completeness(db.read, null, 0, FAR);
    expect(found).toMatchObject({ present: found.events, recovered: closed?.events, events: (await s.listed(found.untilMs ?? 0)).length });
  });

  it("recovers every tenth delivery that was dropped, among duplicates in random order and forgeries", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.7, flat: true } });
    Object.assign(s.sandbox.state.mischief, { dropEvery: 10, duplicates: 4, disorderMs: 30_000, forgeEvery: 7 });
    await s.pass(HOUR);
    Object.assign(s.sandbox.state.mischief, { dropEvery: 0, duplicates: 0, disorderMs: 0, forgeEvery: 0 });
    await s.pass(15 * MINUTE);
    await expectWhole(db, s);
    const found = await completeness(db.read, null, 0, FAR);
    expect(found.recovered / found.events).toBeGreaterThan(0.05);
    expect((await readGaps(db.read, 0, FAR, 10)).every(({ closedAt }) => closedAt !== null)).toBe(true);
  });

  it("takes bursts of one second over many pages", async () => {
    const db = await database.open();
    const s = await scene(db);
    s.sandbox.state.mischief.dead = true;
    await s.sweep();
    for (let at = 0; at < 230; at++) await s.sandbox.stripe.customers.create({ email: `c${at}@example.com` });
    await s.pass(10 * MINUTE);
    await expectWhole(db, s);
  });

  it("stands still while Stripe answers 429 and 500, tells so, and loses nothing", async () => {
    const db = await database.open();
    const s = await scene(db);
    await s.pass(10 * MINUTE);
    const before = await figure(db);
    s.sandbox.state.mischief.dead = true;
    await s.sandbox.control("/faults", { path: "/v1/events", times: 4, effect: { kind: "error", status: 500 } });
    await s.sandbox.advance(10 * MINUTE);
    expect((await s.sweep()).at(-1)).toMatchObject({ kind: "failed", trouble: { code: "stripe_failed" } });
    expect(await figure(db)).toBe(before);
    await s.sandbox.control("/faults", { path: "/v1/events", times: 4, effect: { kind: "error", status: 429, code: "rate_limit" } });
    await s.sandbox.advance(10 * MINUTE);
    await s.sweep();
    const state = await bookmark<SweepState>(db.read, "sweep:");
    expect(state?.trouble).not.toBeNull();
    await s.sandbox.control("/faults", undefined);
    s.sandbox.state.faults.clear();
    await s.pass(10 * MINUTE);
    expect((await bookmark<SweepState>(db.read, "sweep:"))?.trouble).toBeNull();
    await expectWhole(db, s);
  });

  it("loses nothing and turns no number wrong when our clock is ten minutes off, either way", async () => {
    for (const off of [10 * MINUTE, -10 * MINUTE]) {
      const db = await database.open();
      const s = await scene(db);
      s.skew(off);
      await s.pass(HOUR);
      const state = await bookmark<SweepState>(db.read, "sweep:");
      expect(state?.skewMs).toBe(-off);
      expect(state?.checkpointMs).toBeLessThanOrEqual(s.sandbox.nowMs() - MINUTE);
      expect((await readGaps(db.read, 0, FAR, 1))[0]?.cause).toContain("our clock is 10 min off");
      s.skew(0);
      await s.pass(30 * MINUTE);
      await expectWhole(db, s);
    }
  });

  it("asks for no page twice and loses none when it is killed at any line", async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.constantFrom("live", "live", "before", "after_asking", "in_writing")), async (fates) => {
        const db = await database.open();
        const events = Array.from({ length: 950 }, (_, index) => ({ id: `evt_${String(index).padStart(4, "0")}`, object: "event", type: "customer.created", created: Math.floor(TEST_START_MS / 1000) - 100 - Math.floor(index * 2500), livemode: false, data: { object: { id: `cus_${index}` } } }));
        const clock = virtualClock(TEST_START_MS);
        let asked = 0;
        let wasted = 0;
        const list: ListEvents = async (query) => {
          asked += 1;
          return pageOf(events, query);
        };
        for (let at = 0; at < 200; at++) {
          const fate = fates.next().value;
          if (fate === "before") continue;
          const dying: ListEvents = async (query) => {
            const page = await list(query);
            if (fate === "after_asking") throw new Error("killed");
            return page;
          };
          const fragile = fate === "in_writing" ? dyingInWrite(db) : db;
          try {
            const outcome = await createSweep({ db: fragile, clock, list: dying, account: null }).step();
            if (outcome.kind === "rest") break;
          } catch {
            wasted += 1;
          }
        }
        expect(await ours(db)).toEqual(events.map(({ id }) => id));
        expect(asked - wasted).toBeLessThanOrEqual(11 + 1);
        expect(await completeness(db.read, null, 0, FAR)).toMatchObject({ events: 950, present: 950, backfill: 1 });
      }),
      { numRuns: database.kind === "sqlite" ? 15 : 4 },
    );
  });

  it("backfills thirty days while windows go on, and says how far it is", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.008, flat: true, historyMs: 29 * DAY } });
    const step = createSweep({ db, clock: s.clock, list: s.list, account: null });
    expect(await step.step()).toMatchObject({ part: "window", ended: true });
    expect(await step.step()).toMatchObject({ part: "backfill", recovered: 100, ended: false });
    const early = await completeness(db.read, null, 0, FAR);
    expect(early.backfill).toBeGreaterThan(0);
    expect(early.backfill).toBeLessThan(0.5);
    expect(early.fromMs).toBeGreaterThan(TEST_START_MS - 25 * DAY);
    await s.sandbox.advance(5 * MINUTE);
    expect(await step.step()).toMatchObject({ part: "window" });
    await s.sweep();
    await expectWhole(db, s);
    const found = await completeness(db.read, null, 0, FAR);
    expect(found.backfill).toBe(1);
    // History from before our time is no gap.
    expect(await readGaps(db.read, 0, FAR, 1)).toEqual([]);
    expect(await s.sweep()).toEqual([{ kind: "rest" }]);
  });

  it("keeps connected accounts apart, each with a place of its own", async () => {
    const db = await database.open();
    const clock = virtualClock(TEST_START_MS);
    const event = (id: string, account: string | null) => ({ id, object: "event", type: "charge.failed", created: TEST_START_MS / 1000 - 100, livemode: false, data: { object: {} }, ...(account === null ? {} : { account }) });
    const list: ListEvents = async (query) => pageOf(query.account === null ? [event("evt_own", null)] : [event("evt_theirs", query.account)], query);
    for (const account of [null, "acct_1"]) await createSweep({ db, clock, list, account }).step();
    expect((await readAfter(db.read, 0, 9)).map(({ eventId, account }) => [eventId, account])).toEqual([["evt_own", null], ["evt_theirs", "acct_1"]]);
    expect(await completeness(db.read, "acct_1", 0, FAR)).toMatchObject({ account: "acct_1", events: 1 });
    expect(await completeness(db.read, null, 0, FAR)).toMatchObject({ account: null, events: 1 });
  });

  it("goes on by time when Stripe has forgotten the event it was at", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.008, flat: true, historyMs: 29 * DAY } });
    const one = createSweep({ db, clock: s.clock, list: s.list, account: null });
    await one.step();
    await one.step();
    const state = await bookmark<SweepState>(db.read, "sweep:");
    s.sandbox.state.db.prepare("delete from events where id = ?").run(state?.backfill.after ?? "");
    expect(await one.step()).toMatchObject({ kind: "failed", trouble: { code: "not_at_stripe" } });
    await s.sweep();
    expect(await ours(db)).toEqual(expect.arrayContaining(await s.listed()));
  });

  it("takes a webhook that comes after the sweep, in its endpoint's own API version, for the same event", async () => {
    const db = await database.open();
    const s = await scene(db, { webhooks: [{ url: "http://receiver.example/hook", secret: TEST_SECRET, apiVersion: OLD_VERSION }], traffic: { ratePerMinute: 1, flat: true } });
    s.sandbox.state.mischief.dead = true;
    await s.pass(10 * MINUTE);
    s.sandbox.state.mischief.dead = false;
    await s.pass(3 * HOUR);
    const outcomes = new Set((await readDeliveriesAfter(db.read, 0, 100_000)).map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(["accepted", "duplicate"]));
  });

  it("lets an event that Stripe's list does not show yet be, and takes one that only the list has", async () => {
    const db = await database.open();
    const s = await scene(db);
    await s.pass(10 * MINUTE);
    const head = readHead({ id: "evt_early", type: "charge.failed", created: s.sandbox.nowMs() / 1000 }, 0);
    if (head.kind === "head") await openAppend(db)([{ kind: "arrival", head: head.head, body: Buffer.from('{"id":"evt_early","type":"charge.failed"}'), receivedAt: 0, source: "webhook", endpoint: "main" }]);
    s.sandbox.state.mischief.dropEvery = 1;
    const { id } = await s.sandbox.stripe.customers.create({ email: "only@example.com" });
    await s.sandbox.deliver();
    s.sandbox.state.mischief.dropEvery = 0;
    await s.pass(10 * MINUTE);
    const stored = await readAfter(db.read, 0, 1000);
    expect(stored.find(({ objectId }) => objectId === id)).toMatchObject({ source: "sweep" });
    expect(stored.find(({ eventId }) => eventId === "evt_early")).toBeDefined();
  });
});

function pageOf(events: readonly { id: string; created: number }[], { createdGte, createdLte, startingAfter }: EventQuery): EventList {
  const inside = events.filter(({ created }) => created >= createdGte && created <= createdLte);
  const from = startingAfter === null ? 0 : inside.findIndex(({ id }) => id === startingAfter) + 1;
  return { events: inside.slice(from, from + 100), hasMore: inside.length > from + 100, serverTimeMs: null };
}

/** Every transaction fails just before its commit, as when the process is killed there. */
function dyingInWrite(db: Database): Database {
  const killed = new AppError("unavailable", "killed");
  if (db.kind === "postgres") {
    return {
      ...db,
      write: async (step) =>
        await db.write(async (tx) => {
          await step(tx);
          throw killed;
        }),
    };
  }
  return {
    ...db,
    writeBeside: async (step) =>
      await db.writeBeside(async (tx, connection) => {
        await step(tx, connection);
        throw killed;
      }),
  };
}
