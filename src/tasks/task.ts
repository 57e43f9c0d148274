import type { Tx } from "../platform/index.ts";

/** When a task is due: a cron expression of five fields in a time zone, or an interval. */
export type Schedule = { kind: "cron"; cron: string; timeZone: string } | { kind: "every"; everyMs: number };

/**
 * What happens to runs that were missed (service down, or the run before took too long): left out, made up for by one
 * run, or made up for one by one.
 */
export type MissedPolicy = "skip" | "once" | "all";

/** Why a run was started. */
export type RunCause = "schedule" | "startup" | "manual";

/**
 * - `timed_out`: was stopped at its time limit, by a node that is alive
 * - `lost`: its node gave no sign of life any more; another one took over
 * - `skipped`: was missed, and is not made up for
 */
export type RunOutcome = "running" | "ok" | "failed" | "timed_out" | "lost" | "skipped";

/** Figures of the task's own; they become keys of the line in the log. */
export type Evidence = Readonly<Record<string, unknown>>;

export interface TaskContext {
  /** Aborted at the time limit, at shutdown, and when another node took over; the task must end soon then. */
  readonly signal: AbortSignal;
  readonly runId: number;
  readonly cause: RunCause;
  /** The time that this run stands for. */
  readonly dueAt: number;
  readonly late: boolean;
  /** Runs that this one makes up for. */
  readonly missed: number;
  /**
   * Throws `conflict` when this run is no longer the task's; called first in a transaction, it keeps a node that woke
   * from a long sleep from writing over the work of the one that took over.
   */
  fence(tx: Tx): Promise<void>;
}

export interface TaskDefinition {
  /** `production_alerts`: also the beginning of its lines in the log. */
  readonly name: string;
  readonly description: string;
  readonly schedule: Schedule;
  readonly missed: MissedPolicy;
  /** A run begun within this time after it was due is on time. */
  readonly graceMs: number;
  readonly timeLimitMs: number;
  /** False: is started on demand only. */
  readonly enabled?: boolean;
  /** Is also run once when the service starts. */
  readonly atStartup?: boolean;
  /** Evidence that a good run never leaves at zero: one that does is suspected of having done nothing. */
  readonly neverEmpty?: readonly string[];
  /** A health check tells of its failures already. */
  readonly failuresToldElsewhere?: boolean;
  /** An older name under which the outcome is logged too: `{"event":"alerts_run","ok":true}`. */
  readonly alsoLogAs?: string;
  run(context: TaskContext): Promise<Evidence>;
}

export interface TaskRun {
  id: number;
  task: string;
  cause: RunCause;
  /** From 1; more when earlier ones for the same time were lost. */
  attempt: number;
  dueAt: number;
  startedAt: number;
  finishedAt: number | null;
  /** By a clock that does not jump; null while it runs, and when nobody saw the end. */
  durationMs: number | null;
  outcome: RunOutcome;
  late: boolean;
  missed: number;
  /** The node that ran it. */
  owner: string;
  error: string | null;
  evidence: Evidence | null;
}

/** What is kept between runs. */
export interface TaskState {
  task: string;
  /** When the task was first seen; intervals are counted from here. */
  anchorAt: number;
  /** The newest due time that was dealt with; null before the first. */
  cursorAt: number | null;
  enabled: boolean;
  /** The run that holds the task, and its node's last sign of life. */
  held: { runId: number; owner: string; leaseUntil: number } | null;
}

export const TASK_NAME = /^[a-z][a-z0-9_]{0,62}$/;
