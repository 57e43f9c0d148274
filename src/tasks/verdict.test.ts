import { describe, expect, it } from "vitest";
import type { TaskStatus } from "./status.ts";
import type { TaskRun } from "./task.ts";
import { heldTask } from "./testing/nodes.ts";
import { judgeTask } from "./verdict.ts";

const NOON = Date.UTC(2025, 9, 20, 12);
const { definition } = heldTask();
const run = (more: Partial<TaskRun> = {}): TaskRun => ({ id: 1, task: "sweep", cause: "schedule", attempt: 1, dueAt: NOON, startedAt: NOON, finishedAt: NOON + 1000, durationMs: 1000, outcome: "ok", late: false, missed: 0, owner: "one", error: null, evidence: null, ...more });
const status = (more: Partial<TaskStatus> = {}): TaskStatus => ({ task: definition, nextAt: NOON, overdueMs: 0, running: null, leaseUntil: null, lastRun: run(), lastOkAt: NOON, failuresInARow: 0, recentDurationsMs: [], ...more });

describe("a task", () => {
  it.each<[string, Partial<TaskStatus>, object]>([
    ["that ran is well", {}, { state: "ok", figure: "ok at 2025-10-20T12:00:01Z" }],
    ["that is new is well", { lastRun: null, lastOkAt: null }, { state: "ok", figure: "not run yet" }],
    ["that is off is well", { lastRun: null, task: { ...definition, enabled: false } }, { state: "ok", figure: "off" }],
    ["that is a little late is well", { overdueMs: 90_000 }, { state: "ok" }],
    ["that nobody runs is down", { overdueMs: 90_001 }, { state: "down", figure: "90 s overdue", sinceMs: NOON }],
    ["that fails is degraded, since it last was well", { failuresInARow: 2, lastRun: run({ outcome: "failed", error: "no" }), lastOkAt: NOON - 5000 }, { state: "degraded", figure: "failed 2 times", sinceMs: NOON - 5000, todo: "no; see `tillwatch tasks runs sweep`" }],
    ["that hangs is down", { running: run({ outcome: "timed_out" }) }, { state: "down", figure: "hangs", sinceMs: NOON }],
    ["that is running is as well as its last run", { running: run({ outcome: "running", finishedAt: null }) }, { state: "ok" }],
  ])("%s", (_, more, expected) => {
    expect(judgeTask(status(more))).toMatchObject(expected);
  });
});
