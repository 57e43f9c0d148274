import { sql } from "kysely";
import type { Database, Tx } from "../../platform/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import type { Tally } from "./page.ts";
import { backfillShare, BUCKET_MS } from "./plan.ts";
import { type SweepState, sweepName } from "./state.ts";

/**
 * Writes what was counted, whole five minutes only. A later sweep counts them anew (windows overlap, and begin on their
 * edge); what was recovered stays recovered.
 */
export async function addWitness(tx: Tx, account: string, sweep: number, buckets: readonly Tally[]): Promise<void> {
  for (const { start, seen, recovered, unreadable = 0 } of buckets) {
    await sql`insert into witness (account, start, sweep, seen, recovered, unreadable) values (${account}, ${start}, ${sweep}, ${seen}, ${recovered}, ${unreadable})
      on conflict (account, start) do update set
        seen = excluded.seen,
        recovered = witness.recovered + excluded.recovered,
        unreadable = excluded.unreadable,
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
  /** Of them, here. What was missing when it was looked for is here since; only what cannot be read is not. */
  readonly present: number;
  /** Of them, those that came by themselves, and those that had to be fetched. */
  readonly arrived: number;
  readonly recovered: number;
  /** Of `backfill`, 0 to 1. */
  readonly backfill: number;
}

/** A time that is asked about, ms UTC: `[fromMs, toMs)`. */
export interface AskedWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const HORIZON = "witness:horizon";

/** What Stripe was asked about: since when, and until when. Null before the first answer. */
interface Witnessed {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly backfill: number;
}

async function witnessed(tx: Tx, account: string | null): Promise<Witnessed | null> {
  const state = await bookmark<SweepState>(tx, sweepName(account));
  if (state === null || (state.last === null && state.backfill.seen === 0)) return null;
  const reached = state.backfill.doneAt === null ? Math.ceil((state.backfill.reachedMs + 1) / BUCKET_MS) * BUCKET_MS : state.backfill.fromMs;
  const horizon = (await bookmark<{ ms: number }>(tx, HORIZON))?.ms ?? Number.MIN_SAFE_INTEGER;
  return { fromMs: Math.max(reached, horizon), untilMs: state.checkpointMs, backfill: backfillShare(state.backfill) };
}

async function figureOf(tx: Tx, account: string | null, { fromMs, toMs }: AskedWindow, known: Witnessed | null): Promise<Completeness> {
  const nothing: Completeness = { account, fromMs: null, untilMs: null, events: 0, present: 0, arrived: 0, recovered: 0, backfill: known?.backfill ?? 0 };
  if (known === null) return nothing;
  const [first, last] = [Math.max(fromMs, known.fromMs), Math.min(toMs, known.untilMs)];
  if (first >= last) return nothing;
  const from = Math.floor(first / BUCKET_MS) * BUCKET_MS;
  // The second of the checkpoint was compared, also where it begins five minutes.
  const { rows } = await sql<{ seen: number | null; recovered: number | null; unreadable: number | null }>`
    select sum(seen) as seen, sum(recovered) as recovered, sum(unreadable) as unreadable from witness where account = ${account ?? ""} and start >= ${from} and start < ${last === known.untilMs ? last + 1 : last}`.execute(tx);
  const present = rows[0]?.seen ?? 0;
  const recovered = Math.min(present, rows[0]?.recovered ?? 0);
  return { ...nothing, fromMs: Math.max(first, from), untilMs: last, events: present + (rows[0]?.unreadable ?? 0), present, arrived: present - recovered, recovered };
}

/**
 * The figure for `[fromMs, toMs)`, as far as Stripe has been asked: it never speaks of a time that was not looked at, so
 * while sweeps fail its `untilMs` stands still. Counted in five minutes of Stripe's time: a window that begins within
 * one has all of it.
 */
export async function completeness(tx: Tx, account: string | null, fromMs: number, toMs: number): Promise<Completeness> {
  return await figureOf(tx, account, { fromMs, toMs }, await witnessed(tx, account));
}

/**
 * One figure per window, in their order: days of a report, steps of a chart. As an indicator of an objective: `arrived`
 * of `events` is the share that came by itself; a window whose `untilMs` is null says nothing, and one whose `untilMs`
 * lies before its end says it of its beginning only.
 */
export async function completenessSeries(tx: Tx, account: string | null, windows: readonly AskedWindow[]): Promise<Completeness[]> {
  const known = await witnessed(tx, account);
  const figures: Completeness[] = [];
  for (const window of windows) figures.push(await figureOf(tx, account, window, known));
  return figures;
}

/**
 * Forgets up to `limit` of the oldest counts from before `beforeMs`, and says so in the figures: what was counted there
 * is "not compared" from then on, never "nothing missing". Answers how many went.
 */
export async function retainWitness(db: Database, beforeMs: number, limit: number): Promise<number> {
  const before = Math.floor(beforeMs / BUCKET_MS) * BUCKET_MS;
  return await db.write(async (tx) => {
    const oldest = await tx.selectFrom("witness").select(["account", "start"]).where("start", "<", before).orderBy("start").limit(limit).execute();
    const last = oldest.at(-1);
    if (last === undefined) return 0;
    // The horizon first moves past everything that may go, so that no figure is ever read from half a window.
    const horizon = (await bookmark<{ ms: number }>(tx, HORIZON))?.ms ?? 0;
    if (horizon < before) await setBookmark(tx, HORIZON, { ms: before }, beforeMs);
    const gone = await tx.deleteFrom("witness").where("start", "<=", last.start).where("start", "<", before).executeTakeFirst();
    return Number(gone.numDeletedRows);
  });
}

/** In words: `2,431 of 2,431 events until 14:05 UTC, 12 of them recovered`, and what is missing. */
export function completenessText({ untilMs, events, present, recovered }: Completeness): string {
  if (untilMs === null) return "not yet compared with Stripe";
  const number = (value: number): string => value.toLocaleString("en-US");
  const time = new Date(untilMs).toISOString().slice(11, 16);
  return `${number(present)} of ${number(events)} events until ${time} UTC${recovered === 0 ? "" : `, ${number(recovered)} of them recovered`}${present === events ? "" : `; ${number(events - present)} missing: they cannot be read`}`;
}
