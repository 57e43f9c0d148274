import { AppError, type Database } from "../platform/index.ts";
import { failureText } from "./evidence.ts";
import { endRun, holdsTask, releaseTask, type RunEnd } from "./store.ts";
import type { Evidence, TaskContext, TaskDefinition, TaskRun } from "./task.ts";

/** A run of this node, from its claim until its end is written. */
export interface RunningTask {
  readonly task: TaskDefinition;
  readonly run: TaskRun;
  readonly controller: AbortController;
  /** By the clock that does not jump. */
  readonly startedMono: number;
  renewedMono: number;
  /** How it went; set by the end of the task's function or by its time limit, whichever was first. */
  end: RunEnd | null;
  /** The function has returned. Until then the task is held, also past its limit: it never overlaps itself. */
  settled: boolean;
  /** Another node took over: nothing is written any more. */
  lost: boolean;
  /** `end` is in the database. */
  recorded: boolean;
  /** Writes of the end, one after the other: the time limit and the function's return may come together. */
  writing: Promise<void>;
  /** Resolves when the function has returned and its end was tried to be written. */
  done: Promise<void>;
}

/** A time is tried anew this often when the nodes that run it die. */
const MAX_ATTEMPTS = 3;

export const SHUTDOWN = new AppError("unavailable", "stopped before its end: its process was told to shut down", { code: "shutdown" });
export const TAKEN_OVER = new AppError("conflict", "stopped: another node took this run over", { code: "taken_over" });

export function timeLimitError(task: TaskDefinition): AppError {
  return new AppError("unavailable", `took longer than its limit of ${task.timeLimitMs} ms and was told to stop`, { code: "time_limit" });
}

export function contextOf(running: Pick<RunningTask, "run" | "controller">): TaskContext {
  const { run, controller } = running;
  return {
    signal: controller.signal,
    runId: run.id,
    cause: run.cause,
    dueAt: run.dueAt,
    late: run.late,
    missed: run.missed,
    fence: async (tx) => {
      if (!(await holdsTask(tx, run))) throw TAKEN_OVER;
    },
  };
}

/** What the function's return means. Stopped by our shutdown, it is not the task that failed: its time comes once more. */
export function endOf(running: RunningTask, result: { evidence: Evidence } | { error: unknown }, nowMs: number, monoMs: number): RunEnd {
  const base = { finishedAt: nowMs, durationMs: Math.max(0, Math.round(monoMs - running.startedMono)) };
  if ("evidence" in result) return { ...base, outcome: "ok", error: null, evidence: result.evidence };
  const outcome = running.controller.signal.reason === SHUTDOWN ? "lost" : "failed";
  return { ...base, outcome, error: outcome === "lost" ? SHUTDOWN.message : failureText(result.error), evidence: null };
}

/** Where the cursor is put back to so that a lost run's time is due once more; undefined leaves it. */
export function cursorAfterLoss(run: TaskRun): number | undefined {
  return run.cause === "schedule" && run.attempt < MAX_ATTEMPTS ? run.dueAt - 1 : undefined;
}

/** Writes the end, and lets the task go when its function has returned. False when the run is not ours any more. */
export async function recordEnd(db: Database, running: RunningTask, end: RunEnd, settled: boolean): Promise<boolean> {
  return await db.write(async (tx) => {
    if (!(await holdsTask(tx, running.run))) return false;
    await endRun(tx, running.run.id, end);
    if (settled) await releaseTask(tx, running.run, end.outcome === "lost" ? cursorAfterLoss(running.run) : undefined);
    return true;
  });
}
