import { sql } from "kysely";
import { expect, inject, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { ledgerMigrations, recordDeliveries } from "../ledger/index.ts";
import { foldMetrics, metricsMigrations } from "../metrics/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { foldPayments, paymentsMigrations } from "../payments/index.ts";
import { chargeObject, entry, failedCharge, NEW } from "../payments/testing/stories.ts";
import { DAY_MS, type Database, HOUR_MS, MINUTE_MS, openPostgres, openSqlite, virtualClock } from "../platform/index.ts";
import { evaluate, type EvaluateOptions } from "./evaluate.ts";
import type { Scope } from "./inputs.ts";
import { alertMigrations } from "./migrations/index.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { insertAlert, listAlerts, openAlerts } from "./store.ts";
import { toldPlainly } from "./testing/told.ts";

const NOON = Date.UTC(2025, 9, 20, 12);
/** Where the made-up events begin. */
const START = entry({ type: "charge.succeeded", second: 0, object: {} }, 1).createdAt;

const LIVE: Scope = { live: true, timeZone: "UTC", mainCurrency: "usd" };
const THRESHOLDS = { webhookFailures5m: 2, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true };

interface Charges {
  count: number;
  at: number;
  amount?: number;
  currency?: string;
  failed?: boolean;
  live?: boolean;
  account?: string | null;
}

/** A shop on this database: things happen at its clock's time, and are judged. */
function shop(db: Database) {
  const clock = virtualClock(NOON);
  let seq = 0;
  /** Charges, told and derived, one a second from a time on. */
  const charge = async ({ count, at, amount = 1000, currency = "usd", failed = false, live = true, account = null }: Charges): Promise<void> => {
    const entries = Array.from({ length: count }, (_, index) => {
      seq += 1;
      const createdAt = at + index * 1000;
      const options = { key: `k${seq}`, version: NEW, currency, amount, pace: 0, withIntent: false };
      const made = { created: createdAt / 1000 };
      const object = failed ? failedCharge(options, made) : chargeObject(options, made);
      return entry({ type: failed ? "charge.failed" : "charge.succeeded", second: (createdAt - START) / 1000, object }, seq, { live, account });
    });
    await db.write(async (tx) => {
      const { changes } = await foldPayments(tx, entries);
      await foldMetrics(tx, changes, { timeZone: "UTC" });
    });
  };
  const deliveries = async (count: number, outcome: "failed" | "rejected"): Promise<void> => {
    const one = { receivedAt: clock.now(), outcome, endpoint: "default", status: outcome === "failed" ? 503 : 400, reason: "for the test", eventSeq: null, eventId: null, eventType: null };
    await db.write((tx) => recordDeliveries(tx, Array.from({ length: count }, () => one)));
  };
  const judge = async (scope: Scope = LIVE, on: Database = db) => await evaluate(on, { scope, thresholds: THRESHOLDS }, clock.now());
  const kinds = async (on: Database = db) => (await judge(LIVE, on)).transitions.map((transition) => `${transition.rule} ${transition.kind}`);
  return { clock, charge, deliveries, judge, kinds };
}

/** The same data, opened anew, as after a restart. */
async function reopened(db: Database): Promise<Database> {
  const again = db.kind === "sqlite" ? openSqlite(db.file) : openPostgres(inject("postgresUrl"), { schema: await schemaOf(db) });
  onTestFinished(() => again.close());
  return again;
}

async function schemaOf(db: Database): Promise<string> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db.read);
  return rows[0]?.schema ?? "";
}

const history = async (db: Database) => (await listAlerts(db.read, {}, 100, null)).alerts;

