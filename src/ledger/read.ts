import { type Selectable, sql } from "kysely";
import { inChunks, type Tables, type Tx } from "../platform/index.ts";
import { decompress } from "./blocks.ts";
import type { LedgerEntry, LedgerEvent, Source } from "./event.ts";
import { termsOfIds } from "./terms.ts";

export type EventRowRead = Selectable<Tables["event"]>;

export function toLedgerEvent(row: EventRowRead, terms: ReadonlyMap<number, string>): LedgerEvent {
  return {
    seq: row.seq,
    eventId: row.event_id,
    type: terms.get(row.type_id) ?? "unknown",
    receivedAt: row.received_at,
    createdAt: row.created_at,
    live: row.live === 1,
    account: row.account_id === null ? null : (terms.get(row.account_id) ?? null),
    apiVersion: row.version_id === null ? null : (terms.get(row.version_id) ?? null),
    objectId: row.object_id,
    thin: (row.flags & 2) !== 0,
    snapshotEvent: row.snapshot_event,
    source: (terms.get(row.source_id) ?? "webhook") as Source,
    flags: row.flags,
  };
}

/** The terms that these rows name. */
export async function termsOfRows(tx: Tx, rows: readonly EventRowRead[]): Promise<Map<number, string>> {
  return await termsOfIds(tx, rows.flatMap((row) => [row.type_id, row.source_id, row.account_id, row.version_id]));
}

/** Opens each block once and hands out the exact bytes of each event. */
async function readBodies(tx: Tx, rows: readonly EventRowRead[]): Promise<Map<number, Buffer>> {
  const ids = [...new Set(rows.map((row) => row.block_id))];
  const blocks = new Map<number, Buffer>();
  for (let start = 0; start < ids.length; start += 500) {
    const found = await tx.selectFrom("event_block").select(["id", "bytes"]).where("id", "in", ids.slice(start, start + 500)).execute();
    for (const block of found) blocks.set(block.id, decompress(block.bytes));
  }
  const bodies = new Map<number, Buffer>();
  for (const row of rows) {
    const block = blocks.get(row.block_id);
    if (block !== undefined) bodies.set(row.seq, block.subarray(row.block_at, row.block_at + row.size));
  }
  return bodies;
}

async function toEntries(tx: Tx, rows: readonly EventRowRead[]): Promise<LedgerEntry[]> {
  if (rows.length === 0) return [];
  const terms = await termsOfRows(tx, rows);
  const bodies = await readBodies(tx, rows);
  return rows.map((row) => {
    const bytes = bodies.get(row.seq);
    // What is stored was parsed when it came in; only damage on disk can end here, and then it must be loud.
    if (bytes === undefined) throw new Error(`the block ${row.block_id} of event ${row.event_id} is missing`);
    return { ...toLedgerEvent(row, terms), body: JSON.parse(bytes.toString("utf8")) as Record<string, unknown> };
  });
}

/**
 * The entries after a position, in the order of commit. Sound as a cursor on PostgreSQL too, where a sequence number is
 * taken before the commit: appends hold one lock until they are committed, so no smaller number can appear later.
 */
export async function readAfter(tx: Tx, seq: number, limit: number): Promise<LedgerEntry[]> {
  return await toEntries(tx, await tx.selectFrom("event").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute());
}

/** The entries at these positions, in ledger order; a position that retention took is left out. */
export async function readEntries(tx: Tx, seqs: readonly number[]): Promise<LedgerEntry[]> {
  const rows: EventRowRead[] = [];
  for (let start = 0; start < seqs.length; start += 500) {
    rows.push(...(await tx.selectFrom("event").selectAll().where("seq", "in", seqs.slice(start, start + 500)).execute()));
  }
  return await toEntries(tx, rows.sort((a, b) => a.seq - b.seq));
}

/** One event by Stripe's id, with the exact bytes that were delivered. */
export async function readEvent(tx: Tx, eventId: string): Promise<{ event: LedgerEvent; raw: Buffer } | null> {
  const row = await tx.selectFrom("event").selectAll().where("event_id", "=", eventId).executeTakeFirst();
  if (row === undefined) return null;
  const raw = (await readBodies(tx, [row])).get(row.seq);
  if (raw === undefined) throw new Error(`the block ${row.block_id} of event ${row.event_id} is missing`);
  return { event: toLedgerEvent(row, await termsOfRows(tx, [row])), raw };
}

/** How far back the event before is looked for, in positions: nearly always it is close, and a rare old one is not worth a walk. */
const PREVIOUS_WITHIN = 20_000;

