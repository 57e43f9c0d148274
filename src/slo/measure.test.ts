import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { onBothDatabases } from "../../test/databases.ts";
import { migrations } from "../app/migrations.ts";
import { loadConfig } from "../app/config.ts";
import { measuredSlos, sloMoneyText, sloRules } from "../app/slo.ts";
import { deriveEvents } from "../app/derive.ts";
import { openAppend, recordDeliveries } from "../ledger/index.ts";
import { foldDeliveries } from "../metrics/index.ts";
import { DAY_MS, type Database, HOUR_MS, MINUTE_MS, virtualClock } from "../platform/index.ts";
import { addCounts, recordLife, retainSloCounts, sumCounts } from "./count.ts";
import { exportOpenSlo, exportPrometheus } from "./export.ts";
import { measureSlos, standingOf } from "./measure.ts";
import { showSlo } from "./present.ts";
import { readDays, readStandings } from "./store.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const config = loadConfig({ STRIPE_SECRET_KEY: "sk_test_0123456789", STRIPE_WEBHOOK_SECRET: "whsec_0123456789" }, { cwd: "/nonexistent" });

function charge(id: number, atMs: number, outcome: "succeeded" | "failed", cause: "issuer_declined" | "invalid" = "issuer_declined"): object {
  const created = Math.floor(atMs / 1000);
  const failed = outcome === "failed";
  return {
    id: `evt_slo${id}`,
    object: "event",
    created,
    livemode: false,
    type: `charge.${outcome}`,
    api_version: "2026-10-28.endive",
    data: {
      object: {
        id: `ch_slo${id}`,
        object: "charge",
        amount: 1000,
        amount_captured: failed ? 0 : 1000,
        amount_refunded: 0,
        captured: !failed,
        created,
        currency: "usd",
        livemode: false,
        paid: !failed,
        refunded: false,
        status: outcome,
        failure_code: failed ? "processing_error" : null,
        outcome: failed ? { type: cause, network_status: "not_sent_to_network", reason: null } : { type: "authorized", network_status: "approved_by_network" },
        payment_method_details: { type: "card", card: { brand: "visa", country: "US", last4: "4242" } },
      },
    },
  };
}

/** Events that came by webhook at a time, not derived from yet. */
async function arrive(db: Database, events: readonly object[], receivedAt: number, source: "webhook" | "sweep" | "import" | "tail" = "webhook"): Promise<void> {
  const append = openAppend(db);
  await append(
    events.map((event) => {
      const { id, type, created } = event as { id: string; type: string; created: number };
      const head = { eventId: id, type, createdAt: created * 1000, live: false, account: null, apiVersion: "2026-10-28.endive", objectId: null, thin: false, snapshotEvent: null };
      return { kind: "arrival", head, body: Buffer.from(JSON.stringify(event)), receivedAt, source, endpoint: source === "webhook" ? "main" : "" } as const;
    }),
  );
}

async function derive(db: Database, nowMs: number): Promise<void> {
  while ((await deriveEvents(db, "UTC", 1000, nowMs)) > 0);
  while ((await foldDeliveries(db, { timeZone: "UTC" }, 1000, nowMs)) > 0);
}

const one = (name: string, nowMs: number) => {
  const found = measuredSlos(config, virtualClock(nowMs)).find(({ slo }) => slo.name === name);
  if (found === undefined) throw new Error(`no objective ${name}`);
  return found;
};

