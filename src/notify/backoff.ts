const FIRST_MS = 1000;
/** Often enough that what is back is served soon. */
const LONGEST_MS = 120_000;
const LONGEST_ASKED_MS = 3_600_000;

/**
 * How long (ms) to wait after the nth failure in a row: doubling from a second, half of it at random so that many nodes
 * do not come back at once, and never sooner than the other side asked.
 *
 * @param random in [0, 1).
 */
export function backoffMs(failures: number, askedMs: number | null, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  const own = whole / 2 + (whole / 2) * random;
  return Math.round(Math.max(own, Math.min(askedMs ?? 0, LONGEST_ASKED_MS)));
}
