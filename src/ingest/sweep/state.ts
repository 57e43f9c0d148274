import type { Tally } from "./page.ts";

/**
 * Where the sweep of one account stands. All of it is stored in one bookmark, written in the transaction that stores
 * what a page brought.
 */
export interface SweepState {
  /** Every event that Stripe made until then (ms UTC) is here, back to where the backfill has come. */
  readonly checkpointMs: number;
  /** Sweeps begun so far. */
  readonly sweeps: number;
  /** When the last sweep was begun by our clock, ms UTC. */
  readonly begunAt: number;
  /** A sweep that is not finished: goes on after the page that was taken last. */
  readonly window: SweepWindow | null;
  readonly backfill: Backfill;
  /** The last finished sweep. */
  readonly last: { readonly at: number; readonly seen: number; readonly missing: number; readonly cause: string | null } | null;
  /** Set while asking fails; null again with the first page that comes. */
  readonly trouble: { readonly since: number; readonly at: number; readonly code: string; readonly text: string } | null;
  /** Stripe's clock less ours, ms; null when unknown. */
  readonly skewMs: number | null;
  /** The last entry of Stripe's list that could not be read, and when it was met, ms UTC. */
  readonly unread?: { readonly at: number; readonly id: string | null; readonly reason: string };
  /** How often a window is begun at the most, ms; five minutes when absent. */
  readonly everyMs?: number;
  /** The gap that the last sweep found open; null when it found none. */
  readonly gap: number | null;
}

export interface SweepWindow {
  readonly no: number;
  /** By Stripe's time, ms UTC, whole seconds, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The last event of the page before; null on the first page. */
  readonly after: string | null;
  /** Stripe's time of that event. */
  readonly reachedMs: number;
  /** Counts of the five minutes that the page before ended in. */
  readonly open?: Tally | null;
  /** Counts of the five minutes that the checkpoint stands in. */
  readonly held?: Tally | null;
  readonly seen: number;
  readonly missing: number;
  /** That came by themselves. Pages go back in time, so these are counted as they stand towards the missing ones. */
  readonly arrived: Arrived;
  readonly missingTypes: readonly string[];
  /** Of the missing types, those that also came by themselves. */
  readonly arrivedTypes: readonly string[];
}

export interface Arrived {
  readonly count: number;
  /** Of them, later than the latest missing event, and later than the earliest one; null while none was missing. */
  readonly sinceLatest: number | null;
  readonly sinceEarliest: number | null;
  /** Stripe's time of the latest; null when there was none. */
  readonly latestMs: number | null;
}

/** Once, at the first sweep: all that Stripe still has. */
export interface Backfill {
  readonly fromMs: number;
  readonly toMs: number;
  readonly after: string | null;
  /** All events from here to `toMs` are here. */
  readonly reachedMs: number;
  readonly open?: Tally | null;
  readonly seen: number;
  readonly recovered: number;
  readonly doneAt: number | null;
}

export function sweepName(account: string | null): string {
  return `sweep:${account ?? ""}`;
}
