import { expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { ledgerMigrations } from "../../ledger/index.ts";
import { metricsMigrations } from "../../metrics/index.ts";
import { notifyMigrations } from "../../notify/index.ts";
import { paymentsMigrations } from "../../payments/index.ts";
import { DAY_MS, type Database, HOUR_MS, MINUTE_MS, virtualClock } from "../../platform/index.ts";
import type { Transition } from "../apply.ts";
import { madeUpMinutes, type Moment, MONDAY } from "../detection/made-up-traffic.ts";
import type { MinuteBucket } from "../detection/index.ts";
import { alertMigrations } from "../migrations/index.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { listAlerts } from "../store.ts";
import { fillMinutes } from "../testing/minutes.ts";
import { readUsualDays, readUsualNow } from "../usual.ts";
import type { IngestFacts } from "./gate.ts";
import { createWatch } from "./watch.ts";

const MONDAY_MS = MONDAY * 1000;
/** Two weeks learnt and a day; Tuesday at noon. */
const LEARNT_DAYS = 15.5;
const TIMEOUT = { timeout: 240_000 };
const START = MONDAY_MS + LEARNT_DAYS * DAY_MS;
const SCOPE = { live: true, timeZone: "UTC", mainCurrency: "usd" };

interface Shop {
  readonly attemptsADay?: number;
  /** What happens after START, by minute since then. */
  readonly change?: (moment: Moment, minute: number) => void;
}

/** A shop with three weeks behind it, whose minutes close as its clock moves. */
async function shop(db: Database, { attemptsADay = 4000, change = () => undefined }: Shop = {}) {
  const minutes = madeUpMinutes({ attemptsADay, days: LEARNT_DAYS + 1 }, (moment, minute) => {
    if (minute >= LEARNT_DAYS * 1440) change(moment, minute - LEARNT_DAYS * 1440);
  });
  const past = minutes.filter(({ ts }) => ts * 1000 < START);
  const future = minutes.slice(past.length);
  // Deliveries are learnt from within a day; two weeks of them would only be slow.
  await fillMinutes(db, past.map((bucket, minute) => (past.length - minute > 2880 ? { ...bucket, webhook_ok: 0, webhook_failed: 0 } : bucket)));
  const clock = virtualClock(START + MINUTE_MS);
  const facts: { now: IngestFacts | null } = { now: null };
  const heard: Transition[] = [];
  const asked = { count: 0 };
  const node = (name: string) =>
    createWatch({
      db,
      clock,
      node: name,
      scope: SCOPE,
      feed: { live: true, foreignEndpoints: [] },
      settings: DEFAULT_SETTINGS,
      facts: async (nowMs) => facts.now ?? { lastDeliveryAt: nowMs, comparedUntil: nowMs, trouble: null },
      onTransition: (transition) => heard.push(transition),
      onHeld: () => {
        asked.count += 1;
      },
    });
  let watch = node("a");
  const steps = async (one = watch): Promise<void> => {
    while (await one.step());
  };
  /** Lets minutes pass; `late` ones are kept back and answered. */
  const pass = async (count: number, late = false): Promise<MinuteBucket[]> => {
    const kept: MinuteBucket[] = [];
    for (let minute = 0; minute < count; minute += 1) {
      const bucket = future.shift();
      if (bucket === undefined) throw new Error("the day is over");
      if (late) kept.push(bucket);
      else await fillMinutes(db, [bucket]);
      clock.advance(MINUTE_MS);
      await steps();
    }
    return kept;
  };
  await steps();
  return {
    clock,
    facts,
    asked,
    pass,
    steps,
    node,
    restart: async () => {
      watch = node("a");
      await steps();
    },
    watch: () => watch,
    told: () => heard.splice(0).map(({ rule, kind, severity }) => `${rule} ${kind} ${severity}`),
    alerts: async () => (await listAlerts(db.read, {}, 20, null)).alerts,
  };
}

const migrations = [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations, ...notifyMigrations, ...alertMigrations];

onBothDatabases("following the minutes", migrations, (database) => {
  it("says what is usual; tells of a dead checkout within minutes, with its evidence, through a restart, and of its end", TIMEOUT, async () => {
    const db = await database.open();
    const { pass, told, alerts, restart, watch, clock } = await shop(db, { change: (moment, minute) => (moment.rate *= minute >= 5 && minute < 40 ? 0 : 1) });
    expect(told()).toEqual([]);
    const usual = await readUsualNow(db.read, clock.now());
    expect(usual).toMatchObject({ learningDaysLeft: 0, open: [], gate: null, currencies: { all: "usd" } });
    const today = usual?.today["all"];
    expect(today?.takingsLow).toBeGreaterThan(0);
    expect(today?.takingsHigh).toBeGreaterThan(today?.takingsLow ?? Infinity);
    expect(usual?.payments?.tries).toBeGreaterThan(50);
    expect(usual?.outlook["all"]?.deadMinutes).toBeLessThan(60);
    const days = await readUsualDays(db.read, "all", clock.now());
    expect(days?.steps).toHaveLength(288);
    expect(days?.fromMs).toBe(START - 12 * HOUR_MS - DAY_MS);
    expect(await readUsualNow(db.read, clock.now() + 11 * MINUTE_MS)).toBeNull();
    await pass(20);
    expect(told()).toEqual(["silent_checkout fired CRITICAL"]);
    const [alert] = await alerts();
    expect(alert).toMatchObject({
      key: "adaptive:revenue_dip",
      rule: "silent_checkout",
      subject: "revenue",
      title: "No payments come in",
      labels: { kind: "silent_checkout", currency: "usd" },
      stake: { currency: "usd" },
      evidence: { measure: "attempts", seen: 0, of: null, scope: null, band: { stepMs: 120_000 } },
    });
    expect(alert?.summary).toMatch(/^No payment attempt in \d+ minutes: expected \d+-\d+, got 0\. About USD [\d.,]+ not taken so far\.$/);
    expect(Math.abs((alert?.startedAt ?? 0) - START - 5 * MINUTE_MS)).toBeLessThanOrEqual(3 * MINUTE_MS);
    expect(alert?.evidence?.probability).toBeLessThan(1e-4);
    await restart();
    await pass(5);
    expect(told()).toEqual([]);
    await pass(60);
    expect(told()).toEqual(["silent_checkout resolved CRITICAL"]);
    expect(await alerts()).toMatchObject([{ id: 1, state: "resolved", resolution: "recovered" }]);
    expect(watch().judgedUntil()).toBe(clock.now() - MINUTE_MS);
  });

  it("judges the past again when events come late, and tells nobody of what was no dip", TIMEOUT, async () => {
    const db = await database.open();
    const { pass, told, alerts, steps, clock } = await shop(db);
    const late = await pass(1, true);
    await fillMinutes(db, late);
    await pass(30);
    expect(told()).toEqual([]);
    const held = await pass(15, true);
    expect(told()).toEqual(["silent_checkout fired CRITICAL"]);
    await fillMinutes(db, held);
    await pass(15);
    expect(told()).toEqual(["silent_checkout resolved CRITICAL"]);
    // A rebuild sees the whole of it: nothing ever was.
    clock.advance(MINUTE_MS);
    await steps();
    expect(await alerts()).toHaveLength(1);
  });

  it("takes a dip during silence for a trouble of ours, and believes it when Stripe was asked", TIMEOUT, async () => {
    const db = await database.open();
    const { pass, told, facts, alerts, asked } = await shop(db, { change: (moment) => (moment.rate = 0) });
    const silent = { lastDeliveryAt: START - MINUTE_MS, comparedUntil: START - MINUTE_MS, trouble: "Stripe does not answer" };
    facts.now = silent;
    await pass(10);
    expect(told()).toEqual([]);
    await pass(10);
    expect(told()).toEqual(["ingest_silent fired CRITICAL"]);
    expect(asked.count).toBeGreaterThan(10);
    expect((await alerts())[0]).toMatchObject({ subject: "ingest", title: "We are not receiving data" });
    expect((await alerts())[0]?.summary).toContain("Stripe does not answer");
    facts.now = null;
    await pass(1);
    expect(told().sort()).toEqual(["ingest_silent resolved CRITICAL", "silent_checkout fired CRITICAL"]);
  });

  it("with two nodes exactly one judges, and the other goes on when it is gone", TIMEOUT, async () => {
    const db = await database.open();
    const { pass, told, node, clock, watch } = await shop(db, { change: (moment, minute) => (moment.rate *= minute >= 5 ? 0 : 1) });
    const other = node("b");
    expect(await other.step()).toBe(false);
    expect(other.judgedUntil()).toBeNull();
    await pass(20);
    expect(told()).toEqual(["silent_checkout fired CRITICAL"]);
    await watch().stop();
    while (await other.step());
    expect(other.judgedUntil()).toBe(clock.now() - MINUTE_MS);
    expect(told()).toEqual([]);
    expect(await watch().step()).toBe(false);
  });

  it("finds a failing processor, and says what it costs", TIMEOUT, async () => {
    const db = await database.open();
    const { pass, told, alerts } = await shop(db, { change: (moment) => (moment.decline = 0.6) });
    await pass(20);
    expect(told()).toEqual(["slice_failing fired CRITICAL"]);
    expect((await alerts())[0]).toMatchObject({ subject: "payments", title: "More declines by the banks than usual", labels: { cause: "customer" }, evidence: { measure: "failed" }, stake: { currency: "usd" } });
    expect((await alerts())[0]?.evidence?.of).toBeGreaterThan(10);
  });
});
