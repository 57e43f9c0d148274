import { createHash } from "node:crypto";
import type { Database, Tx } from "../platform/index.ts";
import { APPEND_LOCK } from "./append-postgres.ts";
import { compress, decompress } from "./blocks.ts";
import { RETENTION_LOCK } from "./claim.ts";
import { EVENT_FLAG } from "./event.ts";

/** An event as an eraser reads it. */
export interface ScannedEvent {
  readonly seq: number;
  readonly eventId: string;
  readonly raw: Buffer;
  readonly erased: boolean;
}

const PAGE = 1000;

/**
 * Walks all bodies in the order of the ledger, opening each block about once, and hands out those that `interesting`
 * answers yes for. Reads only; long on a large ledger, so it belongs into a process of its own.
 *
 * @param afterSeq where to begin. Answers the last position that was looked at.
 */
export async function scanBodies(tx: Tx, afterSeq: number, interesting: (raw: Buffer) => boolean, take: (event: ScannedEvent) => void, onProgress: (seq: number) => void): Promise<number> {
  let last = afterSeq;
  let open = new Map<number, Buffer>();
  for (;;) {
    const rows = await tx.selectFrom("event").select(["seq", "event_id", "block_id", "block_at", "size", "flags"]).where("seq", ">", last).orderBy("seq").limit(PAGE).execute();
    const end = rows.at(-1);
    if (end === undefined) return last;
    const wanted = [...new Set(rows.map(({ block_id }) => block_id))];
    const missing = wanted.filter((id) => !open.has(id));
    // Of the page before only the last block can go on here.
    const next = new Map([...open].filter(([id]) => wanted.includes(id)));
    for (let at = 0; at < missing.length; at += 100) {
      for (const { id, bytes } of await tx.selectFrom("event_block").select(["id", "bytes"]).where("id", "in", missing.slice(at, at + 100)).execute()) next.set(id, decompress(bytes));
    }
    open = next;
    // A block that says nothing of interest spares its events one look each.
    const hits = new Set([...open].filter(([, bytes]) => interesting(bytes)).map(([id]) => id));
    for (const row of rows) {
      const block = hits.has(row.block_id) ? open.get(row.block_id) : undefined;
      const raw = block?.subarray(row.block_at, row.block_at + row.size);
      if (raw !== undefined && interesting(raw)) take({ seq: row.seq, eventId: row.event_id, raw, erased: (row.flags & EVENT_FLAG.erased) !== 0 });
    }
    last = end.seq;
    onProgress(last);
  }
}

/** What is left of a body: the same event, in no more bytes. @throws when it makes no sense. */
export type Redact = (raw: Buffer) => Buffer;

/** Padded with spaces behind, which is the same JSON: what points into the block stays right while others read it. */
function fitted(redacted: Buffer, size: number, eventId: string): Buffer {
  if (redacted.length > size) throw new Error(`what is left of ${eventId} is longer than it was`);
  return Buffer.concat([redacted, Buffer.alloc(size - redacted.length, 0x20)]);
}

/**
 * Replaces bodies by what `redact` leaves of them, marks the events as erased, and keeps the SHA-256 of the bytes as
 * they came, which is the proof that is left of them. One transaction, so that a kill leaves each event whole: erased or
 * not yet. Appends are kept out meanwhile, since they compare a redelivery with what is stored; of an erased event a
 * redelivery is a duplicate, whatever it says.
 *
 * @param seqs positions, at most some hundred; those that are erased already or gone are passed over. Answers how many.
 */
