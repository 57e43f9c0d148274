import { ConfigError, type ConfigProblem, didYouMean } from "../platform/index.ts";
import { cronTrouble } from "./slots.ts";
import type { Schedule, TaskDefinition } from "./task.ts";

/** What a configuration may change about a task; null leaves it as it is. */
export interface TaskSettings {
  enabled: boolean;
  everyMs: number | null;
  cron: string | null;
  timeZone: string | null;
  timeLimitMs: number | null;
}

/**
 * The tasks as configured.
 *
 * @param timeZone for cron expressions that name none.
 * @throws ConfigError for a name that no task has, and for a cron expression that is wrong.
 */
export function applySettings(tasks: readonly TaskDefinition[], settings: Readonly<Record<string, TaskSettings>>, timeZone: string): TaskDefinition[] {
  const problems = Object.entries(settings).flatMap(([name, given]) => problemsOf(tasks, name, given));
  if (problems.length > 0) throw new ConfigError(problems);
  return tasks.map((task) => {
    const given = settings[task.name];
    if (given === undefined) return task;
    return {
      ...task,
      enabled: given.enabled,
      schedule: scheduleOf(task.schedule, given, timeZone),
      timeLimitMs: given.timeLimitMs ?? task.timeLimitMs,
    };
  });
}

function scheduleOf(schedule: Schedule, given: TaskSettings, timeZone: string): Schedule {
  if (given.everyMs !== null) return { kind: "every", everyMs: given.everyMs };
  if (given.cron !== null) return { kind: "cron", cron: given.cron, timeZone: given.timeZone ?? timeZone };
  return schedule.kind === "cron" && given.timeZone !== null ? { ...schedule, timeZone: given.timeZone } : schedule;
}

function problemsOf(tasks: readonly TaskDefinition[], name: string, given: TaskSettings): ConfigProblem[] {
  const problem = (key: string, value: string | null, text: string): ConfigProblem => ({ key, given: value, text, file: null, line: null });
  const names = tasks.map((task) => task.name);
  if (!names.includes(name)) {
    const meant = didYouMean(name, names);
    return [problem(`tasks.${name}`, null, `there is no such task; ${meant === null ? `there are ${names.join(", ")}` : `did you mean "${meant}"?`}`)];
  }
  const trouble = given.cron === null ? null : cronTrouble(given.cron);
  return trouble === null ? [] : [problem(`tasks.${name}.cron`, given.cron, `${trouble}; expected five fields such as "15 3 * * *"`)];
}
