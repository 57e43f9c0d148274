/** A day of the clock's hours; a merchant's day may have one more or less. */
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** Time as an argument, so that a test can move it. All times are integer milliseconds since 1970, UTC. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until it is told to move; for tests, backtests and drills. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
  set(ms: number): void;
}

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
    set: (ms) => {
      nowMs = ms;
    },
  };
}

/** `2025-10-20T18:25:24Z`: whole seconds, as the NDJSON mirrors and the API write a time. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `2025-10-20T18:25:24.123Z`, where the order within a second matters. */
export function isoMillis(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * An ISO 8601 instant with its zone (`Z` or an offset), ms UTC; null for anything else, and for a day that no calendar
 * has: `Date.parse` reads 30 February as 2 March.
 */
export function parseInstant(text: string): number | null {
  if (!/(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return null;
  }
}
