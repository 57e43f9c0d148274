import { z } from "zod";
import { isoSeconds } from "../platform/index.ts";
import type { TaskStatus } from "./status.ts";
import type { Schedule, TaskRun } from "./task.ts";

/** How tasks look outside: the API and the command line show the same. */

const TIME = z.string().nullable();

export const RUN_SHAPE = z.object({
  id: z.number(),
  task: z.string(),
  cause: z.enum(["schedule", "startup", "manual"]),
  attempt: z.number(),
  due_at: z.string(),
  started_at: z.string(),
  finished_at: TIME,
  duration_ms: z.number().nullable(),
  outcome: z.enum(["running", "ok", "failed", "timed_out", "lost", "skipped"]),
  late: z.boolean(),
  missed: z.number(),
  node: z.string(),
  error: z.string().nullable(),
  evidence: z.record(z.string(), z.unknown()).nullable(),
});

export const TASK_SHAPE = z.object({
  name: z.string(),
  description: z.string(),
  schedule: z.union([z.object({ every_ms: z.number() }), z.object({ cron: z.string(), time_zone: z.string() })]),
  enabled: z.boolean(),
  missed: z.enum(["skip", "once", "all"]),
  grace_ms: z.number(),
  time_limit_ms: z.number(),
  next_run_at: TIME,
  overdue_ms: z.number(),
  running: RUN_SHAPE.nullable(),
  last_run: RUN_SHAPE.nullable(),
  last_ok_at: TIME,
  failures_in_a_row: z.number(),
});

function showTime(ms: number | null): string | null {
  return ms === null ? null : isoSeconds(ms);
}

export function showRun(run: TaskRun): z.output<typeof RUN_SHAPE> {
  return {
    id: run.id,
    task: run.task,
    cause: run.cause,
    attempt: run.attempt,
    due_at: isoSeconds(run.dueAt),
    started_at: isoSeconds(run.startedAt),
    finished_at: showTime(run.finishedAt),
    duration_ms: run.durationMs,
    outcome: run.outcome,
    late: run.late,
    missed: run.missed,
    node: run.owner,
    error: run.error,
    evidence: run.evidence === null ? null : { ...run.evidence },
  };
}

export function showTask(status: TaskStatus): z.output<typeof TASK_SHAPE> {
  const { task } = status;
  return {
    name: task.name,
    description: task.description,
    schedule: showSchedule(task.schedule),
    enabled: task.enabled !== false,
    missed: task.missed,
    grace_ms: task.graceMs,
    time_limit_ms: task.timeLimitMs,
    next_run_at: showTime(status.nextAt),
    overdue_ms: status.overdueMs,
    running: status.running === null ? null : showRun(status.running),
    last_run: status.lastRun === null ? null : showRun(status.lastRun),
    last_ok_at: showTime(status.lastOkAt),
    failures_in_a_row: status.failuresInARow,
  };
}

function showSchedule(schedule: Schedule) {
  return schedule.kind === "every" ? { every_ms: schedule.everyMs } : { cron: schedule.cron, time_zone: schedule.timeZone };
}
