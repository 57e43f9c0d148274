import type { KyselyPlugin } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { evaluate, type Transition } from "../alerts/index.ts";
import { completeness, createSweep, readGaps } from "../ingest/index.ts";
import { scene, type Scene, TEST_START_MS } from "../ingest/testing/scene.ts";
import { openAppend, readAfter, readHead } from "../ledger/index.ts";
import { foldDeliveries, rebuild } from "../metrics/index.ts";
import { AppError, type Database, type Tx } from "../platform/index.ts";
import { ruleOfCheck } from "./check-rules.ts";
import type { Config } from "./config.ts";
import { DERIVE, deriveEvents } from "./derive.ts";
import { migrations } from "./migrations.ts";
import { sweepChecks } from "./sweep.ts";

/**
 * What goes wrong between Stripe and us, one fault after the other. In each: afterwards the ledger holds Stripe's list
 * and what is derived is what deriving anew gives; the figure of completeness told the truth at every moment, also while
 * it was bad; and the alert that belongs to the fault fired and resolved, and no other.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAR = Number.MAX_SAFE_INTEGER;

interface Watch {
  /** Lets time pass as the service lives it: a sweep every five minutes, judged every `everyMs`, the figure held against Stripe's list. */
  pass(ms: number, everyMs?: number): Promise<void>;
  /** What was told, as `rule kind severity`, in order. */
  readonly told: string[];
}

/** Every number of the figure against Stripe's own list and the sources in the ledger. */
async function expectTruth(db: Database, s: Scene): Promise<void> {
  const figure = await completeness(db.read, null, 0, FAR);
  if (figure.untilMs === null || figure.fromMs === null) return;
  const here = new Map((await readAfter(db.read, 0, 100_000)).map((entry) => [entry.eventId, entry]));
  const listed = await s.listed(figure.untilMs);
  const missing = listed.filter((id) => !here.has(id));
  expect(missing).toEqual([]);
  const from = figure.fromMs;
  const counted = listed.filter((id) => (here.get(id)?.createdAt ?? 0) >= from);
  expect(figure.events).toBe(counted.length);
  expect(figure.recovered).toBe(counted.filter((id) => here.get(id)?.source === "sweep").length);
}

function watch(db: Database, s: Scene): Watch {
  const told: string[] = [];
  const config = { ingest: { sweep: true, accounts: [] } } as unknown as Config;
  const options = {
    scope: { live: false, timeZone: "UTC", mainCurrency: "usd", consumer: DERIVE },
    thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.9, revenueChangeDoD: -1, evidence: true },
    handed: sweepChecks({ db, config, clock: s.clock }).map(ruleOfCheck),
  };
  const note = ({ rule, kind, severity }: Transition): void => void (kind === "fired" || kind === "resolved" || kind === "worsened" ? told.push(`${rule} ${kind} ${severity}`) : undefined);
  return {
    told,
    pass: async (ms, everyMs = MINUTE) => {
      for (let at = 0; at < ms; at += everyMs) {
        await s.sandbox.advance(everyMs);
        await s.sweep();
        while ((await deriveEvents(db, "UTC", 1000, s.clock.now())) > 0);
        while ((await foldDeliveries(db, { timeZone: "UTC" }, 5000, s.clock.now())) > 0);
        for (const transition of (await evaluate(db, options, s.clock.now())).transitions) note(transition);
        if (at % Math.max(HOUR / 2, ms / 20) < everyMs) await expectTruth(db, s);
      }
    },
  };
}

async function expectWhole(db: Database, s: Scene, besides: readonly string[] = []): Promise<void> {
  await expectTruth(db, s);
  const figure = await completeness(db.read, null, 0, FAR);
  expect(figure.untilMs).toBeGreaterThan(s.clock.now() - 7 * MINUTE);
  const here = (await readAfter(db.read, 0, 100_000)).map(({ eventId }) => eventId).filter((id) => !besides.includes(id));
  const young = new Set(await s.listed());
  expect(here.filter((id) => !young.has(id))).toEqual([]);
  while ((await deriveEvents(db, "UTC", 1000, TEST_START_MS)) > 0);
  expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
}

async function setUp(db: Database, ratePerMinute = 0.5): Promise<{ s: Scene; w: Watch }> {
  const s = await scene(db, { traffic: { ratePerMinute, flat: true } });
  const w = watch(db, s);
  await w.pass(15 * MINUTE);
  return { s, w };
}

