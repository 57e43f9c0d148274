import type { Generated, Selectable } from "kysely";
import { evidenceJson } from "./evidence.ts";
import type { Tx } from "../platform/index.ts";
import type { Evidence, RunCause, RunOutcome, TaskDefinition, TaskRun, TaskState } from "./task.ts";

interface TaskRow {
  name: string;
  anchor_at: number;
  cursor_at: number | null;
  enabled: number;
  run_id: number | null;
  owner: string | null;
  lease_until: number | null;
}

interface TaskRunRow {
  id: Generated<number>;
  task: string;
  cause: RunCause;
  attempt: number;
  due_at: number;
  started_at: number;
  finished_at: number | null;
  duration_ms: number | null;
  outcome: RunOutcome;
  late: number;
  missed: number;
  owner: string;
  error: string | null;
  evidence: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    task: TaskRow;
    task_run: TaskRunRow;
  }
}

function toState(row: TaskRow): TaskState {
  const held = row.run_id === null ? null : { runId: row.run_id, owner: row.owner ?? "", leaseUntil: row.lease_until ?? 0 };
  return { task: row.name, anchorAt: row.anchor_at, cursorAt: row.cursor_at, enabled: row.enabled === 1, held };
}

function toRun(row: Selectable<TaskRunRow>): TaskRun {
  return {
    id: row.id,
    task: row.task,
    cause: row.cause,
    attempt: row.attempt,
    dueAt: row.due_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    late: row.late === 1,
    missed: row.missed,
    owner: row.owner,
    error: row.error,
    evidence: row.evidence === null ? null : (JSON.parse(row.evidence) as Evidence),
  };
}

/** Makes known what is not known yet; a task that was just enabled begins anew, so that its pause is not "missed". */
export async function registerTasks(tx: Tx, tasks: readonly TaskDefinition[], nowMs: number): Promise<void> {
  for (const task of tasks) {
    const enabled = task.enabled === false ? 0 : 1;
    await tx
      .insertInto("task")
      .values({ name: task.name, anchor_at: nowMs, cursor_at: null, enabled, run_id: null, owner: null, lease_until: null })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .execute();
    const changed = tx.updateTable("task").where("name", "=", task.name).where("enabled", "!=", enabled);
    await (enabled === 1 ? changed.set({ enabled, cursor_at: null }) : changed.set({ enabled })).execute();
  }
}

export async function readStates(tx: Tx): Promise<Map<string, TaskState>> {
  const rows = await tx.selectFrom("task").selectAll().execute();
  return new Map(rows.map((row) => [row.name, toState(row)]));
}

/** Compare and set: true when the task still stands where it was read, and nobody holds it. */
export async function moveCursor(tx: Tx, read: TaskState, cursorAt: number | null): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("task")
    .set({ cursor_at: cursorAt })
    .where("name", "=", read.task)
    .where("run_id", "is", null)
    .where("cursor_at", read.cursorAt === null ? "is" : "=", read.cursorAt)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export interface NewRun {
  task: string;
  cause: RunCause;
  dueAt: number;
  late: boolean;
  missed: number;
  owner: string;
  startedAt: number;
}

/** A run that the caller holds the task for, until `leaseUntil` and as long as it renews. */
export async function insertRun(tx: Tx, run: NewRun, leaseUntil: number): Promise<TaskRun> {
  const row = await insertRow(tx, run, { outcome: "running", finished_at: null });
  await tx.updateTable("task").set({ run_id: row.id, owner: run.owner, lease_until: leaseUntil }).where("name", "=", run.task).execute();
  return row;
}

export async function insertSkipped(tx: Tx, run: NewRun): Promise<TaskRun> {
  return await insertRow(tx, run, { outcome: "skipped", finished_at: run.startedAt });
}

async function insertRow(tx: Tx, run: NewRun, end: { outcome: RunOutcome; finished_at: number | null }): Promise<TaskRun> {
  const before = await tx
    .selectFrom("task_run")
    .select(({ fn }) => fn.max("attempt").as("attempt"))
    .where("task", "=", run.task)
    .where("cause", "=", run.cause)
    .where("due_at", "=", run.dueAt)
    .executeTakeFirst();
  const row = await tx
    .insertInto("task_run")
    .values({
      task: run.task,
      cause: run.cause,
      attempt: (before?.attempt ?? 0) + 1,
      due_at: run.dueAt,
      started_at: run.startedAt,
      duration_ms: null,
      late: run.late ? 1 : 0,
      missed: run.missed,
      owner: run.owner,
      error: null,
      evidence: null,
      ...end,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRun(row);
}

/** A sign of life. False when the run no longer holds its task. */
export async function renewLease(tx: Tx, run: TaskRun, leaseUntil: number): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("task").set({ lease_until: leaseUntil }).where("name", "=", run.task).where("run_id", "=", run.id).executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Keeps the task for this run until the transaction ends; false when it is not this run's any more. */
export async function holdsTask(tx: Tx, run: Pick<TaskRun, "task" | "id">): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("task").set({ run_id: run.id }).where("name", "=", run.task).where("run_id", "=", run.id).executeTakeFirst();
  return numUpdatedRows === 1n;
}

export interface RunEnd {
  outcome: Exclude<RunOutcome, "running">;
  finishedAt: number;
  durationMs: number | null;
  error: string | null;
  evidence: Evidence | null;
}

/** Writes the end of a run that is still running; what was written first stays. */
export async function endRun(tx: Tx, runId: number, end: RunEnd): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("task_run")
    .set({
      outcome: end.outcome,
      finished_at: end.finishedAt,
      duration_ms: end.durationMs,
      error: end.error,
      evidence: end.evidence === null ? null : evidenceJson(end.evidence),
    })
    .where("id", "=", runId)
    .where("outcome", "=", "running")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Lets the task go. @param cursorAt where it is put back to, for its time to be due once more. */
export async function releaseTask(tx: Tx, run: Pick<TaskRun, "task" | "id">, cursorAt?: number): Promise<boolean> {
  const free = { run_id: null, owner: null, lease_until: null };
  const { numUpdatedRows } = await tx
    .updateTable("task")
    .set(cursorAt === undefined ? free : { ...free, cursor_at: cursorAt })
    .where("name", "=", run.task)
    .where("run_id", "=", run.id)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function readRun(tx: Tx, id: number): Promise<TaskRun | null> {
  const row = await tx.selectFrom("task_run").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toRun(row);
}

/** The history of a task, newest first. @param beforeId the last id of the page before. */
export async function readRuns(tx: Tx, task: string, options: { limit: number; beforeId?: number }): Promise<TaskRun[]> {
  let query = tx.selectFrom("task_run").selectAll().where("task", "=", task).orderBy("id", "desc").limit(options.limit);
  if (options.beforeId !== undefined) query = query.where("id", "<", options.beforeId);
  return (await query.execute()).map(toRun);
}

/**
 * Removes ended runs older than that, at most `limit` of them; the newest of each task stays. Returns how many went:
 * fewer than `limit` means all.
 */
export async function retainTaskRuns(tx: Tx, beforeMs: number, limit: number): Promise<number> {
  const newest = tx.selectFrom("task_run").select(({ fn }) => fn.max("id").as("id")).groupBy("task");
  const old = tx.selectFrom("task_run").select("id").where("finished_at", "<", beforeMs).where("id", "not in", newest).orderBy("finished_at").limit(limit);
  const { numDeletedRows } = await tx.deleteFrom("task_run").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
