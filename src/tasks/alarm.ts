import { isoSeconds, MINUTE_MS } from "../platform/index.ts";
import type { TaskStatus } from "./status.ts";
import type { TaskRun } from "./task.ts";

/**
 * What is wrong with a task, worst first:
 * - `dead`: the node that runs it gives no sign of life, and nobody has taken over
 * - `hangs`: was told to stop at its time limit and has not
 * - `missed`: due, and no node has begun it
 * - `failed`: the last runs failed, timed out or were lost
 * - `slow`: takes far longer than it usually does; within its limit, and alive
 * - `empty`: was ok, and did nothing of what a good run does
 * - `short`: was ok, in a small part of the time that it usually takes
 */
export type AlarmKind = "dead" | "hangs" | "missed" | "failed" | "slow" | "empty" | "short";

export interface TaskAlarm {
  readonly kind: AlarmKind;
  readonly severity: "WARNING" | "CRITICAL";
  /** Since when, ms UTC. */
  readonly sinceMs: number;
  readonly text: string;
  readonly todo: readonly string[];
}

/** A task that is due this long beyond its grace shows that no node runs the scheduler. */
const LAG_MS = MINUTE_MS;
/** A lease that ran out this long ago was not only late: another node would have taken over. */
const DEAD_MS = 2 * MINUTE_MS;
/** Of these many runs the usual time is known. */
const ENOUGH_RUNS = 8;
/** Runs that usually take less differ by chance alone. */
const WORTH_TIMING_MS = 2000;
const SHORT_SHARE = 0.1;
const SLOW_TIMES = 4;
const MANY_FAILURES = 3;

/** How long good runs take: the median, and the span that nearly all of them keep to. */
export interface UsualTime {
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** Pure; null while there are too few runs to say. Median and the 5th and 95th percentile, by nearest rank. */
export function usualTime(durationsMs: readonly number[]): UsualTime | null {
  if (durationsMs.length < ENOUGH_RUNS) return null;
  const sorted = [...durationsMs].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
  return { medianMs: at(0.5), lowMs: at(0.05), highMs: at(0.95) };
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / MINUTE_MS)} min`;
}

function running({ task, running: run, leaseUntil, recentDurationsMs }: TaskStatus, history: string, nowMs: number): TaskAlarm | null {
  if (run === null) return null;
  const ranMs = nowMs - run.startedAt;
  if (leaseUntil !== null && nowMs - leaseUntil > DEAD_MS) {
    return { kind: "dead", severity: "CRITICAL", sinceMs: leaseUntil, text: `the node that runs it has given no sign of life since ${isoSeconds(leaseUntil)}, and no other has taken over`, todo: ["Is a service running? `tillwatch health`", history] };
  }
  if (run.outcome === "timed_out") {
    return { kind: "hangs", severity: "CRITICAL", sinceMs: run.startedAt, text: `it was told to stop at its time limit of ${seconds(task.timeLimitMs)} and has not, after ${seconds(ranMs)}; it does not run again until it ends`, todo: ["Restart the service", history] };
  }
  const usual = usualTime(recentDurationsMs);
  if (usual !== null && usual.highMs >= WORTH_TIMING_MS && ranMs > usual.highMs * SLOW_TIMES) {
    return { kind: "slow", severity: "WARNING", sinceMs: run.startedAt, text: `it has been running for ${seconds(ranMs)} and usually takes ${seconds(usual.medianMs)}; its node is alive, and its limit is ${seconds(task.timeLimitMs)}`, todo: ["See whether the database or Stripe is slow: `tillwatch health`", history] };
  }
  return null;
}

function failed({ task, failuresInARow, lastRun, lastOkAt }: TaskStatus, history: string): TaskAlarm | null {
  if (failuresInARow === 0 || lastRun === null) return null;
  // One that comes again within minutes is given a second chance before anybody is told.
  const often = task.schedule.kind === "every" && task.schedule.everyMs <= 15 * MINUTE_MS;
  if (task.failuresToldElsewhere === true || (often && failuresInARow < 2)) return null;
  const last = lastOkAt === null ? "it never succeeded" : `it last succeeded at ${isoSeconds(lastOkAt)}`;
  return {
    kind: "failed",
    severity: failuresInARow >= MANY_FAILURES ? "CRITICAL" : "WARNING",
    sinceMs: lastOkAt ?? lastRun.startedAt,
    text: `it failed ${failuresInARow === 1 ? "" : `${failuresInARow} times in a row `}(${lastRun.outcome}: ${lastRun.error ?? "no reason given"}); ${last}`,
    todo: [history, `Run it now: \`tillwatch tasks run ${task.name}\``],
  };
}

/** Evidence that a good run never leaves at zero. */
function emptyFigures({ evidence }: TaskRun, expects: readonly string[]): string[] {
  return expects.filter((name) => {
    const value = evidence?.[name];
    return value === undefined || value === null || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
  });
}

function thin({ task, lastRun, recentDurationsMs }: TaskStatus, history: string): TaskAlarm | null {
  if (lastRun?.outcome !== "ok") return null;
  const base = { severity: "WARNING", sinceMs: lastRun.finishedAt ?? lastRun.startedAt } as const;
  const empty = emptyFigures(lastRun, task.neverEmpty ?? []);
  if (empty.length > 0) return { ...base, kind: "empty", text: `it says that it was ok, and did nothing: ${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} zero or missing`, todo: [history, `Run it now and see: \`tillwatch tasks run ${task.name}\``] };
  // The last one is the first of the durations; it is judged by those before it.
  const usual = usualTime(recentDurationsMs.slice(1));
  const tookMs = lastRun.durationMs;
  if (usual === null || tookMs === null || usual.medianMs < WORTH_TIMING_MS || tookMs >= usual.lowMs * SHORT_SHARE) return null;
  return { ...base, kind: "short", text: `it says that it was ok after ${seconds(tookMs)}, and usually takes ${seconds(usual.medianMs)}: did it do its work?`, todo: [history, "Compare what it found (its evidence) with earlier runs"] };
}

/** Pure: what is wrong with a task now; null when nothing is. A task that is switched off has no alarm. */
export function judgeAlarm(status: TaskStatus, nowMs: number): TaskAlarm | null {
  const { task, overdueMs, nextAt } = status;
  if (task.enabled === false) return null;
  const history = `See its history: \`tillwatch tasks runs ${task.name}\``;
  const alarm = running(status, history, nowMs);
  if (alarm !== null && alarm.kind !== "slow") return alarm;
  if (overdueMs > task.graceMs + LAG_MS) {
    return { kind: "missed", severity: "CRITICAL", sinceMs: nextAt ?? nowMs, text: `it was due ${seconds(overdueMs)} ago and no node has begun it`, todo: ["Is the service running, and is the machine overloaded? `tillwatch health`", history] };
  }
  return failed(status, history) ?? alarm ?? thin(status, history);
}
