/** The scheduler: which task is due, run on exactly one node, never over itself, with a history of every run. */
export { type AlarmKind, judgeAlarm, type TaskAlarm } from "./alarm.ts";
export { taskMigrations } from "./migrations/index.ts";
export { showRun, showTask } from "./present.ts";
export { type TaskRoutes, taskRoutes } from "./routes.ts";
export { createScheduler, findTask, type Scheduler, type SchedulerOptions } from "./scheduler.ts";
export { applySettings, type TaskSettings } from "./settings.ts";
export { cronTrouble } from "./slots.ts";
export { readTaskStatuses, type TaskStatus } from "./status.ts";
export { readRuns, retainTaskRuns } from "./store.ts";
export { type RunTally, tallyRuns } from "./tally.ts";
export { judgeTask, type TaskVerdict } from "./verdict.ts";
export type { Evidence, MissedPolicy, RunOutcome, Schedule, TaskContext, TaskDefinition, TaskRun } from "./task.ts";
