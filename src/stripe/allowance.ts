import { AppError, type Clock } from "../platform/index.ts";
import { StripeTrouble } from "./trouble.ts";

/** Wraps a function that asks Stripe so that its calls keep to the allowance. */
export interface Allowance {
  keep<Args extends readonly unknown[], Answer>(ask: (...args: Args) => Promise<Answer>): (...args: Args) => Promise<Answer>;
  /** Requests made so far. */
  used(): number;
}

/** The reads that were allowed are made. */
export class ReadsSpent extends AppError {
  constructor(reads: number) {
    super("rate_limited", `the ${reads} requests that were allowed are made`, { code: "reads_spent" });
  }
}

/** Of 25 in the sandbox and 100 live: a comparison must leave room for the payments themselves. */
const PER_SECOND = 15;
/** Stripe had too many requests: seconds until it is asked again. */
const WAITS_S = [1, 2, 4, 8, 16] as const;

/**
 * For long reading: at most `reads` requests in all, never more than some a second, and a pause when Stripe says that
 * they are too many.
 *
 * @param wait ms.
 */
export function readAllowance(options: { reads: number; clock: Clock; wait: (ms: number) => Promise<void> }): Allowance {
  const { reads, clock, wait } = options;
  let used = 0;
  let nextAt = Number.NEGATIVE_INFINITY;
  const turn = async (): Promise<void> => {
    if (used >= reads) throw new ReadsSpent(reads);
    used += 1;
    const now = clock.now();
    // A clock that was set back must not hold us up.
    const at = nextAt - now > 1000 ? now : Math.max(now, nextAt);
    nextAt = at + 1000 / PER_SECOND;
    if (at > now) await wait(at - now);
  };
  return {
    used: () => used,
    keep:
      (ask) =>
      async (...args) => {
        for (let tries = 0; ; tries += 1) {
          await turn();
          try {
            return await ask(...args);
          } catch (error) {
            const pause = WAITS_S[tries];
            if (pause === undefined || !(error instanceof StripeTrouble) || error.code !== "stripe_rate_limit") throw error;
            await wait(pause * 1000);
          }
        }
      },
  };
}
