import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAlarm, usualTime } from "./alarm.ts";
import type { TaskStatus } from "./status.ts";
import type { TaskDefinition, TaskRun } from "./task.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const MINUTE = 60_000;
const DAILY: TaskDefinition = { name: "backup", description: "", schedule: { kind: "cron", cron: "0 3 * * *", timeZone: "UTC" }, missed: "once", graceMs: 10 * MINUTE, timeLimitMs: 60 * MINUTE, neverEmpty: ["rows"], run: async () => ({}) };
const OFTEN: TaskDefinition = { ...DAILY, name: "sweep", schedule: { kind: "every", everyMs: 5 * MINUTE }, neverEmpty: [] };

const run = (more: Partial<TaskRun> = {}): TaskRun => ({
  id: 1, task: "backup", cause: "schedule", attempt: 1, dueAt: NOON - 9 * 3_600_000, startedAt: NOON - 9 * 3_600_000, finishedAt: NOON - 9 * 3_600_000 + 40_000, durationMs: 40_000,
  outcome: "ok", late: false, missed: 0, owner: "n", error: null, evidence: { rows: 12 }, ...more,
});
const usual = Array.from({ length: 20 }, (_, index) => 38_000 + index * 200);
const status = (more: Partial<TaskStatus> = {}): TaskStatus => ({ task: DAILY, nextAt: NOON + 15 * 3_600_000, overdueMs: 0, running: null, leaseUntil: null, lastRun: run(), lastOkAt: NOON - 9 * 3_600_000, failuresInARow: 0, recentDurationsMs: [40_000, ...usual], ...more });

describe("a task", () => {
  it.each<[string, TaskStatus, string | null]>([
    ["that is well", status(), null],
    ["that never ran", status({ lastRun: null, lastOkAt: null, recentDurationsMs: [] }), null],
    ["that is switched off", status({ task: { ...DAILY, enabled: false }, overdueMs: 99 * MINUTE }), null],
    ["due within its grace", status({ overdueMs: 10 * MINUTE }), null],
    ["due beyond it", status({ overdueMs: 12 * MINUTE, nextAt: NOON - 12 * MINUTE }), "CRITICAL missed"],
    ["that failed once and comes daily", status({ failuresInARow: 1, lastRun: run({ outcome: "failed", error: "disk full" }) }), "WARNING failed"],
    ["that failed once and comes again in minutes", status({ task: OFTEN, failuresInARow: 1, lastRun: run({ outcome: "failed" }) }), null],
    ["that failed twice", status({ task: OFTEN, failuresInARow: 2, lastRun: run({ outcome: "failed" }) }), "WARNING failed"],
    ["that failed three times", status({ task: OFTEN, failuresInARow: 3, lastRun: run({ outcome: "timed_out" }) }), "CRITICAL failed"],
    ["whose failures are told elsewhere", status({ task: { ...OFTEN, failuresToldElsewhere: true }, failuresInARow: 9, lastRun: run({ outcome: "failed" }) }), null],
    ["that runs as long as ever", status({ running: run({ outcome: "running", startedAt: NOON - 60_000 }), leaseUntil: NOON + 50_000 }), null],
    ["that runs four times as long", status({ running: run({ outcome: "running", startedAt: NOON - 200_000 }), leaseUntil: NOON + 50_000 }), "WARNING slow"],
    ["that runs long for the first time", status({ running: run({ outcome: "running", startedAt: NOON - 200_000 }), leaseUntil: NOON + 50_000, recentDurationsMs: [] }), null],
    ["past its limit", status({ running: run({ outcome: "timed_out", startedAt: NOON - 70 * MINUTE }), leaseUntil: NOON + 50_000 }), "CRITICAL hangs"],
    ["whose node is gone: dead, not slow", status({ running: run({ outcome: "running", startedAt: NOON - 200_000 }), leaseUntil: NOON - 3 * MINUTE }), "CRITICAL dead"],
    ["that did nothing", status({ lastRun: run({ evidence: { rows: 0 } }) }), "WARNING empty"],
    ["that does not say what it did", status({ lastRun: run({ evidence: null }) }), "WARNING empty"],
    ["that was ok in no time", status({ lastRun: run({ durationMs: 300 }), recentDurationsMs: [300, ...usual] }), "WARNING short"],
    ["that was quick, as some were", status({ lastRun: run({ durationMs: 300 }), recentDurationsMs: [300, 250, 280, 300, ...usual] }), null],
    ["that always takes no time", status({ lastRun: run({ durationMs: 1 }), recentDurationsMs: [1, ...Array.from({ length: 20 }, () => 900)] }), null],
  ])("%s", (_what, given, expected) => {
    const alarm = judgeAlarm(given, NOON);
    expect(alarm === null ? null : `${alarm.severity} ${alarm.kind}`).toBe(expected);
    if (alarm !== null) expect(alarm.todo.length).toBeGreaterThan(0);
  });

  it("says in words what was seen and what is usual", () => {
    expect(judgeAlarm(status({ lastRun: run({ durationMs: 300 }), recentDurationsMs: [300, ...usual] }), NOON)?.text).toBe("it says that it was ok after 0.3 s, and usually takes 40 s: did it do its work?");
    expect(judgeAlarm(status({ failuresInARow: 2, lastRun: run({ outcome: "failed", error: "disk full" }) }), NOON)?.text).toBe("it failed 2 times in a row (failed: disk full); it last succeeded at 2026-10-20T03:00:00Z");
  });

  it("is never called short for a run that is not shorter than what nearly all took", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_600_000 }), { minLength: 1, maxLength: 50 }), (durations) => {
        const [last = 0, ...before] = durations;
        const alarm = judgeAlarm(status({ lastRun: run({ durationMs: last }), recentDurationsMs: durations }), NOON);
        const known = usualTime(before);
        if (known === null || last >= known.lowMs / 10) expect(alarm).toBe(null);
        if (known !== null) expect(known.lowMs <= known.medianMs && known.medianMs <= known.highMs).toBe(true);
      }),
    );
  });
});
