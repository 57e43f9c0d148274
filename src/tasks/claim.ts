import { type Database, MINUTE_MS, type Tx } from "../platform/index.ts";
import { type Decision, decide } from "./decide.ts";
import { cursorAfterLoss } from "./running.ts";
import { endRun, holdsTask, insertRun, insertSkipped, moveCursor, readRun, releaseTask, type RunEnd } from "./store.ts";
import type { RunCause, TaskDefinition, TaskRun, TaskState } from "./task.ts";

/** What came of looking at one task. */
export type Claim =
  | { kind: "none" }
  | { kind: "run"; run: TaskRun }
  | { kind: "skipped"; run: TaskRun }
  /** The cursor was put right; look again. */
  | { kind: "moved" };

export type RunNote = (tx: Tx, run: TaskRun) => Promise<void>;

export interface Claimant {
  db: Database;
  owner: string;
  leaseMs: number;
  nowMs: number;
}

/** Clocks further apart than this break more than schedules: Stripe's signatures are stale after half of it. */
const CLOCK_SKEW_MS = 10 * MINUTE_MS;

export function decideFor(db: Database, task: TaskDefinition, state: TaskState, nowMs: number): Decision {
  return decide(task, state, nowMs, db.kind === "postgres" ? CLOCK_SKEW_MS : 0);
}

/**
 * Reads were before; here one transaction sets what was decided, if the task still stands where it was read. Of several
 * nodes that decide the same, one is first and the others get `none`.
 */
export async function claimDue(by: Claimant, task: TaskDefinition, state: TaskState): Promise<Claim> {
  const decision = decideFor(by.db, task, state, by.nowMs);
  if (decision.kind === "wait") return { kind: "none" };
  return await by.db.write(async (tx): Promise<Claim> => {
    if (!(await moveCursor(tx, state, decision.cursorAt))) return { kind: "none" };
    if (decision.kind === "reset") return { kind: "moved" };
    const run = { ...newRun(by, task, "schedule"), dueAt: decision.dueAt, missed: decision.missed };
    if (decision.kind === "skip") return { kind: "skipped", run: await insertSkipped(tx, { ...run, late: true }) };
    return { kind: "run", run: await insertRun(tx, { ...run, late: decision.late }, by.nowMs + by.leaseMs) };
  });
}

/**
 * A run on demand or at startup: leaves the schedule as it is. Null when someone else was first.
 *
 * @param note is written together with the claim, e.g. who asked for it.
 */
export async function claimNow(by: Claimant, task: TaskDefinition, state: TaskState, cause: RunCause, note?: RunNote): Promise<TaskRun | null> {
  return await by.db.write(async (tx) => {
    if (!(await moveCursor(tx, state, state.cursorAt))) return null;
    const run = await insertRun(tx, newRun(by, task, cause), by.nowMs + by.leaseMs);
    await note?.(tx, run);
    return run;
  });
}

function newRun(by: Claimant, task: TaskDefinition, cause: RunCause) {
  return { task: task.name, cause, dueAt: by.nowMs, startedAt: by.nowMs, late: false, missed: 0, owner: by.owner };
}

/** Takes the task from a run whose node is dead; its time is due once more. Null when it came back to life or someone else was first. */
export async function loseRun(by: Claimant, held: NonNullable<TaskState["held"]>): Promise<{ run: TaskRun; end: RunEnd } | null> {
  return await by.db.write(async (tx) => {
    const run = await readRun(tx, held.runId);
    // Locks the task's row, so that its node cannot renew between our look and our taking.
    if (run === null || !(await holdsTask(tx, run))) return null;
    const end: RunEnd = { outcome: "lost", finishedAt: by.nowMs, durationMs: null, error: `its node ${held.owner} gave no sign of life any more`, evidence: null };
    const stillHeld = await tx.selectFrom("task").select("lease_until").where("name", "=", run.task).where("run_id", "=", run.id).executeTakeFirst();
    if (stillHeld?.lease_until !== held.leaseUntil) return null;
    const again = run.outcome === "running" ? cursorAfterLoss(run) : undefined;
    await releaseTask(tx, run, again);
    await endRun(tx, run.id, end);
    return { run, end };
  });
}
