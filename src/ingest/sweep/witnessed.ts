import { sql } from "kysely";
import type { Tx } from "../../platform/index.ts";
import { bookmark } from "../store.ts";
import { BUCKET_MS, OVERLAP_MS } from "./plan.ts";
import { type SweepState, sweepName } from "./state.ts";

/** The time in which events ought to have come by themselves, and in which Stripe was asked whether they did; ms UTC. */
export interface WitnessedSpan {
  /** The first five minutes that began after the first sweep: what was before, no endpoint of ours was there to take. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Null before the first sweep has ended. */
export async function witnessedSpan(tx: Tx, account: string | null): Promise<WitnessedSpan | null> {
  const state = await bookmark<SweepState>(tx, sweepName(account));
  if (state === null || state.last === null) return null;
  const fromMs = Math.ceil((state.backfill.toMs + OVERLAP_MS) / BUCKET_MS + 1) * BUCKET_MS;
  return fromMs >= state.checkpointMs ? null : { fromMs, untilMs: state.checkpointMs };
}

/** What Stripe made in `[fromMs, toMs)` by its own time, to five minutes, and how much of it came by itself. */
export async function witnessedCounts(tx: Tx, account: string | null, fromMs: number, toMs: number): Promise<{ readonly events: number; readonly arrived: number }> {
  const span = await witnessedSpan(tx, account);
  if (span === null) return { events: 0, arrived: 0 };
  const [from, to] = [Math.max(Math.floor(fromMs / BUCKET_MS) * BUCKET_MS, span.fromMs), Math.min(toMs, span.untilMs)];
  const { rows } = await sql<{ seen: number | null; recovered: number | null; unreadable: number | null }>`
    select sum(seen) as seen, sum(recovered) as recovered, sum(unreadable) as unreadable from witness where account = ${account ?? ""} and start >= ${from} and start < ${to}`.execute(tx);
  const read = rows[0]?.seen ?? 0;
  return { events: read + (rows[0]?.unreadable ?? 0), arrived: read - Math.min(read, rows[0]?.recovered ?? 0) };
}
