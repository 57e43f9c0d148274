import { isoSeconds, MINUTE_MS } from "../platform/index.ts";
import type { TaskStatus } from "./status.ts";

/** How well a task is, in the words of a health check. */
export interface TaskVerdict {
  state: "ok" | "degraded" | "down";
  figure: string;
  sinceMs?: number;
  todo?: string;
}

/** A task that is due this long beyond its grace shows that no node runs the scheduler. */
const LAG_MS = MINUTE_MS;

/** Pure: judges the last run and what should have come since. */
export function judgeTask(status: TaskStatus): TaskVerdict {
  const { task, running, lastRun } = status;
  const history = `see \`tillwatch tasks runs ${task.name}\``;
  if (running?.outcome === "timed_out") {
    return { state: "down", figure: "hangs", sinceMs: running.startedAt, todo: `it was told to stop at its time limit of ${task.timeLimitMs} ms and has not; restart the service` };
  }
  if (status.overdueMs > task.graceMs + LAG_MS) {
    return { state: "down", figure: `${Math.round(status.overdueMs / 1000)} s overdue`, ...(status.nextAt === null ? {} : { sinceMs: status.nextAt }), todo: "no node runs it; is the service running?" };
  }
  if (status.failuresInARow > 0 && lastRun !== null) {
    return { state: "degraded", figure: `${lastRun.outcome} ${status.failuresInARow} times`, sinceMs: status.lastOkAt ?? lastRun.startedAt, todo: `${lastRun.error ?? lastRun.outcome}; ${history}` };
  }
  if (lastRun === null) return { state: "ok", figure: task.enabled === false ? "off" : "not run yet" };
  return { state: "ok", figure: `ok at ${isoSeconds(lastRun.finishedAt ?? lastRun.startedAt)}` };
}
