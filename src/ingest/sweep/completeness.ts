import { sql } from "kysely";
import type { Tx } from "../../platform/index.ts";
import { bookmark } from "../store.ts";
import type { Tally } from "./page.ts";
import { backfillShare, BUCKET_MS } from "./plan.ts";
import { type SweepState, sweepName } from "./state.ts";

/**
 * Adds what a page said. A later sweep counts its buckets anew (windows overlap, and begin on a bucket's edge); what
 * was recovered stays recovered.
 */
export async function addWitness(tx: Tx, account: string, sweep: number, buckets: readonly Tally[]): Promise<void> {
  for (const { start, seen, recovered } of buckets) {
    await sql`insert into witness (account, start, sweep, seen, recovered) values (${account}, ${start}, ${sweep}, ${seen}, ${recovered})
      on conflict (account, start) do update set
        seen = excluded.seen + case when witness.sweep = excluded.sweep then witness.seen else 0 end,
        recovered = witness.recovered + excluded.recovered,
        sweep = excluded.sweep`.execute(tx);
  }
}

/** How complete the events of a time are, with Stripe itself as the witness. */
export interface Completeness {
  /** Null for the account itself. */
  readonly account: string | null;
  /** The time that the figure speaks of, by Stripe's clock, ms UTC; null where nothing was witnessed yet. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** Events that Stripe has there. */
  readonly events: number;
  /** Of them, here. What was missing when it was looked for is here since. */
  readonly present: number;
  /** Of them, those that came by themselves, and those that had to be fetched. */
  readonly arrived: number;
  readonly recovered: number;
  /** Of `backfill`, 0 to 1. */
  readonly backfill: number;
}

/**
 * The figure for `[fromMs, toMs)`, as far as Stripe has been asked: it never speaks of a time that was not looked at, so
 * while sweeps fail its `untilMs` stands still.
 */
export async function completeness(tx: Tx, account: string | null, fromMs: number, toMs: number): Promise<Completeness> {
  const state = await bookmark<SweepState>(tx, sweepName(account));
  const nothing: Completeness = { account, fromMs: null, untilMs: null, events: 0, present: 0, arrived: 0, recovered: 0, backfill: 0 };
  if (state === null || (state.last === null && state.backfill.seen === 0)) return nothing;
  const reached = state.backfill.doneAt === null ? Math.ceil((state.backfill.reachedMs + 1) / BUCKET_MS) * BUCKET_MS : state.backfill.fromMs;
  const [first, last] = [Math.max(fromMs, reached), Math.min(toMs, state.checkpointMs)];
  const backfill = backfillShare(state.backfill);
  if (first >= last) return { ...nothing, backfill };
  const from = Math.floor(first / BUCKET_MS) * BUCKET_MS;
  const { rows } = await sql<{ seen: number | null; recovered: number | null }>`
    select sum(seen) as seen, sum(recovered) as recovered from witness where account = ${account ?? ""} and start >= ${from} and start < ${last}`.execute(tx);
  const events = rows[0]?.seen ?? 0;
  const recovered = Math.min(events, rows[0]?.recovered ?? 0);
  return { account, fromMs: Math.max(first, from), untilMs: last, events, present: events, arrived: events - recovered, recovered, backfill };
}

/** In words: `2,431 of 2,431 events until 14:05 UTC, 12 of them recovered`. */
export function completenessText({ untilMs, events, present, recovered }: Completeness): string {
  if (untilMs === null) return "not yet compared with Stripe";
  const number = (value: number): string => value.toLocaleString("en-US");
  const time = new Date(untilMs).toISOString().slice(11, 16);
  return `${number(present)} of ${number(events)} events until ${time} UTC${recovered === 0 ? "" : `, ${number(recovered)} of them recovered`}`;
}
