import { isoSeconds } from "../platform/index.ts";
import { evidenceJson } from "./evidence.ts";
import type { RunEnd } from "./store.ts";
import type { Evidence, TaskDefinition, TaskRun } from "./task.ts";

/** The lines of logs/scheduler.log. People grep for these names: `ts` and `event` come first, further keys after them. */

type Line = Readonly<Record<string, unknown>>;

export function startupLine(nowMs: number, pid: number): Line {
  return { ts: isoSeconds(nowMs), event: "startup", ok: true, pid };
}

export function tickLine(nowMs: number): Line {
  return { ts: isoSeconds(nowMs), event: "tick" };
}

/** A run that comes late says so, and how many it makes up for. */
function lateness(run: Pick<TaskRun, "late" | "missed">): Line {
  return run.late || run.missed > 0 ? { late: run.late, missed: run.missed } : {};
}

export function startLine(run: TaskRun, nowMs: number): Line {
  return { ts: isoSeconds(nowMs), event: `${run.task}_start`, ...lateness(run) };
}

export function skipLine(run: TaskRun): Line {
  return { ts: isoSeconds(run.startedAt), event: `${run.task}_skipped`, missed: run.missed };
}

/** One line for how it went, and one under the older name where there is one. */
export function endLines(task: Pick<TaskDefinition, "name" | "alsoLogAs">, run: TaskRun, end: RunEnd): Line[] {
  const ts = isoSeconds(end.finishedAt);
  const ok = end.outcome === "ok";
  const line = ok
    ? { ts, event: `${task.name}_complete`, ...figures(end.evidence), duration_ms: end.durationMs, ...lateness(run) }
    : { ts, event: `${task.name}_failed`, error: end.error, outcome: end.outcome, duration_ms: end.durationMs, ...lateness(run) };
  if (task.alsoLogAs === undefined) return [line];
  return [line, { ts, event: task.alsoLogAs, ok, ...(ok ? {} : { err: end.error }) }];
}

/** The task's own figures, as much of them as the history keeps; a figure cannot pass itself off as the line's name. */
function figures(evidence: Evidence | null): Line {
  if (evidence === null) return {};
  const { ts: _, event: __, ...rest } = JSON.parse(evidenceJson(evidence)) as Record<string, unknown>;
  return rest;
}
