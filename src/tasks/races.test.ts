import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import type { Database } from "../platform/index.ts";
import { loseRun } from "./claim.ts";
import { taskMigrations } from "./migrations/index.ts";
import { readRuns, readStates } from "./store.ts";
import { heldTask, nodesOn } from "./testing/nodes.ts";

/** The database, with something that happens just before the next write. */
function hooked(db: Database) {
  let hook: (() => Promise<void> | void) | null = null;
  const write: Database["write"] = async (step) => {
    const before = hook;
    hook = null;
    await before?.();
    return await db.write(step);
  };
  return { db: { ...db, write } as Database, beforeNextWrite: (happens: () => Promise<void> | void) => void (hook = happens) };
}

onBothDatabases("what may happen at the same time", taskMigrations, (database) => {
  it("of two that ask for a run now, one gets it", async () => {
    const db = await database.open();
    const { node } = nodesOn(db);
    const task = heldTask({ enabled: false });
    const nodes = ["one", "two", "three"].map((name) => node(name, [task.definition]));
    const asked = await Promise.allSettled(nodes.map((one) => one.runNow("sweep")));
    expect(asked.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(task.runs).toHaveLength(1);
  });

  it("a run that a person asks for, while another node begins the one that is due", async () => {
    const db = await database.open();
    const { node } = nodesOn(db);
    const hook = hooked(db);
    const task = heldTask();
    const [one, two] = [node("one", [task.definition], hook.db), node("two", [task.definition])];
    await two.start();
    // After `one` has read that nobody holds the task: its write to make it known, then its claim.
    hook.beforeNextWrite(() => hook.beforeNextWrite(async () => void (await two.runDue())));
    await expect(one.runNow("sweep")).rejects.toMatchObject({ code: "task_running" });
    expect(task.runs).toHaveLength(1);
  });

  it("a node that shows life while another is about to take over keeps its run", async () => {
    const db = await database.open();
    const { node, pass, clock } = nodesOn(db);
    const task = heldTask();
    const one = node("one", [task.definition]);
    await one.start();
    await one.runDue();
    const before = (await readStates(db.read)).get("sweep")?.held;
    pass(16_000);
    await one.runDue();
    const other = { db, owner: "other", leaseMs: 60_000, nowMs: clock.now() };
    expect(before && (await loseRun(other, before))).toBeNull();
    task.runs[0]?.end({ kept: true });
    await one.idle();
    expect(await readRuns(db.read, "sweep", { limit: 10 })).toMatchObject([{ outcome: "ok", evidence: { kept: true } }]);
  });

  it("a run that ends while its lease is renewed is not taken for lost", async () => {
    const db = await database.open();
    const { node, pass, errors } = nodesOn(db);
    const hook = hooked(db);
    const task = heldTask();
    const one = node("one", [task.definition], hook.db);
    await one.start();
    await one.runDue();
    pass(16_000);
    hook.beforeNextWrite(async () => {
      task.runs[0]?.end();
      await one.idle();
    });
    await one.runDue();
    expect(errors).toEqual([]);
    expect(await readRuns(db.read, "sweep", { limit: 10 })).toMatchObject([{ outcome: "ok" }]);
  });

  it("an end that is written twice is written once", async () => {
    const db = await database.open();
    const { node, errors, events } = nodesOn(db);
    const hook = hooked(db);
    const task = heldTask();
    const one = node("one", [task.definition], hook.db);
    await one.start();
    await one.runDue();
    let beat = Promise.resolve();
    hook.beforeNextWrite(() => {
      beat = one.beat();
    });
    task.runs[0]?.end();
    await one.idle();
    await beat;
    expect(errors).toEqual([]);
    expect(events().filter((event) => event === "sweep_complete")).toHaveLength(1);
  });

  it("a run that returns right after it was taken over says nothing more", async () => {
    const db = await database.open();
    const { node, watch, errors, events } = nodesOn(db);
    const task = heldTask({ timeLimitMs: 3_600_000 });
    const [sleeper, other] = [node("sleeper", [task.definition]), node("other", [task.definition])];
    await sleeper.start();
    await sleeper.runDue();
    await other.runDue();
    await watch(other, 61_000);
    task.runs[0]?.end({ from: "the grave" });
    await sleeper.idle();
    expect(errors).toMatchObject([{ code: "taken_over" }]);
    expect(events()).not.toContain("sweep_complete");
    expect(await readRuns(db.read, "sweep", { limit: 10 })).toMatchObject([{ outcome: "lost", evidence: null }]);
  });

  it("a node that dies after its run was too long leaves it that way", async () => {
    const db = await database.open();
    const { node, pass, watch, events } = nodesOn(db);
    const task = heldTask();
    const [dead, other] = [node("dead", [task.definition]), node("other", [task.definition])];
    await dead.start();
    await dead.runDue();
    pass(120_001);
    await dead.runDue();
    await other.runDue();
    await watch(other, 61_000);
    await other.runDue();
    expect((await readRuns(db.read, "sweep", { limit: 10 })).map((run) => run.outcome)).toEqual(["timed_out"]);
    expect(events().filter((event) => event === "sweep_failed")).toHaveLength(1);
    pass(3 * 60_000);
    expect(await other.runDue()).toBe(true);
  });
});
