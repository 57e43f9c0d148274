import { type RawBuilder, sql } from "kysely";
import { AppError, type Tx } from "../platform/index.ts";
import { consumerSeq } from "./consume.ts";
import type { LedgerEvent } from "./event.ts";
import { type EventRowRead, toLedgerEvent } from "./read.ts";
import { readTerms } from "./terms.ts";

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

function pattern(type: string): RegExp {
  return new RegExp(`^${type.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
}

/** The conditions that an index answers for every branch of the search. */
function conditions(filter: EventFilter, before: Position | null, after: number): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [sql`1 = 1`];
  if (before !== null) all.push(sql`(event.received_at, event.seq) < (${before.receivedAt}, ${before.seq})`);
  if (filter.sinceMs !== undefined) all.push(sql`event.received_at >= ${filter.sinceMs}`);
  if (filter.untilMs !== undefined) all.push(sql`event.received_at < ${filter.untilMs}`);
  if (filter.within !== undefined) all.push(sql`event.seq in (${filter.within})`);
  switch (filter.status) {
    case undefined:
      break;
    case "processed":
      all.push(sql`event.seq <= ${after} and event.seq not in (select event_seq from event_failure)`);
      break;
    case "pending":
      all.push(sql`event.seq > ${after}`);
      break;
    case "failed":
      all.push(sql`event.seq in (select event_seq from event_failure)`);
      break;
    case "flagged":
      all.push(sql`event.flags <> 0 and event.flags & 1 = 1`);
      break;
  }
  return sql.join(all, sql` and `);
}

/**
 * A page of events, newest received first, stable while more arrive. Every filter is answered from an index, so that
 * a page costs the same at ten million events as at ten: a type pattern becomes one short index walk per matching type.
 *
 * @param limit 1 to 100.
 */
export async function searchEvents(tx: Tx, consumer: string, filter: EventFilter, limit: number, cursor: string | null): Promise<EventPage> {
  const before = cursor === null ? null : decodeCursor(cursor);
  const [terms, after] = [await readTerms(tx), await consumerSeq(tx, consumer)];
  const where = conditions(filter, before, after);
  const order = sql`order by event.received_at desc, event.seq desc limit ${limit + 1}`;
  let query: RawBuilder<EventRowRead>;
  if (filter.type === undefined) {
    query = sql<EventRowRead>`select event.* from event where ${where} ${order}`;
  } else {
    const matches = pattern(filter.type);
    const types = [...terms.byId].filter(([, value]) => matches.test(value)).map(([id]) => id);
    if (types.length === 0) return { events: [], nextCursor: null };
    const branches = types.map((id) => sql`select * from (select event.* from event where event.type_id = ${id} and ${where} ${order}) as branch`);
    query = sql<EventRowRead>`select * from (${sql.join(branches, sql` union all `)}) as event ${order}`;
  }
  const { rows } = await query.execute(tx);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    events: await withStatus(tx, page, terms.byId, after),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor({ receivedAt: last.received_at, seq: last.seq }) : null,
  };
}

async function withStatus(tx: Tx, rows: readonly EventRowRead[], terms: ReadonlyMap<number, string>, after: number): Promise<ListedEvent[]> {
  if (rows.length === 0) return [];
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
