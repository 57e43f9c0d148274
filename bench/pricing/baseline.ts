import type { Effect } from "../../src/pricing/demand.ts";
import type { Cell } from "./shop.ts";

export interface Naive {
  readonly direction: "raise" | "lower";
  readonly sure: boolean;
  /** Of a move of the price by `step` (0.1: 10 % up), as the naive reckoning believes. */
  effect(step: number): Effect;
}

function middle(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1) / values.length };
}

/**
 * What a person with a spreadsheet does: revenue per week at today's price against that at the price before, by Welch's
 * test at 5 %; go on in the direction that brought more. No season, no other products, no count of how many were looked at.
 *
 * @param weeks of one product, oldest first.
 */
export function naive(weeks: readonly (readonly Cell[])[]): Naive | null {
  const single = weeks.flatMap((cells) => (cells.length === 1 && cells[0] !== undefined ? [cells[0]] : []));
  const price = single.at(-1)?.unitAmount;
  const start = single.findLastIndex(({ unitAmount }) => unitAmount !== price) + 1;
  const after = single.slice(start);
  const old = single[start - 1]?.unitAmount;
  const before = single.slice(single.slice(0, start).findLastIndex(({ unitAmount }) => unitAmount !== old) + 1, start);
  if (price === undefined || old === undefined || after.length < 3 || before.length < 3) return null;
  const log = (cells: readonly Cell[]) => middle(cells.map(({ unitAmount, purchases }) => Math.log(unitAmount * (purchases + 0.5))));
  const [now, then] = [log(after), log(before)];
  const change = now.mean - then.mean;
  const deviation = Math.sqrt(now.variance + then.variance) || 1e-9;
  const move = Math.log(price / old);
  const better = change > 0 === move > 0 ? "raise" : "lower";
  return {
    direction: better,
    sure: Math.abs(change / deviation) > 1.96,
    effect: (step) => {
      const at = (value: number): number => Math.exp((value / move) * Math.log(1 + step)) - 1;
      const ends = [at(change - 1.645 * deviation), at(change + 1.645 * deviation)].sort((one, other) => one - other);
      return { median: at(change), low: ends[0] ?? 0, high: ends[1] ?? 0 };
    },
  };
}
