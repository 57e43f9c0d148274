import type { HandedRule } from "../alerts/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { judgeAlarm, readTaskStatuses, type TaskDefinition, type TaskStatus } from "../tasks/index.ts";

/** Alerts are judged every few seconds; tasks change by the minute. */
const FRESH_MS = 15_000;

/** What was wrong is told at once, and is over when the task is well again. */
const LIFE = { pendingMs: 0, recoveryMs: 0 };

/** How all tasks stand, read once for all their rules. */
function statusReader(db: Database, tasks: readonly TaskDefinition[], clock: Clock): () => Promise<readonly TaskStatus[]> {
  let last: { at: number; statuses: Promise<readonly TaskStatus[]> } | null = null;
  return async () => {
    const now = clock.now();
    if (last === null || now < last.at || now - last.at >= FRESH_MS) {
      const statuses = readTaskStatuses(db, tasks, now);
      last = { at: now, statuses };
      // One that could not be read is not kept.
      statuses.catch(() => {
        last = null;
      });
    }
    return await last.statuses;
  };
}

/** A rule per task that is switched on: dead, hanging, missed, failed, slow, empty, suspiciously short. */
export function taskRules(db: Database, tasks: readonly TaskDefinition[], clock: Clock): HandedRule[] {
  const read = statusReader(db, tasks, clock);
  return tasks
    .filter((task) => task.enabled !== false)
    .map(({ name, description }) => ({
      name: `task_${name}`,
      subject: "tasks",
      labels: { kind: "task", task: name },
      life: LIFE,
      judge: async (nowMs) => {
        const status = (await read()).find(({ task }) => task.name === name);
        if (status === undefined || (status.lastRun === null && status.running === null && status.overdueMs === 0)) return { value: 0, summary: `${name} has not run yet`, verdict: { kind: "no_data" } };
        const alarm = judgeAlarm(status, nowMs);
        if (alarm === null) return { value: 0, summary: `the task ${name} is well`, verdict: { kind: "ok" } };
        return {
          value: status.failuresInARow,
          summary: `The task ${name}: ${alarm.text}`,
          title: `Task ${name}: ${alarm.kind}`,
          details: [description],
          todo: alarm.todo,
          startedAt: alarm.sinceMs,
          labels: { alarm: alarm.kind },
          verdict: { kind: "breach", severity: alarm.severity },
        };
      },
    }));
}
