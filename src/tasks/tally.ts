import type { Tx } from "../platform/index.ts";
import type { RunOutcome } from "./task.ts";

/** Runs of a task with one outcome. */
export interface RunTally {
  readonly task: string;
  readonly outcome: RunOutcome;
  readonly runs: number;
  /** Of them, begun later than their grace. */
  readonly late: number;
  /** Runs that they made up for. */
  readonly missed: number;
  /** Of those whose end was seen, ms; null when none was. */
  readonly meanMs: number | null;
  readonly longestMs: number | null;
}

/** What became of the runs begun in `[fromMs, toMs)`, ms UTC, by task and outcome. */
export async function tallyRuns(tx: Tx, fromMs: number, toMs: number): Promise<RunTally[]> {
  const rows = await tx
    .selectFrom("task_run")
    .select(({ fn }) => [
      "task",
      "outcome",
      fn.countAll<number>().as("runs"),
      fn.sum<number>("late").as("late"),
      fn.sum<number>("missed").as("missed"),
      fn.avg<number | string | null>("duration_ms").as("mean"),
      fn.max("duration_ms").as("longest"),
    ])
    .where("started_at", ">=", fromMs)
    .where("started_at", "<", toMs)
    .groupBy(["task", "outcome"])
    .orderBy("task")
    .orderBy("outcome")
    .execute();
  return rows.map(({ mean, longest, ...row }) => ({ ...row, meanMs: mean === null ? null : Math.round(Number(mean)), longestMs: longest }));
}