/** The id of the event of the same object and account that Stripe made before this one; null when none is near. */
export async function previousOfObject(tx: Tx, event: LedgerEvent): Promise<string | null> {
  if (event.objectId === null) return null;
  const row = await tx
    .selectFrom("event")
    .select("event_id")
    .where("seq", "<", event.seq)
    .where("seq", ">=", event.seq - PREVIOUS_WITHIN)
    .where("object_id", "=", event.objectId)
    .where("created_at", "<=", event.createdAt)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.event_id ?? null;
}

/** The exact bytes of these entries, by position; of many at once each block is opened once. */
export async function readRaw(tx: Tx, seqs: readonly number[]): Promise<Map<number, Buffer>> {
  const rows: EventRowRead[] = [];
  for (const chunk of inChunks(seqs, 500)) rows.push(...(await tx.selectFrom("event").selectAll().where("seq", "in", chunk).execute()));
  return await readBodies(tx, rows);
}

/** The other contents that came under this event's id, oldest first. */
export async function readVariants(tx: Tx, seq: number): Promise<{ receivedAt: number; type: string; raw: Buffer }[]> {
  const rows = await tx.selectFrom("event_variant").selectAll().where("event_seq", "=", seq).orderBy("id").limit(100).execute();
  return rows.map((row) => ({ receivedAt: row.received_at, type: row.type, raw: decompress(row.bytes) }));
}

/** The last position, 0 for an empty ledger. */
export async function lastSeq(tx: Tx): Promise<number> {
  const row = await tx.selectFrom("event").select("seq").orderBy("seq", "desc").limit(1).executeTakeFirst();
  return row?.seq ?? 0;
}

/**
 * Which of these ids the ledger has, and where each came from. For sources that may ask for much they took before,
 * without opening its bodies.
 */
export async function knownEvents(tx: Tx, ids: readonly string[]): Promise<Map<string, Source>> {
  const known = new Map<string, Source>();
  for (const chunk of inChunks(ids, 512)) {
    const rows = await tx.selectFrom("event").select(["event_id", "source_id"]).where("event_id", "in", chunk).execute();
    const terms = await termsOfIds(tx, rows.map((row) => row.source_id));
    for (const row of rows) known.set(row.event_id, (terms.get(row.source_id) ?? "webhook") as Source);
  }
  return known;
}

export interface LatestQuery {
  /** Events of this type; null for any. */
  readonly type: string | null;
  /** Only such as came so; null for any of Stripe's. */
  readonly source: Source | null;
  /** By Stripe's time, ms UTC, both inclusive. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Ids that do not count. */
  readonly but: readonly string[];
}

/** Events come a little before Stripe's time of them where our clock is behind, and later when they were sent again. */
const EARLY_MS = 15 * 60_000;
const LATE_MS = 60 * 60_000;
/** The latest made is among the latest received; not always the very last. */
const LOOK = 20;

/**
 * Stripe's time of the latest event of its own in a time, ms UTC; null when there is none. What an import or a repair
 * made up is no event of Stripe's.
 */
export async function latestCreated(tx: Tx, { type, source, fromMs, untilMs, but }: LatestQuery): Promise<number | null> {
  const named = [type, source].filter((value) => value !== null);
  const terms = new Map(named.length === 0 ? [] : (await tx.selectFrom("term").select(["id", "value"]).where("value", "in", named).execute()).map(({ id, value }) => [value, id]));
  const [typeId, sourceId] = [type === null ? null : terms.get(type), source === null ? null : terms.get(source)];
  // A word that no row says.
  if (typeId === undefined || sourceId === undefined) return null;
  let query = tx.selectFrom("event").select("created_at").where("received_at", ">=", fromMs - EARLY_MS).where("received_at", "<=", untilMs + LATE_MS).where("created_at", ">=", fromMs).where("created_at", "<=", untilMs).where(sql<boolean>`substr(event_id, 1, 4) not in ('gen_', 'imp_')`);
  if (typeId !== null) query = query.where("type_id", "=", typeId);
  if (sourceId !== null) query = query.where("source_id", "=", sourceId);
  if (but.length > 0) query = query.where("event_id", "not in", but);
  const rows = await query.orderBy("received_at", "desc").limit(LOOK).execute();
  return rows.length === 0 ? null : Math.max(...rows.map((row) => row.created_at));
}

/** The event that came last; null for an empty ledger. */
export async function lastEvent(tx: Tx): Promise<Pick<LedgerEvent, "seq" | "eventId" | "receivedAt"> | null> {
  const row = await tx.selectFrom("event").select(["seq", "event_id", "received_at"]).orderBy("seq", "desc").limit(1).executeTakeFirst();
  return row === undefined ? null : { seq: row.seq, eventId: row.event_id, receivedAt: row.received_at };
}
