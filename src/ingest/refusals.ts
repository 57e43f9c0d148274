import type { Refusal } from "../ledger/index.ts";

/** Refused requests recorded one by one, per second; what exceeds it is counted together. */
const SINGLE_PER_SECOND = 50;
/** Different refusals kept while the database is away. */
const MAX_KEPT = 1000;

/**
 * Refused deliveries on their way into the ledger. Bounded: somebody who floods the endpoint with forgeries costs a few
 * rows a second, and what failed while the database was away is kept (and merged when it is much) until it is back. A
 * kill loses what is kept here; none of it was acknowledged, and Stripe has its own record of the failures.
 */
export interface Refusals {
  /** True when it may be recorded by itself, false when it was merged into the kept ones. */
  admit(refusal: Refusal): boolean;
  /** Keeps one for later, merging when there are many. */
  keep(refusal: Refusal): void;
  /** Hands over what is kept and forgets it; give it back with `keep` when recording fails. */
  drain(): Refusal[];
}

export function refusals(): Refusals {
  let kept = new Map<string, Refusal>();
  let second = 0;
  let singles = 0;

  const keep = (refusal: Refusal): void => {
    // Merged by minute, outcome and reason: what a reader of the record wants to tell apart.
    const crowded = kept.size >= MAX_KEPT / 2 || refusal.outcome === "rejected";
    const minute = Math.floor(refusal.receivedAt / 60_000);
    const key = crowded ? `${minute} ${refusal.outcome} ${kept.size >= MAX_KEPT ? "" : refusal.reason}` : `${refusal.receivedAt} ${refusal.eventId} ${kept.size}`;
    const same = kept.get(key);
    kept.set(key, same === undefined ? refusal : { ...same, count: same.count + refusal.count, eventId: null, eventType: null });
  };

  return {
    keep,
    admit: (refusal) => {
      const now = Math.floor(refusal.receivedAt / 1000);
      if (now !== second) {
        second = now;
        singles = 0;
      }
      singles += 1;
      if (singles <= SINGLE_PER_SECOND) return true;
      keep(refusal);
      return false;
    },
    drain: () => {
      const all = [...kept.values()];
      kept = new Map();
      return all;
    },
  };
}
