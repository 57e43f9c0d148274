import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { migrations } from "../app/migrations.ts";
import { recordDeliveries } from "../ledger/index.ts";
import { foldDeliveries } from "../metrics/index.ts";
import { type Database, HOUR_MS, MINUTE_MS } from "../platform/index.ts";
import type { Slo } from "../slo/index.ts";
import { buildReport, publicVersion } from "./build.ts";
import { showReport, type ShownReport } from "./present.ts";
import { shopSources } from "./testing/shop.ts";

const DAY = Date.UTC(2026, 2, 3);
const NOW = Date.UTC(2026, 3, 1);
const ASKED = { from: "2026-03-03", to: "2026-03-03" };

async function section(db: Database, id: string, more: Parameters<typeof shopSources>[1] = {}): Promise<ShownReport["sections"][number]> {
  const found = showReport(await buildReport(shopSources(db, more), ASKED, NOW)).sections.find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
}

function figures({ figures: all }: ShownReport["sections"][number]): Record<string, unknown> {
  return Object.fromEntries(all.map(({ id, value }) => [id, value]));
}

async function plantAlert(db: Database, rule: string, alert: { opened: number; fired: number | null; acked?: number; resolved?: number; severity?: string; drill?: number; title?: string }): Promise<void> {
  await db.write(async (tx) => {
    await tx
      .insertInto("alert")
      .values({
        key: `${rule} ${alert.opened}`,
        rule,
        state: alert.resolved === undefined ? "firing" : "resolved",
        severity: alert.severity ?? "CRITICAL",
        opened_at: alert.opened,
        fired_at: alert.fired,
        recovering_at: null,
        resolved_at: alert.resolved ?? null,
        value: 1,
        summary: "what was seen",
        updated_at: alert.opened,
        subject: "payments",
        title: alert.title ?? "a title",
        details: "[]",
        todo: "[]",
        stake_currency: null,
        stake_minor: null,
        labels: "{}",
        evidence: null,
        started_at: null,
        acked_by: alert.acked === undefined ? null : "dana",
        acked_at: alert.acked ?? null,
        ack_note: null,
        drill: alert.drill ?? 0,
        resolution: null,
        feedback: null,
      })
      .execute();
  });
}