export async function eraseBodies(db: Database, seqs: readonly number[], redact: Redact, erasure: number, nowMs: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, APPEND_LOCK);
    await db.dialect.lock(tx, RETENTION_LOCK);
    const rows = await tx.selectFrom("event").select(["seq", "event_id", "block_id", "block_at", "size", "flags"]).where("seq", "in", seqs).orderBy("seq").execute();
    const left = rows.filter(({ flags }) => (flags & EVENT_FLAG.erased) === 0);
    for (const [id, events] of Map.groupBy(left, ({ block_id }) => block_id)) {
      const block = await tx.selectFrom("event_block").select("bytes").where("id", "=", id).executeTakeFirstOrThrow();
      const raw = Buffer.from(decompress(block.bytes));
      for (const { seq, event_id, block_at, size, flags } of events) {
        const body = raw.subarray(block_at, block_at + size);
        const sha256 = createHash("sha256").update(body).digest("hex");
        fitted(redact(body), size, event_id).copy(raw, block_at);
        await tx.updateTable("event").set({ flags: flags | EVENT_FLAG.erased }).where("seq", "=", seq).execute();
        await tx.insertInto("erased_event").values({ event_id, erasure_no: erasure, sha256, erased_at: nowMs }).onConflict((same) => same.column("event_id").doNothing()).execute();
      }
      await tx.updateTable("event_block").set({ bytes: compress(raw) }).where("id", "=", id).execute();
    }
    const gone = left.map(({ seq }) => seq);
    if (gone.length > 0) {
      for (const { id, bytes } of await tx.selectFrom("event_variant").select(["id", "bytes"]).where("event_seq", "in", gone).execute()) {
        await tx.updateTable("event_variant").set({ bytes: compress(redact(decompress(bytes))) }).where("id", "=", id).execute();
      }
      // What could not be digested is said in words that may quote it.
      await tx.updateTable("event_failure").set({ error: "erased" }).where("event_seq", "in", gone).execute();
    }
    return left.length;
  });
}

/** Further contents of events that are of interest, by the positions of those events. */
export async function scanVariants(tx: Tx, interesting: (raw: Buffer) => boolean): Promise<number[]> {
  const found = new Set<number>();
  for (let last = 0; ; ) {
    const rows = await tx.selectFrom("event_variant").select(["id", "event_seq", "bytes"]).where("id", ">", last).orderBy("id").limit(500).execute();
    for (const { event_seq, bytes } of rows) if (interesting(decompress(bytes))) found.add(event_seq);
    const end = rows.at(-1);
    if (end === undefined) return [...found];
    last = end.id;
  }
}

/** An erasure as it is kept: who was erased stands in it only until it is done. */
export interface Erasure {
  readonly no: number;
  readonly state: "running" | "done";
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly by: string;
  /** While it runs: what is looked for. Afterwards ids of customers at Stripe, and SHA-256 of addresses. */
  readonly subjects: readonly string[];
  readonly events: number;
}

const toErasure = (row: { no: number; state: "running" | "done"; started_at: number; finished_at: number | null; made_by: string; subjects: string; events: number }): Erasure => ({
  no: row.no,
  state: row.state,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  by: row.made_by,
  subjects: JSON.parse(row.subjects) as string[],
  events: row.events,
});

/** Erasures, newest first. */
export async function listErasures(tx: Tx): Promise<Erasure[]> {
  return (await tx.selectFrom("erasure").selectAll().orderBy("no", "desc").execute()).map(toErasure);
}

export async function beginErasure(tx: Tx, subjects: readonly string[], by: string, nowMs: number): Promise<number> {
  const text = JSON.stringify(subjects);
  const open = await tx.selectFrom("erasure").select("no").where("state", "=", "running").where("subjects", "=", text).executeTakeFirst();
  if (open !== undefined) return open.no;
  return (await tx.insertInto("erasure").values({ state: "running", started_at: nowMs, finished_at: null, made_by: by, subjects: text, events: 0 }).returning("no").executeTakeFirstOrThrow()).no;
}

export async function endErasure(tx: Tx, no: number, subjects: readonly string[], nowMs: number): Promise<Erasure> {
  const { n } = await tx.selectFrom("erased_event").select(({ fn }) => fn.countAll<number>().as("n")).where("erasure_no", "=", no).executeTakeFirstOrThrow();
  return toErasure(await tx.updateTable("erasure").set({ state: "done", finished_at: nowMs, subjects: JSON.stringify(subjects), events: n }).where("no", "=", no).returningAll().executeTakeFirstOrThrow());
}

/** Ids of all events that were erased, each with the SHA-256 of what it was. */
export async function erasedEvents(tx: Tx): Promise<{ eventId: string; sha256: string; erasedAt: number }[]> {
  return (await tx.selectFrom("erased_event").selectAll().orderBy("event_id").execute()).map((row) => ({ eventId: row.event_id, sha256: row.sha256, erasedAt: row.erased_at }));
}
