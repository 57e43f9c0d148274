import type { Sweep, SweepOutcome } from "./sweep.ts";

export interface SweepSum {
  readonly seen: number;
  readonly recovered: number;
  readonly backfilled: number;
  /** What went wrong, an entry per account that could not be asked. */
  readonly troubles: readonly string[];
}

/**
 * Sweeps several accounts, a page of each in turn, so that the long backfill or the long outage of one keeps none of the
 * others waiting for more than a page. Who fails is left out for this time.
 *
 * @param sweeps in the order of need: when time runs out after the first few, the others come first next time.
 */
export async function sweepInTurn(sweeps: readonly Sweep[], goOn: () => boolean): Promise<SweepSum> {
  const sum = { seen: 0, recovered: 0, backfilled: 0 };
  const troubles: string[] = [];
  let busy = [...sweeps];
  while (busy.length > 0) {
    const still: Sweep[] = [];
    for (const sweep of busy) {
      if (!goOn()) return { ...sum, troubles };
      const outcome: SweepOutcome = await sweep.step();
      if (outcome.kind === "failed") troubles.push(outcome.trouble.text);
      if (outcome.kind !== "page") continue;
      still.push(sweep);
      if (outcome.part === "backfill") sum.backfilled += outcome.recovered;
      else {
        sum.seen += outcome.seen;
        sum.recovered += outcome.recovered;
      }
    }
    busy = still;
  }
  return { ...sum, troubles };
}
