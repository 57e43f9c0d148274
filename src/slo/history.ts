import { MINUTE_MS, type Tx } from "../platform/index.ts";

/**
 * History is what was imported, followed from a file, or fetched from Stripe: events that did not come live. A delivery
 * that comes while a million of them are derived from waits behind them, and that is nobody's failure. So the time in
 * which history was derived from does not count as waiting. All else does: a derivation that stands still with history
 * before it is late a minute later, and what is refused, set aside or slow for any other reason is bad as ever.
 */
export interface HistorySpan {
  /** ms UTC. */
  readonly fromMs: number;
  /** When the last batch of it was derived from. */
  readonly untilMs: number;
}

interface HistoryRow {
  id: number;
  from_at: number;
  until_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    slo_history: HistoryRow;
  }
}

const ROW = 1;
/** Batches of history that lie further apart are two times of it. */
const APART_MS = MINUTE_MS;

/** The last time in which history was derived from; null: never. */
export async function readHistorySpan(tx: Tx): Promise<HistorySpan | null> {
  const row = await tx.selectFrom("slo_history").selectAll().where("id", "=", ROW).executeTakeFirst();
  return row === undefined ? null : { fromMs: row.from_at, untilMs: row.until_at };
}

/** Pure: the span with one more batch, which was taken at a time. */
export function grown(span: HistorySpan | null, nowMs: number): HistorySpan {
  const goesOn = span !== null && nowMs >= span.untilMs && nowMs - span.untilMs <= APART_MS;
  return { fromMs: goesOn ? span.fromMs : nowMs, untilMs: nowMs };
}

/** Notes that a batch of history is derived from now; in its transaction. */
export async function noteHistory(tx: Tx, nowMs: number): Promise<void> {
  const { fromMs, untilMs } = grown(await readHistorySpan(tx), nowMs);
  const row = { from_at: fromMs, until_at: untilMs };
  await tx.insertInto("slo_history").values({ id: ROW, ...row }).onConflict((conflict) => conflict.column("id").doUpdateSet(row)).execute();
}

/** How long a delivery has waited (ms) for anything but history. */
export function waitedMs(receivedAt: number, nowMs: number, span: HistorySpan | null): number {
  const behind = span === null ? 0 : Math.max(0, Math.min(nowMs, span.untilMs) - Math.max(receivedAt, span.fromMs));
  return nowMs - receivedAt - behind;
}

/** Deliveries that came before this have waited longer than `withinMs` for something else than history. */
export function lateBefore(nowMs: number, withinMs: number, span: HistorySpan | null): number {
  const plain = nowMs - withinMs;
  // Where waiting behind history ended less than that ago, only what waited before it began is late.
  return span === null || nowMs - span.untilMs > withinMs ? plain : Math.min(span.fromMs, plain - (span.untilMs - span.fromMs));
}
