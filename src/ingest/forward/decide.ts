/** How one event fared at the application. */
export type Attempt =
  | { readonly kind: "taken" }
  /** The application answered that it did not process this event. */
  | { readonly kind: "refused"; readonly status: number }
  /** Nobody is there, or it says itself that it cannot now: nothing is wrong with the event. */
  | { readonly kind: "away"; readonly status: number; readonly reason: string };

/** Where the forwarding to one application stands; stored in one bookmark. */
export interface ForwardState {
  /** Every event up to here was taken or is parked. */
  readonly cursor: number;
  /** Events after the cursor that were refused one after the other, with none taken since. */
  readonly run: readonly number[];
  /** With a run: up to here all that is not meant for the application has been passed over, so that it is read once. */
  readonly seen?: number;
  /** Failures in a row since the last event that was taken. */
  readonly failures: number;
  /** Nothing is sent before this time (ms UTC); null: go on. */
  readonly waitUntil: number | null;
  /** With nothing new to send after the run, it is tried again itself, at this time (ms UTC); null: at once. */
  readonly runAt: number | null;
  /** The application was away at the first of the run again and again: the next event shows whether it is that one or all. */
  readonly probing?: boolean;
  readonly lastTakenAt: number | null;
  readonly lastError: string | null;
  /** Which process sends, and until when it may think so. */
  readonly owner: string;
  readonly leaseUntil: number;
}

export const AWAY_STATUS = new Set([408, 425, 429, 502, 503, 504]);
/** As many refused in a row say that it is the application, not the events. */
const RUN_MAX = 5;
const FIRST_WAIT_MS = 1000;
/** As often away at the same event, that event may itself be what the application fails on. */
const PROBE_AFTER = 4;
/** Often enough that the application is served soon after it is back, and that its absence stays visible. */
const MAX_WAIT_MS = 60_000;

export function waitMs(failures: number): number {
  return Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10));
}

export type Decision = {
  readonly state: ForwardState;
  /** Events that are set aside, since others after them were taken. */
  readonly park: readonly number[];
  readonly kind: "go_on" | "wait";
};

/**
 * What follows from one attempt. An event alone that is refused while others are taken is parked and tried again by
 * itself, so that nothing waits behind it; when the application is away, or refuses everything, all wait in their
 * order, and nothing is parked.
 */
export function decide(state: ForwardState, seq: number, attempt: Attempt, nowMs: number): Decision {
  switch (attempt.kind) {
    case "taken":
      // The first of the run, taken after all: the others were no poison either, and go on in their order behind it.
      return { kind: "go_on", park: state.run.includes(seq) ? [] : state.run, state: { ...state, cursor: seq, run: [], probing: false, failures: 0, waitUntil: null, runAt: null, lastTakenAt: nowMs, lastError: null } };
    case "away": {
      const failures = state.failures + 1;
      // An event may hang it, end it or make what stands before it answer 502: the next one, tried at once, shows
      // whether it is that one or all.
      if (state.run.length === 0 && failures >= PROBE_AFTER) return { kind: "go_on", park: [], state: { ...state, run: [seq], probing: true, failures, lastError: attempt.reason } };
      // The next one got no answer either: it is the application, and all wait in their order.
      const run = state.probing === true ? [] : state.run;
      return { kind: "wait", park: [], state: { ...state, run, probing: false, failures, waitUntil: nowMs + waitMs(failures), lastError: attempt.reason } };
    }
    case "refused": {
      const failures = state.failures + 1;
      const run = [...state.run, seq];
      const lastError = `answered ${attempt.status}`;
      // The next event shows whether it is this one or all; when all are refused, they are sent again in their order.
      // Tried again itself, it waits alone: what is new meanwhile does not wait behind it.
      if (state.run.includes(seq)) return { kind: "go_on", park: [], state: { ...state, failures, runAt: nowMs + waitMs(failures), lastError } };
      if (run.length < RUN_MAX) return { kind: "go_on", park: [], state: { ...state, run, probing: false, failures, lastError } };
      return { kind: "wait", park: [], state: { ...state, run: [], probing: false, runAt: null, failures, waitUntil: nowMs + waitMs(Math.max(1, failures - RUN_MAX + 1)), lastError } };
    }
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A parked event that was not taken for as long as Stripe would try is a dead letter; it stays, for a replay. */
const DEAD_AFTER_MS = 72 * HOUR;
const PARKED_MAX_MS = 6 * HOUR;

/** When a parked event is tried next; null: it is dead. */
export function nextParked(since: number, attempts: number, nowMs: number): number | null {
  if (nowMs - since >= DEAD_AFTER_MS) return null;
  return nowMs + Math.min(PARKED_MAX_MS, MINUTE * 2 ** Math.min(attempts, 10));
}