onBothDatabases("objectives", migrations, (database) => {
  it("count deliveries that were processed late, refused by our fault, or still wait", async () => {
    const db = await database.open();
    const events = Array.from({ length: 10 }, (_, index) => charge(index, NOON, "succeeded"));
    await arrive(db, events.slice(0, 6), NOON);
    await derive(db, NOON + 2000);
    await arrive(db, events.slice(6, 8), NOON + MINUTE_MS);
    // Two minutes after they came: late. A retry of what is derived counts nothing twice.
    await derive(db, NOON + 3 * MINUTE_MS);
    const refused = { receivedAt: NOON + 3 * MINUTE_MS, outcome: "failed", endpoint: "main", status: 503, reason: "away", eventSeq: null, eventId: null, eventType: null } as const;
    await db.write((tx) => recordDeliveries(tx, [refused, { ...refused, endpoint: "import" }, { ...refused, outcome: "rejected", status: 400 }]));
    await derive(db, NOON + 3 * MINUTE_MS);
    await arrive(db, events.slice(8), NOON + 4 * MINUTE_MS);
    const at = NOON + 4 * MINUTE_MS + 30_000;
    expect((await standingOf(db.read, one("webhook_processed", at), at)).period).toEqual({ good: 6, total: 9 });
    // A minute later the two that nobody has derived from are late too, though nothing has counted them.
    const later = at + 2 * MINUTE_MS;
    expect((await standingOf(db.read, one("webhook_processed", later), later)).period).toEqual({ good: 6, total: 11 });
  });

  const DAYS_AGO = NOON - 20 * DAY_MS;

  it("do not burn for history: what is imported or fetched is not live, and waiting behind it is no lateness", async () => {
    const db = await database.open();
    const old = (from: number) => Array.from({ length: 40 }, (_, index) => charge(from + index, DAYS_AGO, index % 3 === 0 ? "failed" : "succeeded"));
    for (const [index, source] of (["import", "tail", "sweep"] as const).entries()) await arrive(db, old(1000 * index), source === "sweep" ? NOON : DAYS_AGO, source);
    // What files tell of deliveries to another application, refused ones among them.
    const told = { receivedAt: NOON + 1000, outcome: "failed", status: 500, reason: "the file says so", eventSeq: null, eventId: null, eventType: null } as const;
    await db.write((tx) => recordDeliveries(tx, ["import", "tail"].flatMap((endpoint) => Array.from({ length: 10 }, () => ({ ...told, endpoint })))));
    await arrive(db, Array.from({ length: 8 }, (_, index) => charge(9000 + index, NOON, "succeeded")), NOON + 2000);
    // Deriving from it takes five minutes, in which a delivery waits; it is counted when its turn comes.
    for (let step = 0; step < 12; step += 1) await deriveEvents(db, "UTC", 10, NOON + step * 25_000);
    const behind = NOON + 11 * 25_000 + 10_000;
    expect((await standingOf(db.read, one("webhook_processed", behind), behind)).period).toEqual({ good: 0, total: 0 });
    await derive(db, NOON + 5 * MINUTE_MS);
    const at = NOON + 5 * MINUTE_MS + 1000;
    expect((await standingOf(db.read, one("webhook_processed", at), at)).period).toEqual({ good: 8, total: 8 });
    const clock = virtualClock(at);
    while (await measureSlos(db, { measured: measuredSlos(config, clock), timeZone: "UTC" }, at));
    const verdicts = await Promise.all(sloRules(config, db).map(async ({ name, judge }) => [name, (await judge(at)).verdict.kind]));
    expect(verdicts.filter(([, kind]) => kind === "breach")).toEqual([]);
  });

  it("burn for a real failure in the middle of a backfill: refused, set aside, or a derivation that stands still", async () => {
    const db = await database.open();
    await arrive(db, Array.from({ length: 40 }, (_, index) => charge(index, DAYS_AGO, "succeeded")), NOON, "sweep");
    await arrive(db, Array.from({ length: 12 }, (_, index) => charge(500 + index, NOON, "succeeded")), NOON + 1000);
    const refused = { receivedAt: NOON + 2000, outcome: "failed", endpoint: "main", status: 503, reason: "away", eventSeq: null, eventId: null, eventType: null } as const;
    await db.write((tx) => recordDeliveries(tx, Array.from({ length: 6 }, () => refused)));
    await deriveEvents(db, "UTC", 20, NOON + 3000);
    while ((await foldDeliveries(db, { timeZone: "UTC" }, 1000, NOON + 3000)) > 0);
    const burns = async (at: number) => {
      while (await measureSlos(db, { measured: measuredSlos(config, virtualClock(at)), timeZone: "UTC" }, at));
      return await sloRules(config, db).find(({ name }) => name === "slo_webhook_processed_page")?.judge(at);
    };
    expect(await burns(NOON + 4000)).toMatchObject({ verdict: { kind: "breach", severity: "CRITICAL" }, summary: expect.stringContaining("6 of 6 ") });
    // Nothing of the history is derived from for a minute more than the limit: then all that waits is late.
    expect(await burns(NOON + 3000 + 2 * MINUTE_MS)).toMatchObject({ verdict: { kind: "breach" }, summary: expect.stringContaining("18 of 18 ") });
    await derive(db, NOON + 3000 + 4 * MINUTE_MS);
    expect((await standingOf(db.read, one("webhook_processed", NOON), NOON + 8 * MINUTE_MS)).period).toEqual({ good: 0, total: 18 });
  });

  it("count payments without the causes that are nobody's fault, in events and in money", async () => {
    const db = await database.open();
    const events = [...Array.from({ length: 18 }, (_, index) => charge(index, NOON, "succeeded")), ...Array.from({ length: 5 }, (_, index) => charge(100 + index, NOON, "failed")), charge(200, NOON, "failed", "invalid"), charge(201, NOON, "failed", "invalid")];
    await arrive(db, events, NOON);
    await derive(db, NOON + 1000);
    const standing = await standingOf(db.read, one("payment_success", NOON), NOON + 10_000);
    expect(standing.period).toEqual({ good: 18, total: 20 });
    expect(standing.money).toEqual([{ currency: "usd", allowed: 200, spent: 2000, left: -1800 }]);
    const { slo } = one("payment_success", NOON);
    expect(showSlo(slo, standing, sloMoneyText)).toMatchObject({ status: "missed", attainment: 0.9, budget: { allowed_events: 0.2, spent_events: 2, left: -9, money: [{ spent: { text: "$20.00" } }] } });
    // Two bad ones burn ten times too fast and wake nobody.
    expect(showSlo(slo, standing, sloMoneyText).burn[1]).toMatchObject({ severity: "page", limit: 6, state: "held", long: { burn: 10 } });
  });

  it("become alerts when measured, which know when they know nothing", async () => {
    const db = await database.open();
    const clock = virtualClock(NOON + 20_000);
    await arrive(db, [...Array.from({ length: 20 }, (_, index) => charge(index, NOON, "succeeded")), ...Array.from({ length: 6 }, (_, index) => charge(100 + index, NOON, "failed", "invalid"))], NOON);
    await derive(db, NOON + 1000);
    const rule = (name: string) => {
      const found = sloRules(config, db).find((one) => one.name === name);
      if (found === undefined) throw new Error(`no rule ${name}`);
      return found;
    };
    expect((await rule("slo_payment_success_page").judge(clock.now())).verdict.kind).toBe("no_data");
    while (await measureSlos(db, { measured: measuredSlos(config, clock), timeZone: "UTC" }, clock.now()));
    expect(await rule("slo_payment_success_page").judge(clock.now())).toMatchObject({ verdict: { kind: "breach", severity: "CRITICAL" }, value: 23.077, summary: expect.stringContaining("6 of 26 failed in the last 1 h") });
    expect(await rule("slo_payment_success_ticket").judge(clock.now())).toMatchObject({ verdict: { kind: "breach", severity: "WARNING" } });
    expect((await rule("slo_webhook_processed_page").judge(clock.now())).verdict.kind).toBe("ok");
    expect((await rule("slo_event_completeness_page").judge(clock.now())).verdict.kind).toBe("no_data");
    expect((await rule("slo_payment_success_page").judge(clock.now() + 6 * MINUTE_MS)).verdict.kind).toBe("no_data");
  });

  it("keep the attainment of each day, correct the last days and leave the others", async () => {
    const db = await database.open();
    const tally = (daysAgo: number, good: number, bad: number) => ({ atMs: NOON - daysAgo * DAY_MS, good, bad });
    await db.write((tx) => addCounts(tx, "api", [tally(10, 90, 10), tally(1, 50, 0), tally(0, 10, 0)]));
    const clock = virtualClock(NOON + 1000);
    const measure = async () => {
      let steps = 1;
      while (await measureSlos(db, { measured: measuredSlos(config, clock), timeZone: "UTC" }, clock.now())) steps += 1;
      return steps;
    };
    expect(await measure()).toBeGreaterThan(5);
    const days = await readDays(db.read, "api_availability", NOON - 40 * DAY_MS, NOON + DAY_MS);
    expect(days).toHaveLength(31);
    const of = (daysAgo: number, all = days) => all.find(({ startMs }) => startMs === Date.UTC(2026, 9, 20 - daysAgo));
    expect(of(10)).toMatchObject({ day: { good: 90, total: 100 }, period: { good: 90, total: 100 }, objectivePpm: 995_000 });
    expect(of(1)).toMatchObject({ day: { good: 50, total: 50 }, period: { good: 140, total: 150 } });
    expect(of(0)).toMatchObject({ day: { good: 10, total: 10 }, period: { good: 150, total: 160 } });
    await db.write((tx) => addCounts(tx, "api", [tally(10, 0, 5), tally(1, 0, 5)]));
    clock.advance(2 * HOUR_MS);
    expect(await measure()).toBe(1);
    const after = await readDays(db.read, "api_availability", NOON - 40 * DAY_MS, NOON + DAY_MS);
    expect([of(10, after)?.day.total, of(1, after)?.day.total, after.length]).toEqual([100, 55, 31]);
    // An objective that is no longer configured leaves its days and no standing.
    const fewer = measuredSlos(config, clock).filter(({ slo }) => slo.name !== "api_availability");
    await measureSlos(db, { measured: fewer, timeZone: "UTC" }, clock.now());
    expect([...(await readStandings(db.read)).keys()].sort()).toEqual(["event_completeness", "payment_success", "webhook_processed"]);
    expect(await readDays(db.read, "api_availability", NOON - 40 * DAY_MS, NOON + DAY_MS)).toHaveLength(31);
  });

  it("take the time in which no sign of life came for failure", async () => {
    const db = await database.open();
    const life = (atMs: number, answered = 0, failed = 0) => db.write((tx) => recordLife(tx, db.dialect.lock, { answered, failed }, 5000, atMs));
    await life(NOON, 3, 1);
    await life(NOON + 5000);
    // A restart of a minute is no outage that could be told from it; ten minutes are.
    await life(NOON + MINUTE_MS + 30_000);
    expect(await sumCounts(db.read, "api", NOON, NOON + HOUR_MS)).toEqual({ good: 5, total: 6 });
    await life(NOON + 11 * MINUTE_MS);
    expect(await sumCounts(db.read, "api", NOON, NOON + HOUR_MS)).toEqual({ good: 6, total: 7 + 9 * 12 });
    // The hour bucket says the same, and minutes are let go before it.
    expect(await sumCounts(db.read, "api", NOON - 5 * HOUR_MS, NOON + 5 * HOUR_MS)).toEqual({ good: 6, total: 115 });
    while ((await db.write((tx) => retainSloCounts(tx, NOON + 20 * DAY_MS, 10))) > 0);
    expect(await sumCounts(db.read, "api", NOON - 5 * HOUR_MS, NOON + 5 * HOUR_MS)).toEqual({ good: 6, total: 115 });
    while ((await db.write((tx) => retainSloCounts(tx, NOON + 200 * DAY_MS, 10))) > 0);
    expect(await sumCounts(db.read, "api", NOON - 5 * HOUR_MS, NOON + 5 * HOUR_MS)).toEqual({ good: 0, total: 0 });
  });
});

