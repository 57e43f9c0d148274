import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { AppError } from "../platform/index.ts";
import { taskMigrations } from "./migrations/index.ts";
import { readTaskStatuses } from "./status.ts";
import { readRuns } from "./store.ts";
import { heldTask, nodesOn, quickTask } from "./testing/nodes.ts";

const MINUTE = 60_000;

onBothDatabases("nodes of the scheduler", taskMigrations, (database) => {
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
    const tasks = ["a", "b", "c"].map((name) => quickTask({ name }));
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
    const { node, watch, lines } = nodesOn(db);
    const task = heldTask();
    const dead = node("dead", [task.definition]);
    const alive = node("alive", [task.definition]);
    await dead.start();
    await dead.runDue();
    await alive.runDue();
    await watch(alive, 60_000);
    expect(task.runs).toHaveLength(1);
    await watch(alive, 1000);
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

  it("does not take for silence what it could not hear: after an outage of the database a run goes on alone", async () => {
    const db = await database.open();
    let away = false;
    const gone = (): Promise<never> => Promise.reject(new AppError("unavailable", "away"));
    const shaky = {
      ...db,
      get read() {
        if (away) throw new AppError("unavailable", "away");
        return db.read;
      },
      write: (step: Parameters<typeof db.write>[0]) => (away ? gone() : db.write(step)),
    } as typeof db;
    const { node, pass, watch, errors } = nodesOn(db);
    const task = heldTask({ timeLimitMs: 3_600_000 });
    const one = node("one", [task.definition], shaky);
    const two = node("two", [task.definition], shaky);
    await one.start();
    await one.runDue();
    await two.runDue();
    away = true;
    for (let second = 0; second < 90; second += 1) {
      pass(1000);
      await expect(one.runDue()).rejects.toMatchObject({ kind: "unavailable" });
      await expect(two.runDue()).rejects.toMatchObject({ kind: "unavailable" });
    }
    away = false;
    // The other is the first to come back.
    await two.runDue();
    await two.runDue();
    expect(task.runs).toHaveLength(1);
    await one.runDue();
    expect(task.runs[0]?.context.signal.aborted).toBe(false);
    expect(errors).not.toContainEqual(expect.objectContaining({ code: "taken_over" }));
    // One that stays silent from now on is dead, as ever.
    await watch(two, 70_000);
    await two.runDue();
    expect(task.runs).toHaveLength(2);
  });

  it("nor what it could only read: with a disk that was full nobody could renew", async () => {
    const db = await database.open();
    let full = false;
    const shaky = { ...db, write: (step: Parameters<typeof db.write>[0]) => (full ? Promise.reject(new AppError("unavailable", "full")) : db.write(step)) } as typeof db;
    const { node, pass } = nodesOn(db);
    const task = heldTask({ timeLimitMs: 3_600_000 });
    const one = node("one", [task.definition], shaky);
    const two = node("two", [task.definition], shaky);
    await one.start();
    await one.runDue();
    await two.runDue();
    full = true;
    for (let second = 0; second < 90; second += 1) {
      pass(1000);
      await one.runDue();
      await two.runDue().catch(() => {});
    }
    full = false;
    await two.runDue();
    await two.runDue();
    expect(task.runs).toHaveLength(1);
    await one.runDue();
    expect(task.runs[0]?.context.signal.aborted).toBe(false);
  });

  it("keeps one that wakes from a long sleep from writing over its successor's work", async () => {
    const db = await database.open();
    const { node, watch, errors } = nodesOn(db);
    const task = heldTask({ timeLimitMs: 3_600_000 });
    const sleeper = node("sleeper", [task.definition]);
    const other = node("other", [task.definition]);
    await sleeper.start();
    await sleeper.runDue();
    await other.runDue();
    await watch(other, 61_000);
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
    const { node, watch } = nodesOn(db);
    const task = heldTask({ schedule: { kind: "every", everyMs: 24 * 60 * MINUTE } });
    for (let death = 0; death < 5; death += 1) {
      const one = node(`mortal-${death}`, [task.definition]);
      await one.start();
      await one.runDue();
      await watch(one, 61_000);
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
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "lost", error: expect.stringContaining("shut down") }]);
    pass(2000);
    const two = node("two", [quickTask()]);
    await two.start();
    expect(await two.runDue()).toBe(true);
    await two.idle();
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ outcome: "ok", attempt: 2, dueAt: Date.UTC(2025, 9, 20, 12) }]);
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
    const { node, pass, lines, errors, events } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition], shaky);
    await one.start();
    await one.runDue();
    away = true;
    task.runs[0]?.end({ found: 1 });
    await one.idle();
    expect(errors).toMatchObject([{ kind: "unavailable" }]);
    // Longer than its limit: it has ended all the same.
    pass(130_000);
    await one.runDue();
    expect(events()).not.toContain("sweep_complete");
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
});
