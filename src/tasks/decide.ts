import { type Slots, slotsOf } from "./slots.ts";
import type { TaskDefinition, TaskState } from "./task.ts";

/** What to do about a task now; `cursorAt` is the newest due time that is then dealt with. */
export type Decision =
  | { kind: "wait"; reason: "not_due" | "disabled"; nextAt: number | null }
  | { kind: "run"; dueAt: number; cursorAt: number; late: boolean; missed: number }
  | { kind: "skip"; reason: "missed"; dueAt: number; cursorAt: number; missed: number }
  | { kind: "reset"; reason: "first_seen" | "clock_went_back"; cursorAt: number };

type Rules = Pick<TaskDefinition, "schedule" | "missed" | "graceMs" | "enabled">;

/** More missed runs than this are not counted one by one, nor made up for. */
const MAX_MISSED = 1000;
const MAX_MADE_UP = 100;

/**
 * Pure: what is due, given what was dealt with last. A run counts as missed when it was not begun within the grace after
 * its time; the same rule says whether the one begun now is late.
 *
 * @param skewMs how far the clocks of nodes that share the database may be apart.
 */
export function decide(task: Rules, state: Pick<TaskState, "anchorAt" | "cursorAt">, nowMs: number, skewMs = 0): Decision {
  if (task.enabled === false) return { kind: "wait", reason: "disabled", nextAt: null };
  const slots = slotsOf(task.schedule, state.anchorAt);
  const { cursorAt } = state;
  if (cursorAt === null) return decideFirst(task, slots, nowMs);
  const next = slots.after(nowMs);
  if (cursorAt > nowMs) {
    // A cursor just ahead is the time that comes next, run before the clock was set back a little: it is not run twice.
    // Further ahead, the clock was wrong then; waiting for it could take years.
    const wasWrong = next === null || cursorAt > next + skewMs;
    return wasWrong ? { kind: "reset", reason: "clock_went_back", cursorAt: nowMs } : { kind: "wait", reason: "not_due", nextAt: slots.after(cursorAt) };
  }
  const due = dueSlots(slots, cursorAt, nowMs);
  const newest = due.at(-1);
  if (newest === undefined) return { kind: "wait", reason: "not_due", nextAt: next };
  return decideDue(task, due, newest, nowMs);
}

/** Never run, or just enabled: an interval begins with a run at once, a cron expression waits for its first time. */
function decideFirst(task: Rules, slots: Slots, nowMs: number): Decision {
  if (task.schedule.kind === "cron") return { kind: "reset", reason: "first_seen", cursorAt: nowMs };
  const dueAt = slots.upTo(nowMs) ?? nowMs;
  return { kind: "run", dueAt, cursorAt: dueAt, late: false, missed: 0 };
}

function decideDue(task: Rules, due: readonly number[], newest: number, nowMs: number): Decision {
  const isLate = (slot: number): boolean => nowMs - slot > task.graceMs;
  const missed = due.filter(isLate).length;
  switch (task.missed) {
    case "once":
      return { kind: "run", dueAt: newest, cursorAt: newest, late: missed > 0, missed };
    case "skip":
      if (isLate(newest)) return { kind: "skip", reason: "missed", dueAt: newest, cursorAt: newest, missed };
      return { kind: "run", dueAt: newest, cursorAt: newest, late: false, missed };
    case "all": {
      const kept = due.slice(-MAX_MADE_UP);
      const oldest = kept[0] ?? newest;
      const dropped = due.length - kept.length;
      return { kind: "run", dueAt: oldest, cursorAt: oldest, late: isLate(oldest), missed: dropped + (isLate(oldest) ? 1 : 0) };
    }
    default:
      return task.missed satisfies never;
  }
}

/** Oldest first; when there are very many, the oldest and the newest of them. */
function dueSlots(slots: Slots, cursorAt: number, nowMs: number): number[] {
  const due: number[] = [];
  for (let slot = slots.after(cursorAt); slot !== null && slot <= nowMs; slot = slots.after(slot)) {
    due.push(slot);
    if (due.length < MAX_MISSED) continue;
    const newest = slots.upTo(nowMs);
    if (newest !== null && newest > slot) due.push(newest);
    break;
  }
  return due;
}
