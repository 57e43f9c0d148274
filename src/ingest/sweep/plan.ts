import type { Backfill, SweepState, SweepWindow } from "./state.ts";

const SECOND = 1000;
const MINUTE = 60_000;
/** The grain in which Stripe's events are counted; windows begin on it, so that none is counted in halves. */
export const BUCKET_MS = 5 * MINUTE;
/** Events may appear in the list a little after their time. */
export const OVERLAP_MS = 10 * MINUTE;
/** What is younger may still be on its way by itself. */
export const GRACE_MS = MINUTE;
/** How often a sweep is begun where Stripe's allowance of reads lets it. */
export const EVERY_MS = 5 * MINUTE;
/** A task that is begun a moment early, by its own clock, is not turned away. */
const EARLY_MS = 30 * SECOND;
const DAY = 86_400_000;
/** Stripe keeps events this long; a minute less, since the list moves on while it is read. */
export const REACH_MS = 30 * DAY - MINUTE;

export type SweepPlan =
  | { readonly kind: "page"; readonly part: "window"; readonly window: SweepWindow; readonly state: SweepState }
  | { readonly kind: "page"; readonly part: "backfill"; readonly backfill: Backfill; readonly state: SweepState }
  | { readonly kind: "rest"; readonly untilMs: number };

const second = (ms: number): number => Math.floor(ms / SECOND) * SECOND;
const bucket = (ms: number): number => Math.floor(ms / BUCKET_MS) * BUCKET_MS;

/** The first sweep: from now on windows, and everything before them backwards in its own time. */
export function firstState(nowMs: number): SweepState {
  const checkpointMs = second(nowMs - GRACE_MS);
  const toMs = bucket(checkpointMs - OVERLAP_MS) - SECOND;
  return {
    checkpointMs,
    sweeps: 0,
    begunAt: Number.MIN_SAFE_INTEGER,
    window: null,
    backfill: { fromMs: second(nowMs - REACH_MS), toMs, after: null, reachedMs: toMs, seen: 0, recovered: 0, doneAt: null },
    last: null,
    trouble: null,
    skewMs: null,
    gap: null,
  };
}

function newWindow(state: SweepState, nowMs: number): SweepWindow {
  // A checkpoint in the future is a clock that was wrong once; asking from before now on mends it.
  const from = bucket(Math.min(state.checkpointMs, nowMs) - OVERLAP_MS);
  const toMs = second(nowMs - GRACE_MS);
  return { no: state.sweeps + 1, fromMs: Math.max(from, bucket(nowMs - REACH_MS)), toMs, after: null, reachedMs: toMs, seen: 0, missing: 0, arrived: { count: 0, sinceLatest: null, sinceEarliest: null, latestMs: null }, missingTypes: [], arrivedTypes: [] };
}

/**
 * What to ask for next: a window that was begun, else a new one when it is time, else the backfill. One page each, so
 * that whatever happens in between loses no more than a page.
 */
export function plan(stored: SweepState | null, nowMs: number, everyMs: number = EVERY_MS): SweepPlan {
  const state = stored ?? firstState(nowMs);
  if (state.window !== null) return { kind: "page", part: "window", window: state.window, state };
  const dueAt = state.begunAt + everyMs - EARLY_MS;
  // A clock that was set back must not stop the sweep until it has caught up.
  if (nowMs >= dueAt || nowMs < state.begunAt - EARLY_MS) {
    const window = newWindow(state, nowMs);
    return { kind: "page", part: "window", window, state: { ...state, sweeps: window.no, begunAt: nowMs, everyMs } };
  }
  if (state.backfill.doneAt === null) return { kind: "page", part: "backfill", backfill: state.backfill, state };
  return { kind: "rest", untilMs: dueAt };
}

/** How much of the backfill is behind us, 0 to 1. */
export function backfillShare({ fromMs, toMs, reachedMs, doneAt }: Backfill): number {
  if (doneAt !== null || toMs <= fromMs) return 1;
  return Math.min(1, Math.max(0, (toMs - reachedMs) / (toMs - fromMs)));
}
