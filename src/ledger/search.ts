import { type RawBuilder, sql } from "kysely";
import { AppError, type Tx } from "../platform/index.ts";
import { consumerSeq } from "./consume.ts";
import type { LedgerEvent } from "./event.ts";
import { fitsPattern } from "./pattern.ts";
import { type EventRowRead, lastSeq, termsOfRows, toLedgerEvent } from "./read.ts";
import { idsOfTerms, termsOfIds } from "./terms.ts";

/**
 * - `processed`: every derivation has it;
 * - `pending`: stored, not yet derived from (moments, unless we are behind);
 * - `failed`: stored, but a derivation could not digest it; it is set aside until it is tried again;
 * - `flagged`: its id came again with another content.
 */
export const EVENT_STATUSES = ["processed", "pending", "failed", "flagged"] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

export interface EventFilter {
  /** An event type; `*` stands for any run of characters (`charge.*`). */
  readonly type?: string | undefined;
  /** Received at or after, ms UTC. */
  readonly sinceMs?: number | undefined;
  /** Received before, ms UTC. */
  readonly untilMs?: number | undefined;
  readonly status?: EventStatus | undefined;
  /** Only these ledger positions: a subquery of one integer column, e.g. the events of a payment. */
  readonly within?: RawBuilder<unknown> | undefined;
}

export interface ListedEvent extends LedgerEvent {
  readonly status: EventStatus;
  /** Why its processing failed; null unless the status is `failed`. */
  readonly error: string | null;
}

export interface EventPage {
  readonly events: readonly ListedEvent[];
  /** Opaque; pass it back for the next page. Null on the last page. */
  readonly nextCursor: string | null;
}

interface Position {
  receivedAt: number;
  seq: number;
}

function encodeCursor({ receivedAt, seq }: Position): string {
  return Buffer.from(`${receivedAt}.${seq}`).toString("base64url");
}

/** @throws AppError `invalid` for a cursor that we did not make. */
function decodeCursor(cursor: string): Position {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  if (match === null) {
    throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  }
  return { receivedAt: Number(match[1]), seq: Number(match[2]) };
}

/** Conditions that hold in every branch of a search. */
function conditions(filter: EventFilter, before: Position | null, after: number): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [sql`1 = 1`];
  if (before !== null) all.push(sql`(event.received_at, event.seq) < (${before.receivedAt}, ${before.seq})`);
  if (filter.sinceMs !== undefined) all.push(sql`event.received_at >= ${filter.sinceMs}`);
  if (filter.untilMs !== undefined) all.push(sql`event.received_at < ${filter.untilMs}`);
  if (filter.status === "processed" || filter.status === "pending") {
    all.push(sql`(event.flags & 1) = 0 and event.seq not in (select event_seq from event_failure)`);
    all.push(filter.status === "processed" ? sql`event.seq <= ${after}` : sql`event.seq > ${after}`);
  }
  return sql.join(all, sql` and `);
}

/** More pending ones than this are most of the newest, and found by walking from the newest. */
const FEW_PENDING = 5000;

/** The few positions that can match at all, where a filter leaves only few; null where it does not. */
async function candidates(tx: Tx, filter: EventFilter, after: number): Promise<RawBuilder<unknown> | null> {
  const sets: RawBuilder<unknown>[] = [];
  if (filter.within !== undefined) sets.push(filter.within);
  if (filter.status === "failed") sets.push(sql`select event_seq from event_failure`);
  if (filter.status === "flagged") sets.push(sql`select seq from event where (flags & 1) = 1`);
  if (filter.status === "pending" && (await lastSeq(tx)) - after <= FEW_PENDING) sets.push(sql`select seq from event where seq > ${after}`);
  const [first, ...others] = sets;
  if (first === undefined) return null;
  return others.length === 0 ? first : sql`${first} intersect ${sql.join(others, sql` intersect `)}`;
}

/** Ids of the types in the ledger, each found by one step down the index: as quick at ten million events as at ten. */
async function typesInLedger(tx: Tx): Promise<Map<number, string>> {
  const { rows } = await sql<{ id: number }>`
    with recursive step(id) as (
      select min(type_id) from event
      union all
      select (select min(type_id) from event where type_id > step.id) from step where step.id is not null
    )
    select id from step where id is not null`.execute(tx);
  return await termsOfIds(tx, rows.map((row) => row.id));
}

/** Ids of the types that a filter names; null for all. */
async function typesOf(tx: Tx, type: string | undefined): Promise<number[] | null> {
  if (type === undefined || /^\*+$/.test(type)) return null;
  if (!type.includes("*")) return [...(await idsOfTerms(tx, [type])).values()];
  return [...(await typesInLedger(tx))].filter(([, value]) => fitsPattern(type, value)).map(([id]) => id);
}

/** SQLite takes 500 parts in one compound query; a pattern that fits more types fits most events. */
const MAX_BRANCHES = 300;

/**
 * A page of events, newest received first, stable while more arrive. Every filter is answered from an index, so that a
 * page costs the same at ten million events as at ten: few candidates are looked at one by one, and a type pattern
 * becomes one short index walk per matching type.
 *
 * @param limit 1 to 100.
 */
export async function searchEvents(tx: Tx, consumer: string, filter: EventFilter, limit: number, cursor: string | null): Promise<EventPage> {
  const before = cursor === null ? null : decodeCursor(cursor);
  const after = await consumerSeq(tx, consumer);
  const types = await typesOf(tx, filter.type);
  if (types?.length === 0) return { events: [], nextCursor: null };
  const where = conditions(filter, before, after);
  const order = sql`order by event.received_at desc, event.seq desc limit ${limit + 1}`;
  const few = await candidates(tx, filter, after);
  const ofTypes = types === null ? sql`1 = 1` : sql`event.type_id in (${sql.join(types)})`;
  let query: RawBuilder<EventRowRead>;
  if (few !== null) {
    // The order of the join is told: from the few to their events, never the other way round.
    query = sql<EventRowRead>`with few(seq) as materialized (${few}) select event.* from few cross join event where event.seq = few.seq and ${ofTypes} and ${where} ${order}`;
  } else if (types === null || types.length > MAX_BRANCHES) {
    query = sql<EventRowRead>`select event.* from event where ${ofTypes} and ${where} ${order}`;
  } else {
    const branches = types.map((id) => sql`select * from (select event.* from event where event.type_id = ${id} and ${where} ${order}) as branch`);
    query = sql<EventRowRead>`select * from (${sql.join(branches, sql` union all `)}) as event ${order}`;
  }
  const { rows } = await query.execute(tx);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    events: await withStatus(tx, page, after),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor({ receivedAt: last.received_at, seq: last.seq }) : null,
  };
}

async function withStatus(tx: Tx, rows: readonly EventRowRead[], after: number): Promise<ListedEvent[]> {
  if (rows.length === 0) return [];
  const terms = await termsOfRows(tx, rows);
  const failures = await tx
    .selectFrom("event_failure")
    .select(["event_seq", "error"])
    .where("event_seq", "in", rows.map((row) => row.seq))
    .execute();
  const errors = new Map(failures.map((failure) => [failure.event_seq, failure.error]));
  return rows.map((row) => {
    const error = errors.get(row.seq) ?? null;
    const status = error !== null ? "failed" : (row.flags & 1) !== 0 ? "flagged" : row.seq > after ? "pending" : "processed";
    return { ...toLedgerEvent(row, terms), status, error };
  });
}
