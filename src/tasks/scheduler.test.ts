import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { taskMigrations } from "./migrations/index.ts";
import { readTaskStatuses } from "./status.ts";
import { readRuns, retainTaskRuns } from "./store.ts";
import { heldTask, nodesOn, quickTask } from "./testing/nodes.ts";

const MINUTE = 60_000;

onBothDatabases("scheduler", taskMigrations, (database) => {
  it("runs an interval at once, then at its times, and logs it as the older system did", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = quickTask({ name: "production_alerts", alsoLogAs: "alerts_run", run: async () => ({ webhook_failures: 0, payment_error_rate: 0 }) });
    const one = node("one", [task]);
    await one.start();
    expect(await one.runDue()).toBe(true);
    await one.idle();
    expect(await one.runDue()).toBe(false);
    const ts = "2025-10-20T12:00:00Z";
    expect(lines).toEqual([
      { ts, event: "startup", ok: true, pid: 4242 },
      { ts, event: "production_alerts_start" },
      { ts, event: "production_alerts_complete", webhook_failures: 0, payment_error_rate: 0, duration_ms: 0 },
      { ts, event: "alerts_run", ok: true },
    ]);
    expect(lines.map((line) => Object.keys(line).slice(0, 2))).toEqual(lines.map(() => ["ts", "event"]));
    pass(5 * MINUTE);
    expect(await one.runDue()).toBe(true);
    await one.idle();
    expect(lines.slice(4).map((line) => line["event"])).toEqual(["tick", "production_alerts_start", "production_alerts_complete", "alerts_run"]);
    expect((await readRuns(db.read, "production_alerts", { limit: 10 })).map((run) => ({ ...run, id: 0 }))).toEqual([
      { id: 0, task: "production_alerts", cause: "schedule", attempt: 1, dueAt: Date.UTC(2025, 9, 20, 12, 5), startedAt: Date.UTC(2025, 9, 20, 12, 5), finishedAt: Date.UTC(2025, 9, 20, 12, 5), durationMs: 0, outcome: "ok", late: false, missed: 0, owner: "one", error: null, evidence: { webhook_failures: 0, payment_error_rate: 0 } },
      expect.objectContaining({ dueAt: Date.UTC(2025, 9, 20, 12), outcome: "ok" }),
    ]);
  });

  it.each([["a", "a"], ["A"], ["a-b"]])("refuses tasks named %j", async (...names) => {
    const { node } = nodesOn(await database.open());
    expect(() => node("one", names.map((name) => quickTask({ name })))).toThrow(/task name/);
  });

  it("ticks once a minute", async () => {
    const { node, pass, events } = nodesOn(await database.open());
    const one = node("one", []);
    await one.start();
    for (let second = 0; second < 180; second += 1) {
      pass(1000);
      await one.runDue();
    }
    expect(events()).toEqual(["startup", "tick", "tick", "tick"]);
  });

  it("tells of a failure without its secrets, and goes on with the next time", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = heldTask({ alsoLogAs: "alerts_run" });
    const one = node("one", [task.definition]);
    await one.start();
    await one.runDue();
    pass(1500);
    task.runs[0]?.fail(new Error("Stripe refused sk_live_51Habcdefgh0123456789"));
    await one.idle();
    const error = "Stripe refused sk_live_***";
    expect(lines.slice(-2)).toEqual([
      { ts: "2025-10-20T12:00:01Z", event: "sweep_failed", error, outcome: "failed", duration_ms: 1500 },
      { ts: "2025-10-20T12:00:01Z", event: "alerts_run", ok: false, err: error },
    ]);
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "failed", error, evidence: null, durationMs: 1500 }]);
    expect(await one.runDue()).toBe(false);
    pass(5 * MINUTE);
    expect(await one.runDue()).toBe(true);
    task.runs[1]?.end();
    await one.idle();
  });

  it("also tells of one that throws before it promises anything", async () => {
    const db = await database.open();
    const { node } = nodesOn(db);
    const one = node("one", [
      quickTask({
        run: () => {
          throw new TypeError("at once");
        },
      }),
    ]);
    await one.start();
    await one.runDue();
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "failed", error: "at once" }]);
  });

  it("keeps no more evidence than a bound, nor lets it pass itself off as something else", async () => {
    const db = await database.open();
    const { node, lines } = nodesOn(db);
    const one = node("one", [quickTask({ run: async () => ({ event: "startup", ts: 0, rows: "x".repeat(20_000), count: 3 }) })]);
    await one.start();
    await one.runDue();
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "ok", evidence: { event: "startup", ts: 0, count: 3, truncated: true } }]);
    expect(lines.at(-1)).toMatchObject({ ts: "2025-10-20T12:00:00Z", event: "sweep_complete", count: 3, truncated: true });
  });

  it("runs what was missed while down once, late, and says so", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = quickTask();
    const before = node("before", [task]);
    await before.start();
    await before.runDue();
    await before.stop();
    pass(62 * MINUTE);
    const after = node("after", [task]);
    await after.start();
    await after.runDue();
    await after.idle();
    expect(await after.runDue()).toBe(false);
    expect(task.count()).toBe(2);
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ late: true, missed: 12, dueAt: Date.UTC(2025, 9, 20, 13) }]);
    expect(lines.filter((line) => line["late"] === true)).toMatchObject([{ event: "sweep_start", missed: 12 }, { event: "sweep_complete", missed: 12 }]);
  });

  it("leaves out what was missed, and keeps that in the history, when told so", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = quickTask({ missed: "skip" });
    const one = node("one", [task]);
    await one.start();
    await one.runDue();
    await one.idle();
    pass(62 * MINUTE);
    expect(await one.runDue()).toBe(false);
    expect(task.count()).toBe(1);
    expect(lines.at(-1)).toMatchObject({ event: "sweep_skipped", missed: 12 });
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "skipped", missed: 12 }]);
  });

  it("runs on demand, beside the schedule, unless it is running", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const task = heldTask({ enabled: false });
    const service = node("service", [task.definition]);
    const command = node("command", [task.definition]);
    await service.start();
    expect(await service.runDue()).toBe(false);
    const { run, finished } = await command.runNow("sweep");
    await expect(service.runNow("sweep")).rejects.toMatchObject({ kind: "conflict", code: "task_running" });
    await expect(command.runNow("sweep")).rejects.toMatchObject({ kind: "conflict" });
    await expect(command.runNow("sweeep")).rejects.toThrow(/did you mean sweep/);
    pass(700);
    task.runs[0]?.end({ found: 2 });
    expect(await finished).toMatchObject({ id: run.id, cause: "manual", outcome: "ok", durationMs: 700, evidence: { found: 2 } });
    const again = await service.runNow("sweep");
    task.runs[1]?.end();
    await again.finished;
    expect(task.runs).toHaveLength(2);
  });

  it("begins at startup what is meant to, once per start, and not twice when it is due anyway", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const task = quickTask({ atStartup: true });
    const first = node("first", [task]);
    await first.start();
    for (let beat = 0; beat < 3; beat += 1) {
      await first.runDue();
      await first.idle();
    }
    expect(task.count()).toBe(1);
    await first.stop();
    pass(MINUTE);
    const second = node("second", [task]);
    await second.start();
    for (let beat = 0; beat < 3; beat += 1) {
      await second.runDue();
      await second.idle();
    }
    expect((await readRuns(db.read, "sweep", { limit: 10 })).map((run) => run.cause)).toEqual(["startup", "schedule"]);
  });

  it("does not count a pause that was ordered as missed", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const [on, off] = [quickTask(), quickTask({ enabled: false })];
    for (const task of [on, off, on]) {
      const one = node("one", [task]);
      await one.start();
      await one.runDue();
      await one.idle();
      pass(62 * MINUTE);
    }
    expect(on.count()).toBe(2);
    expect(off.count()).toBe(0);
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ late: false, missed: 0 }]);
  });

  it("tells how each task stands", async () => {
    const db = await database.open();
    const { node, pass, clock } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition]);
    const status = async () => (await readTaskStatuses(db, [task.definition], clock.now()))[0];
    expect(await status()).toMatchObject({ nextAt: clock.now(), lastRun: null, running: null, lastOkAt: null, failuresInARow: 0 });
    await one.start();
    await one.runDue();
    expect(await status()).toMatchObject({ running: { outcome: "running" }, nextAt: Date.UTC(2025, 9, 20, 12, 5), overdueMs: 0 });
    pass(1000);
    task.runs[0]?.end();
    await one.idle();
    pass(5 * MINUTE - 1000);
    await one.runDue();
    task.runs[1]?.fail(new Error("no"));
    await one.idle();
    pass(7 * MINUTE);
    expect(await status()).toMatchObject({
      running: null,
      nextAt: Date.UTC(2025, 9, 20, 12, 10),
      overdueMs: 2 * MINUTE,
      lastRun: { outcome: "failed" },
      lastOkAt: Date.UTC(2025, 9, 20, 12) + 1000,
      failuresInARow: 1,
      recentDurationsMs: [1000],
    });
  });

  it("forgets old runs, but not the newest of each task", async () => {
    const db = await database.open();
    const { node, pass, clock } = nodesOn(db);
    const tasks = [quickTask({ name: "often" }), quickTask({ name: "rarely", schedule: { kind: "every", everyMs: 365 * 24 * 60 * MINUTE } })];
    const one = node("one", tasks);
    await one.start();
    for (let run = 0; run < 6; run += 1) {
      await one.runDue();
      await one.idle();
      pass(5 * MINUTE);
    }
    const before = clock.now() - 12 * MINUTE;
    expect(await db.write((tx) => retainTaskRuns(tx, before, 3))).toBe(3);
    expect(await db.write((tx) => retainTaskRuns(tx, before, 3))).toBe(1);
    expect(await readRuns(db.read, "often", { limit: 10 })).toHaveLength(2);
    expect(await readRuns(db.read, "rarely", { limit: 10 })).toHaveLength(1);
  });
});