it("exports OpenSLO documents that name each other, and Prometheus rules without the impossible", () => {
  const documents = parseAllDocuments(exportOpenSlo(config.slo.slos, "http://127.0.0.1:5000/metrics")).map((document) => document.toJS() as { kind: string; apiVersion: string; metadata: { name: string }; spec: Record<string, unknown> });
  expect(documents.every(({ apiVersion, metadata }) => apiVersion === "openslo/v1" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(metadata.name))).toBe(true);
  const named = (kind: string) => documents.filter((document) => document.kind === kind).map(({ metadata }) => metadata.name);
  expect(named("SLO")).toEqual(["webhook-processed", "event-completeness", "payment-success", "api-availability"]);
  const refs = documents.filter(({ kind }) => kind === "SLO").flatMap(({ spec }) => (spec["alertPolicies"] as { alertPolicyRef: string }[]).map((one) => one.alertPolicyRef));
  expect(new Set(named("AlertPolicy"))).toEqual(new Set(refs));
  const slo = documents.find(({ metadata }) => metadata.name === "payment-success");
  expect(slo?.spec).toMatchObject({ service: "tillwatch", budgetingMethod: "Occurrences", timeWindow: [{ duration: "30d", isRolling: true }], objectives: [{ target: 0.99 }], indicator: { spec: { ratioMetric: { counter: false, good: { metricSource: { type: "Prometheus" } } } } } });
  const policy = documents.find(({ kind }) => kind === "AlertPolicy");
  expect(policy?.spec["conditions"]).toMatchObject([{ kind: "AlertCondition", spec: { severity: "page", condition: { kind: "burnrate", threshold: 14.4, lookbackWindow: "1h", alertAfter: "5m" } } }]);
  const lax = { ...(config.slo.slos[2] ?? config.slo.slos[0]), objectivePpm: 900_000 } as (typeof config.slo.slos)[number];
  expect(exportPrometheus([lax])).not.toContain("14.4");
  expect(exportPrometheus(config.slo.slos)).toContain('tillwatch_slo_burn_rate{slo="payment_success",window="1h"} >= 14.4');
});
