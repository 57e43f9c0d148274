import type { Tx, PostgresDatabase } from "../platform/index.ts";
import { sql } from "kysely";
import type { AppendItem, AppendResult, Arrival } from "./append.ts";
import { CODEC, compress, cutIntoBlocks, decompress } from "./blocks.ts";
import { EVENT_FLAG } from "./event.ts";
import { compareBodies, factOf, flagsOf, NO_ENDPOINT, termsOf } from "./known.ts";

/**
 * Every append takes this lock until it is committed. A sequence number is taken before its commit, so without the lock
 * a reader could move its cursor past a number whose transaction commits a moment later, and never see that event.
 */
export const APPEND_LOCK = "ledger:append";

type Terms = ReadonlyMap<string, number>;

/** @param remembered terms of earlier, committed appends; they never change. */
async function internTerms(tx: Tx, items: readonly AppendItem[], remembered: Terms): Promise<Terms> {
  const wanted = [...new Set(items.flatMap((item) => (item.kind === "arrival" ? termsOf(item) : [item.endpoint])))];
  if (wanted.every((value) => remembered.has(value))) return remembered;
  const known = new Map(remembered);
  const read = async (values: string[]): Promise<void> => {
    if (values.length === 0) return;
    for (const row of await tx.selectFrom("term").select(["id", "value"]).where("value", "in", values).execute()) known.set(row.value, row.id);
  };
  await read(wanted.filter((value) => !known.has(value)));
  const missing = wanted.filter((value) => !known.has(value));
  if (missing.length > 0) {
    await tx.insertInto("term").values(missing.map((value) => ({ value }))).execute();
    await read(missing);
  }
  return known;
}

function term(terms: Terms, value: string): number {
  const id = terms.get(value);
  if (id === undefined) throw new Error(`term not interned: ${value}`);
  return id;
}

interface Stored {
  seq: number;
  block_id: number;
  block_at: number;
  size: number;
  flags: number;
}

async function storedEvents(tx: Tx, ids: readonly string[]): Promise<Map<string, Stored>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Stored & { event_id: string }>`
    select event_id, seq, block_id, block_at, size, flags from event where event_id = any(${ids})`.execute(tx);
  return new Map(rows.map((row) => [row.event_id, row]));
}

/** One statement for all rows of a block and their deliveries: arrays in, rows out, whatever the size of the batch. */
async function insertEvents(tx: Tx, fresh: readonly Arrival[], terms: Terms): Promise<Map<string, Stored>> {
  const inserted = new Map<string, Stored>();
  for (const block of cutIntoBlocks(fresh)) {
    const raw = Buffer.concat(block.map((arrival) => arrival.body));
    let at = 0;
    const starts = block.map((arrival) => {
      const start = at;
      at += arrival.body.length;
      return start;
    });
    const heads = block.map((arrival) => arrival.head);
    const { rows } = await sql<Stored & { event_id: string }>`
      with block as (insert into event_block (codec, raw_size, bytes) values (${CODEC}, ${raw.length}, ${compress(raw)}) returning id),
      input as materialized (select * from unnest(
        ${heads.map((head) => head.eventId)}::text[], ${heads.map((head) => term(terms, head.type))}::bigint[],
        ${block.map((arrival) => arrival.receivedAt)}::bigint[], ${heads.map((head) => head.createdAt)}::bigint[],
        ${heads.map((head) => (head.live ? 1 : 0))}::bigint[],
        ${heads.map((head) => (head.account === null ? null : term(terms, head.account)))}::bigint[],
        ${heads.map((head) => (head.apiVersion === null ? null : term(terms, head.apiVersion)))}::bigint[],
        ${block.map((arrival) => term(terms, arrival.source))}::bigint[], ${heads.map((head) => head.objectId)}::text[],
        ${heads.map((head) => head.snapshotEvent)}::text[], ${block.map(flagsOf)}::bigint[], ${starts}::bigint[],
        ${block.map((arrival) => arrival.body.length)}::bigint[],
        ${block.map((arrival) => (arrival.endpoint === NO_ENDPOINT ? null : term(terms, arrival.endpoint)))}::bigint[]
      ) with ordinality as r(event_id, type_id, received_at, created_at, live, account_id, version_id, source_id, object_id, snapshot_event, flags, block_at, size, endpoint_id, place)),
      added as (
        insert into event (event_id, type_id, received_at, created_at, live, account_id, version_id, source_id, object_id, snapshot_event, flags, block_id, block_at, size)
        select r.event_id, r.type_id, r.received_at, r.created_at, r.live, r.account_id, r.version_id, r.source_id, r.object_id, r.snapshot_event, r.flags, block.id, r.block_at, r.size
        from block, input r order by r.place
        returning event_id, seq, block_id, block_at, size, flags
      ),
      told as (
        insert into delivery (received_at, outcome, endpoint_id, status, event_seq)
        select r.received_at, 'accepted', r.endpoint_id, 200, added.seq from added join input r on r.event_id = added.event_id
        where r.endpoint_id is not null order by added.seq
      )
      select event_id, seq, block_id, block_at, size, flags from added`.execute(tx);
    for (const row of rows) inserted.set(row.event_id, row);
  }
  return inserted;
}

