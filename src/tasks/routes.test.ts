import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { AppError, createHttp, type Guard } from "../platform/index.ts";
import { taskMigrations } from "./migrations/index.ts";
import { taskRoutes } from "./routes.ts";
import { heldTask, nodesOn, quickTask } from "./testing/nodes.ts";

const needs = (...keys: string[]): Guard => async (request) => {
  if (!keys.includes(String(request.headers["x-dash-key"]))) throw new AppError("forbidden", "role too low");
};

async function served(database: TestDatabase) {
  const db = await database.open();
  const { node, clock } = nodesOn(db);
  const held = heldTask({ name: "held" });
  const tasks = [quickTask(), held.definition];
  const scheduler = node("service", tasks);
  await scheduler.start();
  const audited: unknown[] = [];
  const http = await createHttp({ clock, version: "0.1.0" });
  taskRoutes(http, {
    db,
    clock,
    tasks,
    viewer: needs("viewer", "operator"),
    operator: needs("operator"),
    runNow: async (name, request) => {
      const { run } = await scheduler.runNow(name, async (tx, begun) => {
        audited.push([request.id.length > 0, begun.task, (await tx.selectFrom("task_run").selectAll().execute()).length]);
      });
      return run;
    },
  });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const ask = async (path: string, method = "GET", key = "operator") => {
    const response = await fetch(url + path, { method, headers: { "x-dash-key": key } });
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };
  return { ask, scheduler, held, audited };
}

onBothDatabases("tasks over HTTP", taskMigrations, (database) => {
  it("lists the tasks, and how each stands", async () => {
    const { ask, scheduler, held } = await served(database);
    await scheduler.runDue();
    held.runs[0]?.end();
    await scheduler.idle();
    expect(await ask("/api/tasks", "GET", "viewer")).toMatchObject([
      200,
      {
        ok: true,
        count: 2,
        data: [
          { name: "sweep", schedule: { every_ms: 300_000 }, enabled: true, missed: "once", time_limit_ms: 120_000, next_run_at: "2025-10-20T12:05:00Z", overdue_ms: 0, running: null, last_run: { outcome: "ok", evidence: { found: 1 }, duration_ms: 0 }, last_ok_at: "2025-10-20T12:00:00Z", failures_in_a_row: 0 },
          { name: "held" },
        ],
      },
    ]);
  });

  it("pages through the runs of one", async () => {
    const { ask, scheduler } = await served(database);
    for (let run = 0; run < 5; run += 1) await (await scheduler.runNow("sweep")).finished;
    const seen: unknown[] = [];
    let cursor: unknown = "";
    for (let page = 0; page < 3; page += 1) {
      const [status, body] = await ask(`/api/tasks/sweep/runs?limit=2${cursor === "" ? "" : `&cursor=${String(cursor)}`}`);
      expect(status).toBe(200);
      seen.push(...(body["data"] as { evidence: unknown }[]).map((run) => run.evidence));
      cursor = body["next_cursor"];
    }
    expect(seen).toEqual([5, 4, 3, 2, 1].map((found) => ({ found })));
    expect(cursor).toBeNull();
  });

  it("begins a run for an operator, with who asked in the same transaction, unless it is running", async () => {
    const { ask, held, scheduler, audited } = await served(database);
    expect((await ask("/api/tasks/held/run", "POST", "viewer"))[0]).toBe(403);
    expect(await ask("/api/tasks/held/run", "POST")).toMatchObject([202, { ok: true, data: { task: "held", cause: "manual", outcome: "running", finished_at: null } }]);
    expect(audited).toEqual([[true, "held", 1]]);
    expect(await ask("/api/tasks/held/run", "POST")).toMatchObject([409, { ok: false, code: "task_running" }]);
    held.runs[0]?.end();
    await scheduler.idle();
    expect(await ask("/api/tasks/held/runs")).toMatchObject([200, { data: [{ outcome: "ok" }] }]);
  });

  it.each([
    ["/api/tasks/swep/runs", 404],
    ["/api/tasks/sweep/runs?limit=0", 400],
    ["/api/tasks/sweep/runs?limit=-1", 400],
    ["/api/tasks/sweep/runs?limit=abc", 400],
    ["/api/tasks/sweep/runs?limit=1e1", 400],
    ["/api/tasks/sweep/runs?limit=0x10", 400],
    ["/api/tasks/sweep/runs?limit=%2B5", 400],
    ["/api/tasks/sweep/runs?limit=500", 200],
    ["/api/tasks/sweep/runs?limt=5", 400],
    ["/api/tasks?limit=5", 400],
    ["/api/tasks/sweep/runs?cursor=abc", 400],
  ])("answers %s with %i", async (path, status) => {
    const { ask } = await served(database);
    expect((await ask(path))[0]).toBe(status);
  });
});