onBothDatabases("evaluating the rules", [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations, ...notifyMigrations, ...alertMigrations], (database) => {
  it("keeps the alert of a rule that another room judges", async () => {
    const db = await database.open();
    let bad = true;
    const judge = async () => ({ value: 1, summary: "behind", verdict: bad ? ({ kind: "breach", severity: "WARNING" } as const) : ({ kind: "ok" } as const) });
    const handed = [{ name: "check_sweep", life: { pendingMs: MINUTE_MS, recoveryMs: MINUTE_MS }, judge }];
    const kinds = async (minute: number) => (await evaluate(db, { scope: LIVE, thresholds: THRESHOLDS, handed }, NOON + minute * MINUTE_MS)).transitions.map(({ rule, kind }) => `${rule} ${kind}`);
    expect(await kinds(0)).toEqual([]);
    expect(await kinds(1)).toEqual(["check_sweep fired"]);
    bad = false;
    expect(await kinds(2)).toEqual(["check_sweep recovering"]);
    expect(await kinds(3)).toEqual(["check_sweep resolved"]);
    expect(await openAlerts(db.read)).toEqual([]);
  });

  it("takes back what a rule told that is judged no more, or is switched off", async () => {
    const db = await database.open();
    const bad = { name: "check_sweep", life: { pendingMs: 0, recoveryMs: MINUTE_MS }, judge: async () => ({ value: 1, summary: "behind", verdict: { kind: "breach", severity: "WARNING" } as const }) };
    const told = async (minute: number, options: Partial<EvaluateOptions>) => (await evaluate(db, { scope: LIVE, thresholds: THRESHOLDS, ...options }, NOON + minute * MINUTE_MS)).transitions.map(({ rule, kind }) => `${rule} ${kind}`);
    expect(await told(0, { handed: [bad] })).toEqual(["check_sweep fired"]);
    expect(await told(1, {})).toEqual([]);
    expect(await told(2, { handed: [bad], settings: { ...DEFAULT_SETTINGS, off: new Set(["check_sweep"]) } })).toEqual(["check_sweep resolved"]);
    expect(await told(3, { handed: [bad] })).toEqual(["check_sweep fired"]);
    expect(await told(4, { handed: [] })).toEqual(["check_sweep resolved"]);
    expect(await history(db)).toMatchObject([{ resolution: "withdrawn" }, { resolution: "withdrawn" }]);
  });

  it("fires once, goes on in silence, recovers and is resolved, to the millisecond", async () => {
    const db = await database.open();
    const { clock, deliveries, judge, kinds } = shop(db);
    await deliveries(3, "failed");
    const first = await judge();
    expect(first.transitions).toEqual([{ rule: "webhook_failures", kind: "fired", severity: "CRITICAL", summary: "3 webhook deliveries failed in the last 5 minutes (more than 2 is critical)" }]);
    expect(first.record).toMatchObject({ webhook_failures_5m: 3, severity: { webhook: "CRITICAL", payments: "OK", revenue: "OK" }, mode: "live" });
    clock.set(NOON + 5 * MINUTE_MS - 1);
    expect(await kinds()).toEqual([]);
    clock.set(NOON + 5 * MINUTE_MS);
    expect(await kinds()).toEqual(["webhook_failures recovering"]);
    clock.set(NOON + 7 * MINUTE_MS - 1);
    expect(await kinds()).toEqual([]);
    clock.set(NOON + 7 * MINUTE_MS);
    expect(await kinds()).toEqual(["webhook_failures resolved"]);
    expect(await history(db)).toMatchObject([
      {
        id: 1,
        key: "webhook_failures",
        rule: "webhook_failures",
        state: "resolved",
        severity: "CRITICAL",
        openedAt: NOON,
        firedAt: NOON,
        recoveringAt: NOON + 5 * MINUTE_MS,
        resolvedAt: NOON + 7 * MINUTE_MS,
        resolution: "recovered",
        value: 3,
        summary: first.transitions[0]?.summary,
        subject: "webhooks",
        title: "Webhook deliveries fail",
        labels: { kind: "threshold", rule: "webhook_failures", severity: "CRITICAL", subject: "webhooks" },
        evidence: { measure: "webhooks_failed", seen: 3, of: null, threshold: 2, untilMs: NOON + 5 * MINUTE_MS },
        acknowledged: null,
        health: "ok",
        drill: false,
      },
    ]);
  });

  it("stays one alert when it comes back before it was over, and is another one afterwards", async () => {
    const db = await database.open();
    const { clock, deliveries, kinds } = shop(db);
    await deliveries(3, "failed");
    expect(await kinds()).toEqual(["webhook_failures fired"]);
    clock.set(NOON + 5 * MINUTE_MS);
    expect(await kinds()).toEqual(["webhook_failures recovering"]);
    clock.set(NOON + 6 * MINUTE_MS);
    await deliveries(4, "failed");
    expect(await kinds()).toEqual(["webhook_failures relapsed"]);
    expect(await history(db)).toMatchObject([{ id: 1, state: "firing", firedAt: NOON, recoveringAt: null, value: 4 }]);
    clock.set(NOON + 11 * MINUTE_MS);
    expect(await kinds()).toEqual(["webhook_failures recovering"]);
    // The time it was well before does not count.
    clock.set(NOON + 12 * MINUTE_MS);
    expect(await kinds()).toEqual([]);
    clock.set(NOON + 13 * MINUTE_MS);
    expect(await kinds()).toEqual(["webhook_failures resolved"]);
    await deliveries(3, "failed");
    expect(await kinds()).toEqual(["webhook_failures fired"]);
    expect(await history(db)).toMatchObject([{ state: "firing" }, { id: 1, state: "resolved" }]);
  });

  it("is the same incident to a service that was started anew, and to a command beside it", async () => {
    const db = await database.open();
    const { clock, deliveries, kinds } = shop(db);
    await deliveries(3, "failed");
    expect(await kinds()).toEqual(["webhook_failures fired"]);
    clock.advance(MINUTE_MS);
    expect(await kinds(await reopened(db))).toEqual([]);
    clock.set(NOON + 5 * MINUTE_MS);
    expect(await kinds(await reopened(db))).toEqual(["webhook_failures recovering"]);
    clock.set(NOON + 7 * MINUTE_MS);
    expect(await kinds(await reopened(db))).toEqual(["webhook_failures resolved"]);
    expect(await history(db)).toHaveLength(1);
  });

  it("of two evaluations at once one opens the alert, and one tells of it", async () => {
    const db = await database.open();
    const { deliveries, judge } = shop(db);
    await deliveries(3, "failed");
    // Two writers of one SQLite file live in two threads, never in one, where the waiting one would hold up the other.
    const other = db.kind === "sqlite" ? db : await reopened(db);
    const evaluations = await Promise.all([judge(), judge(LIVE, other), judge(), judge(LIVE, other)]);
    expect(evaluations.flatMap((evaluation) => evaluation.transitions.map((transition) => transition.kind))).toEqual(["fired"]);
    expect(await openAlerts(db.read)).toHaveLength(1);
  });

  it("has a database that takes no second open alert of a rule, whoever asks", async () => {
    const db = await database.open();
    const firing = { state: "firing", openedAt: NOON, firedAt: NOON, recoveringAt: null } as const;
    const open = (rule: string) => db.write((tx) => insertAlert(tx, { key: rule, rule }, firing, toldPlainly({}), NOON));
    await open("revenue_dip");
    await open("payment_errors");
    await expect(open("revenue_dip")).rejects.toThrow(/unique/i);
    expect(await openAlerts(db.read)).toHaveLength(2);
  });

  it("writes nothing when all is well", async () => {
    const db = await database.open();
    const { clock, charge, deliveries, judge } = shop(db);
    const readOnly = { ...db, write: () => Promise.reject(new Error("wrote")) } as unknown as Database;
    expect((await judge(LIVE, readOnly)).transitions).toEqual([]);
    await charge({ count: 30, at: NOON - HOUR_MS + 1000 });
    await deliveries(2, "failed");
    expect((await judge(LIVE, readOnly)).record).toMatchObject({ webhook_failures_5m: 2, payments_attempted_1h: 30, payment_error_rate_1h: 0 });
    await deliveries(1, "failed");
    await expect(judge(LIVE, readOnly)).rejects.toThrow("wrote");
    await judge();
    for (const minute of [5, 7]) {
      clock.set(NOON + minute * MINUTE_MS);
      await judge();
    }
    expect((await judge(LIVE, readOnly)).transitions).toEqual([]);
  });

  it("takes a forged delivery for no failure, and a few failed payments for bad luck", async () => {
    const db = await database.open();
    const { charge, deliveries, judge } = shop(db);
    await deliveries(500, "rejected");
    await charge({ count: 10, at: NOON - 10 * MINUTE_MS });
    await charge({ count: 1, at: NOON - 5 * MINUTE_MS, failed: true });
    const { record, transitions } = await judge();
    expect(transitions).toEqual([]);
    expect(record).toMatchObject({ webhook_failures_5m: 0, webhook_rejected_5m: 500, payments_failed_1h: 1, verdict: { webhook: "ok", payments: "not_proven" } });
    expect(await history(db)).toEqual([]);
  });

  it("does not take an hour without any payment for a recovery, but payments that succeed", async () => {
    const db = await database.open();
    const { clock, charge, kinds, judge } = shop(db);
    await charge({ count: 20, at: NOON - 20 * MINUTE_MS, failed: true });
    expect(await kinds()).toEqual(["payment_errors fired"]);
    clock.set(NOON + 2 * HOUR_MS);
    expect((await judge()).record.verdict.payments).toBe("no_data");
    expect(await openAlerts(db.read)).toMatchObject([{ state: "firing", value: 1 }]);
    await charge({ count: 20, at: clock.now() - MINUTE_MS });
    expect(await kinds()).toEqual(["payment_errors recovering"]);
    clock.advance(5 * MINUTE_MS);
    expect(await kinds()).toEqual(["payment_errors resolved"]);
  });

  it("judges one mode by itself, and the account without those connected to it", async () => {
    const db = await database.open();
    const { charge, judge } = shop(db);
    await charge({ count: 20, at: NOON - 20 * MINUTE_MS, failed: true, live: false });
    await charge({ count: 20, at: NOON - 20 * MINUTE_MS, failed: true, account: "acct_1" });
    await charge({ count: 20, at: NOON - 20 * MINUTE_MS });
    const live = await judge();
    expect(live.transitions).toEqual([]);
    expect(live.record).toMatchObject({ mode: "live", payments_attempted_1h: 20, payments_failed_1h: 0 });
    const test = await judge({ ...LIVE, live: false });
    expect(test.transitions).toMatchObject([{ rule: "payment_errors", kind: "fired" }]);
    expect(test.record).toMatchObject({ mode: "test", payments_attempted_1h: 20, payments_failed_1h: 20 });
  });

  it("does not let one currency make up for another", async () => {
    const db = await database.open();
    const { charge, judge } = shop(db);
    // In sum as much as yesterday, had anyone added dollars and yen.
    for (const [currency, yesterday, today] of [["usd", 60, 10], ["jpy", 60, 110]] as const) {
      await charge({ currency, count: yesterday, at: NOON - DAY_MS - 2 * HOUR_MS });
      await charge({ currency, count: today, at: NOON - 2 * HOUR_MS });
    }
    const { record, transitions } = await judge({ ...LIVE, mainCurrency: "jpy" });
    expect(transitions).toMatchObject([{ rule: "revenue_dip", kind: "fired", severity: "WARNING", summary: "revenue in USD so far today is 83.3 % below the same part of yesterday (10 payments against 60)" }]);
    expect(record).toMatchObject({
      // The literal number is the main currency's.
      revenue_change_DoD: 0.8333,
      revenue: [
        { currency: "jpy", today_minor: 110_000, yesterday_minor: 60_000, payments_today: 110, payments_yesterday: 60 },
        { currency: "usd", today_minor: 10_000, yesterday_minor: 60_000, payments_today: 10, payments_yesterday: 60 },
      ],
    });
  });

  it("compares equal parts of two days, and takes a new day for the end of a bad one", async () => {
    const db = await database.open();
    const { clock, charge, kinds, judge } = shop(db);
    await charge({ count: 60, at: NOON - DAY_MS - 2 * HOUR_MS });
    // Later than now, yesterday: not yet to be compared with.
    await charge({ count: 60, at: NOON - DAY_MS + MINUTE_MS });
    await charge({ count: 50, at: NOON - 2 * HOUR_MS });
    expect((await judge()).record).toMatchObject({ revenue: [{ today_minor: 50_000, yesterday_minor: 60_000 }], verdict: { revenue: "ok" } });
    clock.set(NOON + HOUR_MS);
    expect(await kinds()).toEqual(["revenue_dip fired"]);
    clock.set(NOON + 12 * HOUR_MS);
    expect(await kinds()).toEqual(["revenue_dip recovering"]);
    clock.advance(15 * MINUTE_MS);
    expect(await kinds()).toEqual(["revenue_dip resolved"]);
  });
});
