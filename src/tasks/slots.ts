import { Cron } from "croner";
import { errorText } from "../platform/index.ts";
import type { Schedule } from "./task.ts";

/**
 * The times at which a task is due. Cron follows daylight saving: a time of day that the clock leaves out runs at the end
 * of the gap, one that comes twice runs once.
 */
export interface Slots {
  /** The first due time after `ms`; null when there is none. */
  after(ms: number): number | null;
  /** The newest due time up to and with `ms`; null when there was none. */
  upTo(ms: number): number | null;
}

/** @param anchorAt intervals are counted from here, in both directions. */
export function slotsOf(schedule: Schedule, anchorAt: number): Slots {
  if (schedule.kind === "every") {
    const { everyMs } = schedule;
    const upTo = (ms: number): number => anchorAt + Math.floor((ms - anchorAt) / everyMs) * everyMs;
    return { after: (ms) => upTo(ms) + everyMs, upTo };
  }
  const cron = cronOf(schedule.cron, schedule.timeZone);
  return {
    after: (ms) => cron.nextRun(new Date(ms))?.getTime() ?? null,
    // Cron knows whole seconds, and "previous" is before: ask from the second that follows.
    upTo: (ms) => cron.previousRuns(1, new Date((Math.floor(ms / 1000) + 1) * 1000))[0]?.getTime() ?? null,
  };
}

function cronOf(expression: string, timeZone: string): Cron {
  return new Cron(expression, { timezone: timeZone, mode: "5-part", paused: true });
}

/** What is wrong with a cron expression; null when it is right and comes due at least once. */
export function cronTrouble(expression: string): string | null {
  try {
    return cronOf(expression, "UTC").nextRun() === null ? "it never comes due" : null;
  } catch (error) {
    return errorText(error).replace(/^CronPattern: /, "");
  }
}