onBothDatabases("sections from other rooms", migrations, (database) => {
  it("alerts: those that fired in the period, how soon they were seen, taken on and over; no drill", async () => {
    const db = await database.open();
    expect((await section(db, "alerts")).nothing).toBe("No alert fired in this period.");
    const at = (minutes: number): number => DAY + minutes * MINUTE_MS;
    await plantAlert(db, "payment_errors", { opened: at(10), fired: at(12), acked: at(15), resolved: at(42) });
    await plantAlert(db, "payment_errors", { opened: at(100), fired: at(104), resolved: at(114), severity: "WARNING" });
    await plantAlert(db, "webhook_failures", { opened: at(200), fired: at(200) });
    await plantAlert(db, "payment_errors", { opened: at(300), fired: at(300), drill: 1, resolved: at(301) });
    await plantAlert(db, "payment_errors", { opened: at(-20), fired: at(-1), resolved: at(1) });
    await plantAlert(db, "payment_errors", { opened: at(1439), fired: at(1440), resolved: at(1441) });
    await plantAlert(db, "pending", { opened: at(400), fired: null });
    const found = await section(db, "alerts");
    expect(figures(found)).toEqual({
      fired: 3,
      critical: 2,
      open: 1,
      acknowledged: 1,
      time_to_detect: 2 * MINUTE_MS,
      time_to_acknowledge: 3 * MINUTE_MS,
      time_to_resolve: 10 * MINUTE_MS,
      longest_to_resolve: 30 * MINUTE_MS,
    });
    expect(found.tables[0]?.rows).toMatchObject([
      { rule: "payment_errors", fired: 2, critical: 1, open: 0 },
      { rule: "webhook_failures", fired: 1, critical: 1, open: 1, resolve: null },
    ]);
    expect(found.tables[1]?.rows.map(({ rule }) => rule)).toEqual(["webhook_failures", "payment_errors", "payment_errors"]);
  });

  it("tasks: by outcome, and what is kept of so long ago", async () => {
    const db = await database.open();
    expect((await section(db, "tasks")).nothing).toBe("No task ran in this period.");
    await db.write(async (tx) => {
      const run = (task: string, started: number, outcome: string, duration: number | null, missed = 0, late = 0) => ({ task, cause: "schedule" as const, attempt: 1, due_at: started, started_at: started, finished_at: started + (duration ?? 0), duration_ms: duration, outcome: outcome as "ok", late, missed, owner: "n", error: null, evidence: null });
      await tx
        .insertInto("task_run")
        .values([run("sweep", DAY, "ok", 100), run("sweep", DAY + 1, "ok", 301, 2, 1), run("sweep", DAY + 2, "failed", 50), run("retention", DAY + 3, "timed_out", 9000), run("retention", DAY + 4, "skipped", null), run("sweep", DAY - 1, "failed", 1), run("sweep", DAY + 24 * HOUR_MS, "failed", 1)])
        .execute();
    });
    const found = await section(db, "tasks", { taskRunsKeptMs: HOUR_MS * 12 });
    expect(figures(found)).toEqual({ ok_rate: 0.5, runs: 4, failed: 2, missed: 3 });
    expect(found.tables[0]?.rows).toMatchObject([
      { task: "retention", ok: 0, timed_out: 1, longest: 9000, mean: null },
      { task: "sweep", ok: 2, failed: 1, late: 1, mean: 201, longest: 301 },
    ]);
    expect(found.notes).toEqual([expect.stringContaining("earlier ones are not counted")]);
  });

  it("objectives: over the days of the period, each against what it was then, and now", async () => {
    const db = await database.open();
    expect((await section(db, "slo")).nothing).toBe("No service level objective is configured.");
    const slo: Slo = { name: "payment_success", indicator: "payment_success", objectivePpm: 990_000, windowDays: 28, limits: [], minBad: 1, exclude: [], only: null };
    expect((await section(db, "slo", { slos: [slo] })).nothing).toBe("No objective was measured on a day of this period.");
    await db.write(async (tx) => {
      const day = (start: number, good: number, total: number, ppm: number) => ({ slo: slo.name, start, end_at: start + 24 * HOUR_MS, objective_ppm: ppm, good, total, period_good: 0, period_total: 0, updated_at: start });
      await tx.insertInto("slo_day").values([day(DAY, 995, 1000, 980_000), day(DAY - 24 * HOUR_MS, 0, 1000, 990_000), day(DAY + 24 * HOUR_MS, 0, 1000, 990_000)]).execute();
    });
    const found = await section(db, "slo", { slos: [slo] });
    expect(figures(found)).toEqual({ attainment_payment_success: 0.995, budget_left_payment_success: 0.75 });
    expect(found.tables[0]?.rows).toMatchObject([{ good: 995, bad: 5, allowed: 20, attainment: 0.995, days: 1 }]);
    expect(found.tables[1]?.rows).toMatchObject([{ status: "no data", events: null, money: null }]);
  });

  it("deliveries: a forgery counts in no rate; changes: the trail is verified, and stands in no public version", async () => {
    const db = await database.open();
    const delivery = (outcome: "failed" | "rejected", times: number) => Array.from({ length: times }, () => ({ receivedAt: DAY + 5, endpoint: "default", outcome, status: 400, reason: "x", eventSeq: null, eventId: null, eventType: null }));
    await db.write(async (tx) => {
      await recordDeliveries(tx, [...delivery("failed", 3), ...delivery("rejected", 40)]);
      await recordAudit(tx, { at: DAY, actor: COMMAND_LINE, action: "key.create", subject: "k", requestId: null, outcome: "ok" });
      await recordAudit(tx, { at: DAY + 1, actor: COMMAND_LINE, action: "key.revoke", subject: "k", requestId: null, outcome: "refused" });
    });
    while ((await foldDeliveries(db, { timeZone: "UTC" }, 100, NOW)) > 0);
    expect(figures(await section(db, "deliveries"))).toEqual({ processed_rate: 0, received: 43, processed: 0, failed: 3, rejected: 40 });
    const changes = await section(db, "changes");
    expect(figures(changes)).toEqual({ chain: "intact, 2 entries", entries: 2, refused: 1, actors: 1, operations: 0 });
    const open = showReport(publicVersion(await buildReport(shopSources(db), ASKED, NOW)));
    expect(open.sections.map(({ id }) => id)).not.toContain("changes");
    expect(JSON.stringify(open)).not.toMatch(/command line|key\.create|"default"/);
  });

  it("notices: by channel with what became of each and how soon, no drill among them; alert drills beside", async () => {
    const db = await database.open();
    expect((await section(db, "notices")).nothing).toBe("No notice was sent and no alert drill was held in this period.");
    await db.write(async (tx) => {
      const notice = async (at: number, more: { drill?: number; reason?: string }, deliveries: readonly { channel: string; state: "sent" | "dead" | "merged" | "queued"; ms: number | null; failures?: number }[]): Promise<void> => {
        const { id } = await tx.insertInto("notice").values({ key: "k", route: "r", reason: more.reason ?? "first notification", status: "firing", severity: "CRITICAL", title: "t", drill: more.drill ?? 0, created_at: at, body: "{}" }).returning("id").executeTakeFirstOrThrow();
        for (const { channel, state, ms, failures } of deliveries) {
          const row = await tx.insertInto("outbox").values({ notice_id: id, channel, key: "k", state, queued_at: at, attempts: 1, settled_at: ms === null ? null : at + ms, error: null, merged_into: null }).returning("id").executeTakeFirstOrThrow();
          for (let left = failures ?? 0; left > 0; left -= 1) await tx.insertInto("notice_attempt").values({ outbox_id: row.id, channel, started_at: at, latency_ms: 5, outcome: "later", status: 500, reason: "x" }).execute();
        }
      };
      await notice(DAY, {}, [{ channel: "slack", state: "sent", ms: 100 }, { channel: "pager", state: "dead", ms: 9000, failures: 3 }]);
      await notice(DAY + 1, {}, [{ channel: "slack", state: "sent", ms: 300, failures: 1 }]);
      await notice(DAY + 2, {}, [{ channel: "slack", state: "sent", ms: 900 }, { channel: "pager", state: "queued", ms: null }]);
      await notice(DAY + 3, { drill: 1 }, [{ channel: "slack", state: "sent", ms: 1 }]);
      await notice(DAY + 4, { reason: "test" }, [{ channel: "slack", state: "sent", ms: 1 }]);
      await notice(DAY + 24 * HOUR_MS, {}, [{ channel: "slack", state: "dead", ms: 1 }]);
      const drill = (outcome: string, hops: readonly object[]) => ({ alert_id: 1, started_at: DAY + 7, asked_by: "dana", cause: "manual", finished_at: DAY + 9, outcome, body: JSON.stringify({ severity: "CRITICAL", acknowledge: false, hops }) });
      await tx.insertInto("notify_drill").values([drill("passed", [{ hop: "rule", ok: true, latencyMs: 50, words: "" }, { hop: "route", ok: true, latencyMs: 20, words: "" }, { hop: "channel slack", ok: true, latencyMs: 30, words: "" }, { hop: "channel pager", ok: true, latencyMs: 10, words: "" }]), drill("failed", [{ hop: "rule", ok: false, latencyMs: null, words: "did not see it" }])]).execute();
    });
    const found = await section(db, "notices");
    expect(figures(found)).toEqual({ notices: 3, sent: 3, dead: 1, delivered_rate: 0.75, median: 300, slow: 900, drills: 2, drills_failed: 1 });
    expect(found.tables[0]?.rows).toMatchObject([
      { channel: "pager", sent: 0, dead: 1, waiting: 1, failed_attempts: 3, median: null },
      { channel: "slack", sent: 3, dead: 0, failed_attempts: 1, median: 300, slow: 900 },
    ]);
    expect(found.tables[1]?.rows).toMatchObject([{ outcome: "failed", way: null, trouble: "rule: did not see it" }, { outcome: "passed", way: 100, trouble: null }]);
    expect(found.notes).toEqual(["1 deliveries were still waiting."]);
  });

  it("backups and restore drills: what was made, how long there was none, what a restore takes", async () => {
    const db = await database.open();
    expect((await section(db, "backup")).nothing).toContain("No backup was made");
    await db.write(async (tx) => {
      const backup = (at: number, outcome: "ok" | "failed", target = "directory /b") => ({ backup_id: outcome === "ok" ? `b${at}` : null, target, outcome, snapshot_at: at, finished_at: at + 1000, bytes: outcome === "ok" ? 3_000_000 : null, encrypted: 1, error: outcome === "ok" ? null : "the disk is full" });
      await tx.insertInto("backup").values([backup(DAY - 10 * HOUR_MS, "ok"), backup(DAY + 2 * HOUR_MS, "ok"), backup(DAY + 2 * HOUR_MS, "failed", "s3 b"), backup(DAY + 20 * HOUR_MS, "ok"), backup(DAY + 30 * HOUR_MS, "ok")]).execute();
      const drill = (at: number, outcome: "verified" | "failed", time: number | null) => ({ started_at: at, finished_at: at + 5, outcome, backup_id: "b", target: "directory /b", recovery_time_ms: time, recovery_point_ms: time === null ? null : 60_000, evidence: JSON.stringify([{ step: "find", result: "ok", text: "x", ms: 1 }, { step: "open", result: outcome === "failed" ? "failed" : "ok", text: "the key is wrong", ms: 1 }]) });
      await tx.insertInto("drill").values([drill(DAY + 3 * HOUR_MS, "verified", 4000), drill(DAY + 4 * HOUR_MS, "failed", null), drill(DAY - 1000, "verified", 1)]).execute();
    });
    const found = await section(db, "backup");
    expect(figures(found)).toEqual({ backups: 2, failed: 1, newest_age: 4 * HOUR_MS, longest_gap: 18 * HOUR_MS, drills_verified: 1, drills_failed: 1, drills_inconclusive: 0, recovery_time: 4000, recovery_point: 60_000 });
    expect(found.tables[0]?.rows).toMatchObject([{ place: "directory /b", made: 2, failed: 0, size: "2.9 MiB", encrypted: "yes" }, { place: "s3 b", made: 0, failed: 1, trouble: "the disk is full" }]);
    expect(found.tables[1]?.rows).toMatchObject([{ outcome: "failed", found: "find ok, open failed: the key is wrong" }, { outcome: "verified", recovery_time: 4000 }]);
    // Where backups lie, and what is wrong with them, is nobody's business outside.
    const open = JSON.stringify(showReport(publicVersion(await buildReport(shopSources(db), ASKED, NOW))));
    expect(open).not.toMatch(/directory|the key is wrong|disk is full/);
    expect(open).toContain("Backups made");
  });

  it("a section that cannot be read says so, claims nothing, and leaves the others whole", async () => {
    const db = await database.open();
    const seen: string[] = [];
    const broken = { id: "broken", title: "Broken", question: "?", read: () => Promise.reject(new Error("secret detail")) };
    const report = showReport(await buildReport(shopSources(db, { onError: (id) => void seen.push(id) }), ASKED, NOW, [broken]));
    expect(seen).toEqual(["broken"]);
    expect(report.sections).toMatchObject([{ id: "broken", state: "failed", figures: [] }]);
    expect(JSON.stringify(report)).not.toContain("secret detail");
  });
});
