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