/** As `meetAgain` on SQLite: compare, keep what differs, arm processing that failed. */
async function meetAgain(tx: Tx, arrival: Arrival, stored: Stored): Promise<AppendResult> {
  await tx.updateTable("event_failure").set({ armed: 1 }).where("event_seq", "=", stored.seq).execute();
  if ((stored.flags & EVENT_FLAG.erased) !== 0) return { kind: "duplicate", seq: stored.seq };
  const block = await tx.selectFrom("event_block").select("bytes").where("id", "=", stored.block_id).executeTakeFirstOrThrow();
  const body = decompress(block.bytes).subarray(stored.block_at, stored.block_at + stored.size);
  if (compareBodies(body, arrival.body) === "same") return { kind: "duplicate", seq: stored.seq };
  const fact = factOf(arrival.body);
  const kept = await tx.selectFrom("event_variant").select("id").where("event_seq", "=", stored.seq).where("fact", "=", fact).executeTakeFirst();
  if (kept === undefined) {
    await tx
      .insertInto("event_variant")
      .values({ event_seq: stored.seq, received_at: arrival.receivedAt, type: arrival.head.type, bytes: compress(arrival.body), fact })
      .execute();
    await sql`update event set flags = flags | ${EVENT_FLAG.variant} where seq = ${stored.seq}`.execute(tx);
  }
  return { kind: "variant", seq: stored.seq };
}

async function insertDeliveries(tx: Tx, items: readonly AppendItem[], results: readonly AppendResult[], terms: Terms): Promise<void> {
  const rows = items.flatMap((item, index) => {
    const result = results[index];
    // Those of new events went with them.
    if (result === undefined || result.kind === "accepted" || (item.kind === "arrival" && item.endpoint === NO_ENDPOINT)) return [];
    const arrived = item.kind === "arrival";
    return [
      {
        received_at: item.receivedAt,
        outcome: arrived ? result.kind : item.outcome,
        endpoint_id: term(terms, item.endpoint),
        status: arrived ? 200 : item.status,
        event_seq: result.kind === "recorded" ? null : result.seq,
        event_id: arrived ? null : item.eventId,
        event_type: arrived ? null : item.eventType,
        reason: arrived ? null : item.reason,
        count: arrived ? 1 : item.count,
      },
    ];
  });
  if (rows.length === 0) return;
  const column = <K extends keyof (typeof rows)[number]>(key: K) => rows.map((row) => row[key]);
  await sql`
    insert into delivery (received_at, outcome, endpoint_id, status, event_seq, event_id, event_type, reason, count)
    select r.received_at, r.outcome, r.endpoint_id, r.status, r.event_seq, r.event_id, r.event_type, r.reason, r.count from unnest(
      ${column("received_at")}::bigint[], ${column("outcome")}::text[], ${column("endpoint_id")}::bigint[], ${column("status")}::bigint[],
      ${column("event_seq")}::bigint[], ${column("event_id")}::text[], ${column("event_type")}::text[], ${column("reason")}::text[], ${column("count")}::bigint[]
    ) with ordinality as r(received_at, outcome, endpoint_id, status, event_seq, event_id, event_type, reason, count, place)
    order by r.place`.execute(tx);
}

/** Appends, and remembers the terms from one append to the next. */
export function postgresAppender(db: PostgresDatabase): (items: readonly AppendItem[], beside: Beside | null) => Promise<AppendResult[]> {
  let remembered: Terms = new Map();
  return async (items, beside) => {
    let terms = remembered;
    const results = await db.write(async (tx) => {
      await db.dialect.lock(tx, APPEND_LOCK);
      terms = await internTerms(tx, items, remembered);
      return await appendBatch(tx, items, terms, beside);
    });
    // Only now: a rolled-back transaction takes its terms with it.
    remembered = terms;
    return results;
  };
}

type Beside = (tx: Tx, results: readonly AppendResult[]) => Promise<void>;

async function appendBatch(tx: Tx, items: readonly AppendItem[], terms: Terms, beside: Beside | null): Promise<AppendResult[]> {
  const arrivals = items.filter((item) => item.kind === "arrival");
  const known = await storedEvents(tx, [...new Set(arrivals.map((arrival) => arrival.head.eventId))]);
  const fresh = new Map<string, Arrival>();
  for (const arrival of arrivals) {
    if (!known.has(arrival.head.eventId) && !fresh.has(arrival.head.eventId)) fresh.set(arrival.head.eventId, arrival);
  }
  const inserted = await insertEvents(tx, [...fresh.values()], terms);
  const results: AppendResult[] = [];
  for (const item of items) {
    if (item.kind === "refusal") {
      results.push({ kind: "recorded" });
      continue;
    }
    const { eventId } = item.head;
    const stored = known.get(eventId) ?? inserted.get(eventId);
    if (stored === undefined) throw new Error(`event ${eventId} vanished inside its own transaction`);
    results.push(fresh.get(eventId) === item ? { kind: "accepted", seq: stored.seq } : await meetAgain(tx, item, stored));
  }
  await insertDeliveries(tx, items, results, terms);
  await beside?.(tx, results);
  return results;
}
