import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { AppError } from "../platform/index.ts";
import { taskMigrations } from "./migrations/index.ts";
import { readTaskStatuses } from "./status.ts";
import { readRuns, retainTaskRuns } from "./store.ts";
import type { TaskDefinition } from "./task.ts";
import { heldTask, nodesOn } from "./testing/nodes.ts";

const MINUTE = 60_000;

/** A task that ends at once. */
function quick(overrides: Partial<TaskDefinition> = {}): TaskDefinition & { count: () => number } {
  let runs = 0;
  const { definition } = heldTask({ run: async () => ({ found: (runs += 1) }), ...overrides });
  return { ...definition, count: () => runs };
}

onBothDatabases("scheduler", taskMigrations, (database) => {
  it("runs an interval at once, then at its times, and logs it as the older system did", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = quick({ name: "production_alerts", alsoLogAs: "alerts_run", run: async () => ({ webhook_failures: 0, payment_error_rate: 0 }) });
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
    expect((await readRuns(db.read, "production_alerts", { limit: 10 })).map(({ id: _, ...run }) => run)).toEqual([
      { task: "production_alerts", cause: "schedule", attempt: 1, dueAt: Date.UTC(2025, 9, 20, 12, 5), startedAt: Date.UTC(2025, 9, 20, 12, 5), finishedAt: Date.UTC(2025, 9, 20, 12, 5), durationMs: 0, outcome: "ok", late: false, missed: 0, owner: "one", error: null, evidence: { webhook_failures: 0, payment_error_rate: 0 } },
      expect.objectContaining({ dueAt: Date.UTC(2025, 9, 20, 12), outcome: "ok" }),
    ]);
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
      quick({
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
    const one = node("one", [quick({ run: async () => ({ event: "startup", ts: 0, rows: "x".repeat(20_000), count: 3 }) })]);
    await one.start();
    await one.runDue();
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "ok", evidence: { event: "startup", ts: 0, count: 3, truncated: true } }]);
    expect(lines.at(-1)).toMatchObject({ ts: "2025-10-20T12:00:00Z", event: "sweep_complete", count: 3, truncated: true });
  });

  it("runs what was missed while down once, late, and says so", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = quick();
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
    const task = quick({ missed: "skip" });
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

  it("never overlaps itself, also past its time limit, and stops it there", async () => {
    const db = await database.open();
    const { node, pass, lines, clock } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition]);
    const two = node("two", [task.definition]);
    await one.start();
    await one.runDue();
    pass(120_000);
    await one.runDue();
    expect(task.runs[0]?.context.signal.aborted).toBe(false);
    pass(1);
    await one.runDue();
    expect(task.runs[0]?.context.signal.aborted).toBe(true);
    expect(lines.at(-1)).toMatchObject({ event: "sweep_failed", outcome: "timed_out", duration_ms: 120_001, error: expect.stringContaining("limit of 120000 ms") });
    // It does not listen; as long as its node lives, nobody else runs the task.
    for (let minute = 0; minute < 20; minute += 1) {
      for (let quarter = 0; quarter < 4; quarter += 1) {
        pass(15_000);
        await one.runDue();
        await two.runDue();
      }
    }
    expect(task.runs).toHaveLength(1);
    expect(await readTaskStatuses(db, [task.definition], clock.now())).toMatchObject([{ running: { outcome: "timed_out" }, overdueMs: 0 }]);
    task.runs[0]?.end({ late: "result" });
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "timed_out", evidence: null }]);
    expect(await two.runDue()).toBe(true);
    task.runs[1]?.end();
    await two.idle();
  });

  it("runs a due time on one of several nodes only", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const tasks = ["a", "b", "c"].map((name) => quick({ name }));
    const nodes = ["one", "two", "three"].map((name) => node(name, tasks));
    await Promise.all(nodes.map((one) => one.start()));
    for (let beat = 0; beat < 12; beat += 1) {
      await Promise.all(nodes.map((one) => one.runDue()));
      await Promise.all(nodes.map((one) => one.idle()));
      pass(2.5 * MINUTE);
    }
    expect(tasks.map((task) => task.count())).toEqual([6, 6, 6]);
    for (const { name } of tasks) {
      const due = (await readRuns(db.read, name, { limit: 100 })).map((run) => run.dueAt);
      expect(new Set(due).size).toBe(6);
    }
  });

  it("takes over from a node that died, and runs its time once more", async () => {
    const db = await database.open();
    const { node, pass, lines } = nodesOn(db);
    const task = heldTask();
    const dead = node("dead", [task.definition]);
    const alive = node("alive", [task.definition]);
    await dead.start();
    await dead.runDue();
    await alive.runDue();
    pass(60_000);
    await alive.runDue();
    expect(task.runs).toHaveLength(1);
    pass(1000);
    await alive.runDue();
    expect(lines.at(-1)).toMatchObject({ event: "sweep_failed", outcome: "lost", error: expect.stringContaining("dead") });
    await alive.runDue();
    expect(task.runs).toHaveLength(2);
    task.runs[1]?.end({ done: 1 });
    await alive.idle();
    expect(await readRuns(db.read, "sweep", { limit: 10 })).toMatchObject([
      { outcome: "ok", owner: "alive", attempt: 2, dueAt: Date.UTC(2025, 9, 20, 12), late: true, missed: 1 },
      { outcome: "lost", owner: "dead", attempt: 1, durationMs: null },
    ]);
  });

  it("keeps one that wakes from a long sleep from writing over its successor's work", async () => {
    const db = await database.open();
    const { node, pass, errors } = nodesOn(db);
    const task = heldTask({ timeLimitMs: 3_600_000 });
    const sleeper = node("sleeper", [task.definition]);
    const other = node("other", [task.definition]);
    await sleeper.start();
    await sleeper.runDue();
    await other.runDue();
    pass(61_000);
    await other.runDue();
    await other.runDue();
    expect(task.runs).toHaveLength(2);
    const slept = task.runs[0]?.context;
    await expect(db.write(async (tx) => await slept?.fence(tx))).rejects.toMatchObject({ code: "taken_over" });
    await db.write(async (tx) => await task.runs[1]?.context.fence(tx));
    await sleeper.runDue();
    expect(slept?.signal.aborted).toBe(true);
    expect(errors).toMatchObject([{ code: "taken_over" }]);
    task.runs[0]?.end({ from: "the grave" });
    task.runs[1]?.end({ from: "the living" });
    await sleeper.idle();
    await other.idle();
    expect((await readRuns(db.read, "sweep", { limit: 10 })).map((run) => [run.outcome, run.evidence])).toEqual([["ok", { from: "the living" }], ["lost", null]]);
  });

  it("gives a time up that kills its node again and again", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const task = heldTask({ schedule: { kind: "every", everyMs: 24 * 60 * MINUTE } });
    for (let death = 0; death < 5; death += 1) {
      const one = node(`mortal-${death}`, [task.definition]);
      await one.start();
      await one.runDue();
      pass(61_000);
      await one.runDue();
      await one.runDue();
    }
    expect(task.runs).toHaveLength(3);
    expect((await readRuns(db.read, "sweep", { limit: 10 })).map((run) => [run.attempt, run.outcome])).toEqual([[3, "lost"], [2, "lost"], [1, "lost"]]);
  });

  it("stays calm when the clock jumps ahead or back", async () => {
    const db = await database.open();
    const { node, pass, clock } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition]);
    const two = node("two", [task.definition]);
    await one.start();
    await one.runDue();
    await two.runDue();
    // A day ahead while it runs: neither too long nor dead.
    clock.advance(24 * 60 * MINUTE);
    await one.runDue();
    await two.runDue();
    expect(task.runs).toHaveLength(1);
    expect(task.runs[0]?.context.signal.aborted).toBe(false);
    task.runs[0]?.end();
    await one.idle();
    await one.runDue();
    task.runs[1]?.end();
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ late: true, missed: 287 }]);
    // And back again: the next run comes at the next time, not in a day.
    clock.set(Date.UTC(2025, 9, 20, 12, 1));
    for (const node of [one, two, one, two]) await node.runDue();
    expect(task.runs).toHaveLength(2);
    pass(4 * MINUTE);
    for (const node of [one, two, one, two]) await node.runDue();
    expect(task.runs).toHaveLength(3);
    task.runs[2]?.end();
    await Promise.all([one.idle(), two.idle()]);
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
    const task = quick({ atStartup: true });
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

  it("stops at shutdown, and does what was stopped at the next start", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const task = heldTask({
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as AppError))),
    });
    const one = node("one", [task.definition]);
    await one.start();
    await one.runDue();
    await one.stop();
    expect(await one.runDue()).toBe(false);
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "lost", error: expect.stringContaining("shuts down") }]);
    pass(2000);
    const two = node("two", [quick()]);
    await two.start();
    expect(await two.runDue()).toBe(true);
    await two.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "ok", attempt: 2, dueAt: Date.UTC(2025, 9, 20, 12) }]);
  });

  it("does not count a pause that was ordered as missed", async () => {
    const db = await database.open();
    const { node, pass } = nodesOn(db);
    const [on, off] = [quick(), quick({ enabled: false })];
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

  it("writes the end of a run later when the database is away, and loses nothing", async () => {
    const db = await database.open();
    let away = false;
    const shaky = {
      ...db,
      write: async (step: Parameters<typeof db.write>[0]) => {
        if (away) throw new AppError("unavailable", "away");
        return await db.write(step);
      },
    } as typeof db;
    const { node, pass, lines, errors } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition], shaky);
    await one.start();
    await one.runDue();
    away = true;
    task.runs[0]?.end({ found: 1 });
    await one.idle();
    expect(errors).toMatchObject([{ kind: "unavailable" }]);
    pass(20_000);
    await one.runDue();
    expect(lines.at(-1)).toMatchObject({ event: "sweep_start" });
    away = false;
    await one.runDue();
    expect(lines.at(-1)).toMatchObject({ event: "sweep_complete", found: 1 });
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "ok", evidence: { found: 1 } }]);
  });

  it("keeps a time limit also while the database is away", async () => {
    const db = await database.open();
    const away = { ...db, write: () => Promise.reject(new AppError("unavailable", "away")) } as typeof db;
    let target = db;
    const shaky = { ...db, write: (step: Parameters<typeof db.write>[0]) => target.write(step) } as typeof db;
    const { node, pass } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition], shaky);
    await one.start();
    await one.runDue();
    target = away;
    pass(120_001);
    await one.runDue();
    expect(task.runs[0]?.context.signal.aborted).toBe(true);
    target = db;
    task.runs[0]?.end();
    await one.idle();
    await one.runDue();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "timed_out" }]);
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
    const tasks = [quick({ name: "often" }), quick({ name: "rarely", schedule: { kind: "every", everyMs: 365 * 24 * 60 * MINUTE } })];
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
