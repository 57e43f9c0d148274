import { z } from "zod";
import { type Clock, type Database, type Guard, type Http, type HttpRequest, limitField, noQuery } from "../platform/index.ts";
import { RUN_SHAPE, showRun, showTask, TASK_SHAPE } from "./present.ts";
import { findTask } from "./scheduler.ts";
import { readTaskStatuses } from "./status.ts";
import { readRuns } from "./store.ts";
import type { TaskDefinition, TaskRun } from "./task.ts";

export interface TaskRoutes {
  db: Database;
  clock: Clock;
  tasks: readonly TaskDefinition[];
  /** Who may look, and who may start a run. */
  viewer: Guard;
  operator: Guard;
  /**
   * Begins a run for who asks, and writes that into the audit trail in the same transaction. The scheduler may live in
   * another thread.
   */
  runNow(name: string, request: HttpRequest): Promise<TaskRun>;
}

const OK = z.literal(true);
const NAME = z.object({ name: z.string().min(1).max(63) });

/** `/api/tasks`, their runs, and starting one. */
export function taskRoutes(http: Http, deps: TaskRoutes): void {
  http.get(
    "/api/tasks",
    {
      onRequest: deps.viewer,
      schema: { summary: "Scheduled tasks: when each runs next, and how it went last", tags: ["tasks"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(TASK_SHAPE) }) } },
    },
    async () => {
      const statuses = await readTaskStatuses(deps.db, deps.tasks, deps.clock.now());
      return { ok: true as const, count: statuses.length, data: statuses.map(showTask) };
    },
  );
  runRoutes(http, deps);
}

function runRoutes(http: Http, deps: TaskRoutes): void {
  http.get(
    "/api/tasks/:name/runs",
    {
      onRequest: deps.viewer,
      schema: {
        summary: "Runs of a task, newest first",
        tags: ["tasks"],
        params: NAME,
        querystring: z.strictObject({
          limit: limitField({ absent: 20, most: 100 }),
          cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional(),
        }),
        response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(RUN_SHAPE), next_cursor: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { name } = findTask(deps.tasks, request.params.name);
      const { cursor, limit } = request.query;
      const runs = await readRuns(deps.db.read, name, { limit: limit + 1, ...(cursor === undefined ? {} : { beforeId: Number(cursor) }) });
      const page = runs.slice(0, limit);
      return { ok: true as const, count: page.length, data: page.map(showRun), next_cursor: runs.length > limit ? String(page.at(-1)?.id) : null };
    },
  );
  http.post(
    "/api/tasks/:name/run",
    {
      onRequest: deps.operator,
      schema: { summary: "Start a run now; answers as soon as it has begun", tags: ["tasks"], params: NAME, querystring: noQuery, response: { 202: z.object({ ok: OK, data: RUN_SHAPE }) } },
    },
    async (request, reply) => {
      const run = await deps.runNow(request.params.name, request);
      return await reply.code(202).send({ ok: true as const, data: showRun(run) });
    },
  );
}
