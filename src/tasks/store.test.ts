import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { plansOf } from "../../test/plan.ts";
import { taskMigrations } from "./migrations/index.ts";
import { insertSkipped, readRuns } from "./store.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

onBothDatabases("the history of tasks", taskMigrations, (database) => {
  it("counts the attempts at one time without walking through the others", async () => {
    const db = await database.open();
    const run = { task: "sweep", cause: "schedule", attempt: 1, started_at: NOON, finished_at: NOON, duration_ms: 0, outcome: "ok", late: 0, missed: 0, owner: "one", error: null, evidence: null } as const;
    await db.write(async (tx) => {
      for (let batch = 0; batch < 20; batch += 1) {
        await tx.insertInto("task_run").values(Array.from({ length: 100 }, (_, index) => ({ ...run, due_at: NOON - (batch * 100 + index) * 60_000 }))).execute();
      }
    });
    if (db.kind === "postgres") await sql`analyze task_run`.execute(db.read);
    const again = { task: "sweep", cause: "schedule", dueAt: NOON, late: true, missed: 1, owner: "two", startedAt: NOON + 1 } as const;
    const plans = await db.write(async (tx) => await plansOf(db, tx, (planned) => insertSkipped(planned, again)));
    expect(await readRuns(db.read, "sweep", { limit: 1 })).toMatchObject([{ owner: "two", attempt: 2 }]);
    expect(plans[0]).toContain("task_run_due");
    expect(plans[0]).not.toMatch(/SCAN|Seq Scan/);
  });
});
