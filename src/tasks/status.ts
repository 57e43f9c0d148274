import type { Database } from "../platform/index.ts";
import { decideFor } from "./claim.ts";
import { slotsOf } from "./slots.ts";
import { readRun, readRuns, readStates } from "./store.ts";
import type { TaskDefinition, TaskRun, TaskState } from "./task.ts";

/** How a task stands: what a list shows, a health check judges and an alarm for missed, failed, long or short runs needs. */
export interface TaskStatus {
  task: TaskDefinition;
  /** Null: disabled, or never. Before now: due, and not begun yet. */
  nextAt: number | null;
  /** How long it has been due and not begun; 0 when it is not due. */
  overdueMs: number;
  /** The run that holds the task; `timed_out` here is one that was told to stop and has not. */
  running: TaskRun | null;
  /** Until when the node that runs it promised to give another sign of life; null while nobody does. */
  leaseUntil: number | null;
  lastRun: TaskRun | null;
  lastOkAt: number | null;
  /** Failed, timed out or lost since the last one that was ok. */
  failuresInARow: number;
  /** Of the newest runs that were ok, newest first. */
  recentDurationsMs: readonly number[];
}

const LOOK_BACK = 50;

export async function readTaskStatuses(db: Database, tasks: readonly TaskDefinition[], nowMs: number): Promise<TaskStatus[]> {
  const states = await readStates(db.read);
  return await Promise.all(tasks.map((task) => readStatus(db, task, states.get(task.name) ?? neverSeen(task, nowMs), nowMs)));
}

function neverSeen(task: TaskDefinition, nowMs: number): TaskState {
  return { task: task.name, anchorAt: nowMs, cursorAt: null, enabled: task.enabled !== false, held: null };
}

async function readStatus(db: Database, task: TaskDefinition, state: TaskState, nowMs: number): Promise<TaskStatus> {
  const running = state.held === null ? null : await readRun(db.read, state.held.runId);
  const ended = (await readRuns(db.read, task.name, { limit: LOOK_BACK })).filter((run) => run.id !== running?.id && run.outcome !== "skipped");
  const ok = ended.filter((run) => run.outcome === "ok");
  const lastOk = ended.findIndex((run) => run.outcome === "ok");
  const nextAt = nextDue(db, task, state, nowMs);
  return {
    task,
    nextAt,
    overdueMs: running === null && nextAt !== null ? Math.max(0, nowMs - nextAt) : 0,
    running,
    leaseUntil: state.held?.leaseUntil ?? null,
    lastRun: ended[0] ?? null,
    lastOkAt: ok[0]?.finishedAt ?? null,
    failuresInARow: lastOk === -1 ? ended.length : lastOk,
    recentDurationsMs: ok.map((run) => run.durationMs).filter((durationMs) => durationMs !== null),
  };
}

function nextDue(db: Database, task: TaskDefinition, state: TaskState, nowMs: number): number | null {
  const decision = decideFor(db, task, state, nowMs);
  switch (decision.kind) {
    case "wait":
      return decision.nextAt;
    case "run":
    case "skip":
      return decision.dueAt;
    case "reset":
      return slotsOf(task.schedule, state.anchorAt).after(nowMs);
    default:
      return decision satisfies never;
  }
}