onBothDatabases("a fault", migrations, (database) => {
  it("endpoint dead for two days", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db, 0.1);
    s.sandbox.state.mischief.dead = true;
    await w.pass(2 * DAY, 30 * MINUTE);
    expect(w.told).toEqual(["check_sweep fired CRITICAL"]);
    expect(await readGaps(db.read, 0, FAR, 10)).toMatchObject([{ closedAt: null, cause: expect.stringContaining("nothing arrived") }]);
    s.sandbox.state.mischief.dead = false;
    await w.pass(4 * HOUR, 10 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toEqual(["check_sweep fired CRITICAL", "check_sweep resolved CRITICAL"]);
  });

  it("every tenth delivery dropped", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db, 2);
    s.sandbox.state.mischief.dropEvery = 10;
    await w.pass(HOUR);
    expect(w.told).toEqual(["check_sweep fired WARNING"]);
    s.sandbox.state.mischief.dropEvery = 0;
    await w.pass(30 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toEqual(["check_sweep fired WARNING", "check_sweep resolved WARNING"]);
  });

  it("duplicates, five of each, in random order", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db, 1);
    Object.assign(s.sandbox.state.mischief, { duplicates: 4, disorderMs: 45_000 });
    await w.pass(30 * MINUTE);
    Object.assign(s.sandbox.state.mischief, { duplicates: 0, disorderMs: 0 });
    await w.pass(10 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toEqual([]);
    expect(await completeness(db.read, null, 0, FAR)).toMatchObject({ recovered: 0 });
  });

  it("bursts within one second, lost, over several pages", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db);
    s.sandbox.state.mischief.dead = true;
    for (let at = 0; at < 230; at++) await s.sandbox.stripe.customers.create({ email: `c${at}@example.com` });
    await w.pass(15 * MINUTE);
    s.sandbox.state.mischief.dead = false;
    await w.pass(2 * HOUR, 5 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toEqual(["check_sweep fired CRITICAL", "check_sweep resolved CRITICAL"]);
  });

  it.each([500, 429])("events list with %i, for two hours, while deliveries are lost", async (status) => {
    const db = await database.open();
    const { s, w } = await setUp(db);
    const before = (await completeness(db.read, null, 0, FAR)).untilMs;
    s.sandbox.state.mischief.dropEvery = 3;
    await s.sandbox.control("/faults", { path: "/v1/events", times: 1000, effect: { kind: "error", status, ...(status === 429 ? { code: "rate_limit" } : {}) } });
    await w.pass(2 * HOUR, 5 * MINUTE);
    // Of what was not compared nothing is said.
    expect((await completeness(db.read, null, 0, FAR)).untilMs).toBe(before);
    expect(w.told).toEqual(["check_sweep fired WARNING", "check_sweep worsened CRITICAL"]);
    s.sandbox.state.faults.clear();
    s.sandbox.state.mischief.dropEvery = 0;
    await w.pass(HOUR, 5 * MINUTE);
    await expectWhole(db, s);
    expect((await completeness(db.read, null, 0, FAR)).recovered).toBeGreaterThan(0);
    expect(w.told).toEqual(["check_sweep fired WARNING", "check_sweep worsened CRITICAL", "check_sweep resolved CRITICAL"]);
  });

  it("an event that only the list has, and one that was only delivered", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db);
    s.sandbox.state.mischief.dropEvery = 1;
    await s.sandbox.stripe.customers.create({ email: "only@example.com" });
    await s.sandbox.deliver();
    s.sandbox.state.mischief.dropEvery = 0;
    const body = { id: "evt_unlisted", object: "event", type: "customer.updated", created: Math.floor(s.clock.now() / 1000), livemode: false, data: { object: { id: "cus_1", object: "customer" } } };
    const head = readHead(body, 0);
    if (head.kind === "malformed") throw new Error(head.reason);
    await openAppend(db)([{ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(body)), receivedAt: s.clock.now(), source: "webhook", endpoint: "main" }]);
    await w.pass(30 * MINUTE);
    await expectWhole(db, s, ["evt_unlisted"]);
    expect(await completeness(db.read, null, 0, FAR)).toMatchObject({ recovered: 1 });
    expect(await readGaps(db.read, 0, FAR, 5)).toMatchObject([{ events: 1, closedAt: expect.any(Number) }]);
    // One lost delivery, fetched within minutes while others come, is told of by the gap and wakes nobody; one more than
    // Stripe lists is kept, and counts nowhere.
    expect(w.told).toEqual([]);
  });

  it.each([10, -10])("our clock off by %i minutes", async (minutes) => {
    const db = await database.open();
    const { s, w } = await setUp(db);
    s.skew(minutes * MINUTE);
    await w.pass(HOUR);
    expect(w.told.toSorted()).toEqual(["check_clock fired CRITICAL", "check_sweep fired WARNING"]);
    s.skew(0);
    await w.pass(3 * HOUR, 5 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toContain("check_clock resolved CRITICAL");
    for (const rule of new Set(w.told.map((line) => line.split(" ")[0]))) {
      expect(w.told.filter((line) => line.startsWith(`${rule} fired`)).length).toBe(w.told.filter((line) => line.startsWith(`${rule} resolved`)).length);
    }
  });

  it("a crash between any two writes of the sweep", async () => {
    const db = await database.open();
    const { s, w } = await setUp(db, 0.2);
    s.sandbox.state.mischief.dead = true;
    let deaths = 0;
    for (let statement = 1; ; statement++) {
      for (let at = 0; at < 120; at++) await s.sandbox.stripe.customers.create({ email: `c${statement}-${at}@example.com` });
      await s.sandbox.advance(6 * MINUTE);
      const died = await sweepDying(db, s, statement);
      await expectTruth(db, s);
      await s.sweep();
      await expectTruth(db, s);
      if (!died) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(8);
    // A sweep that died was made up for by the next, so that what is told is the outage, once.
    await w.pass(10 * MINUTE);
    expect(w.told).toEqual(["check_sweep fired CRITICAL"]);
    s.sandbox.state.mischief.dead = false;
    await w.pass(HOUR, 5 * MINUTE);
    await expectWhole(db, s);
    expect(w.told).toEqual(["check_sweep fired CRITICAL", "check_sweep resolved CRITICAL"]);
  });
});

/** Sweeps until the given statement of its transactions, where the process dies. Answers whether it came to that. */
async function sweepDying(db: Database, s: Scene, statement: number): Promise<boolean> {
  let left = statement;
  const killed = new AppError("unavailable", "killed");
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      left -= 1;
      if (left === 0) throw killed;
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const dying = (tx: Tx): Tx => tx.withPlugin(plugin);
  const fragile: Database = db.kind === "sqlite" ? { ...db, writeBeside: (step) => db.writeBeside((tx, connection) => step(dying(tx), connection)) } : { ...db, write: (step) => db.write((tx) => step(dying(tx))) };
  const { step } = createSweep({ db: fragile, clock: s.clock, list: s.list, account: null });
  try {
    while ((await step()).kind === "page");
    return false;
  } catch (error) {
    expect(error).toBe(killed);
    return true;
  }
}
