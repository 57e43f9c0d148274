import { sql } from "kysely";
import { type Database, errorText, isUnavailable, type Tx } from "../platform/index.ts";
import type { LedgerEntry } from "./event.ts";
import { readAfter, readEntries } from "./read.ts";

/** An event that a derivation could not digest; it is set aside so that nothing queues behind it. */
export interface Indigestible {
  readonly seq: number;
  readonly error: string;
}

export type Digest = (tx: Tx, entries: readonly LedgerEntry[]) => Promise<readonly Indigestible[]>;

/** An indigestible event's error text is cut here: it may quote the event. */
const MAX_ERROR = 500;

/** Where a consumer stands; 0 before its first step. */
export async function consumerSeq(tx: Tx, name: string): Promise<number> {
  const row = await tx.selectFrom("consumer").select("seq").where("name", "=", name).executeTakeFirst();
  return row?.seq ?? 0;
}

/**
 * Moves a cursor. One that follows deliveries instead of events is named `delivery:…`, since the two count apart.
 */
export async function moveCursor(tx: Tx, name: string, seq: number, nowMs: number): Promise<void> {
  await tx
    .insertInto("consumer")
    .values({ name, seq, updated_at: nowMs })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ seq, updated_at: nowMs }))
    .execute();
}

async function setAside(tx: Tx, failures: readonly Indigestible[], nowMs: number): Promise<void> {
  for (const { seq, error } of failures) {
    const text = error.slice(0, MAX_ERROR);
    await tx
      .insertInto("event_failure")
      .values({ event_seq: seq, failed_at: nowMs, attempts: 1, armed: 0, error: text })
      .onConflict((conflict) =>
        conflict.column("event_seq").doUpdateSet((eb) => ({ attempts: eb("event_failure.attempts", "+", 1), armed: 0, error: text })),
      )
      .execute();
  }
}

async function consumeBatch(db: Database, name: string, limit: number, digest: Digest, nowMs: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${name}`);
    const after = await consumerSeq(tx, name);
    const entries = await readAfter(tx, after, limit);
    const last = entries.at(-1);
    if (last === undefined) return 0;
    await setAside(tx, await digest(tx, entries), nowMs);
    await moveCursor(tx, name, last.seq, nowMs);
    return entries.length;
  });
}

/** The next event alone is what a derivation breaks on: it is set aside, so that nothing queues behind it. */
async function skipNext(db: Database, name: string, error: unknown, nowMs: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${name}`);
    const [next] = await readAfter(tx, await consumerSeq(tx, name), 1);
    if (next === undefined) return 0;
    await setAside(tx, [{ seq: next.seq, error: brokeOn(error) }], nowMs);
    await moveCursor(tx, name, next.seq, nowMs);
    return 1;
  });
}

function brokeOn(error: unknown): string {
  return `the derivation broke on it: ${errorText(error)}`;
}

/**
 * One step of a derivation: reads the entries after the consumer's cursor, digests them and moves the cursor, all in
 * one transaction, so that a crash at any line repeats the step and loses none. Answers how many entries it took.
 *
 * A batch that the derivation breaks on is taken in halves, down to the one event that breaks it, which is set aside.
 * A database that is away breaks nothing: that error is passed on, and the step repeated later.
 */
export async function consume(db: Database, name: string, limit: number, digest: Digest, nowMs: number): Promise<number> {
  try {
    return await consumeBatch(db, name, limit, digest, nowMs);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    return limit > 1 ? await consume(db, name, Math.ceil(limit / 2), digest, nowMs) : await skipNext(db, name, error, nowMs);
  }
}

async function retryBatch(db: Database, name: string, limit: number, digest: Digest, nowMs: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${name}`);
    const { rows: armed } = await sql<{ event_seq: number }>`select event_seq from event_failure where armed = 1 order by event_seq limit ${limit}`.execute(tx);
    if (armed.length === 0) return 0;
    const entries = await readEntries(tx, armed.map((row) => row.event_seq));
    const failed = await digest(tx, entries);
    await setAside(tx, failed, nowMs);
    const stillFailed = new Set(failed.map((failure) => failure.seq));
    const healed = armed.map((row) => row.event_seq).filter((seq) => !stillFailed.has(seq));
    if (healed.length > 0) await tx.deleteFrom("event_failure").where("event_seq", "in", healed).execute();
    return armed.length;
  });
}

/** Tries again what a redelivery (or an operator) armed. Answers how many it took. */
export async function retryArmed(db: Database, name: string, limit: number, digest: Digest, nowMs: number): Promise<number> {
  const { rows: waiting } = await sql<{ event_seq: number }>`select event_seq from event_failure where armed = 1 order by event_seq limit 1`.execute(db.read);
  const [first] = waiting;
  if (first === undefined) return 0;
  try {
    return await retryBatch(db, name, limit, digest, nowMs);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    if (limit > 1) return await retryArmed(db, name, Math.ceil(limit / 2), digest, nowMs);
    await db.write((tx) => setAside(tx, [{ seq: first.event_seq, error: brokeOn(error) }], nowMs));
    return 1;
  }
}

/** Arms a set-aside event, so that the next step tries it again. */
export async function armEvent(tx: Tx, seq: number): Promise<void> {
  await tx.updateTable("event_failure").set({ armed: 1 }).where("event_seq", "=", seq).execute();
}

/** When the oldest event that the consumer has not read came in, ms UTC; null when it has read all. */
export async function oldestWaiting(tx: Tx, name: string): Promise<number | null> {
  const row = await tx.selectFrom("event").select("received_at").where("seq", ">", await consumerSeq(tx, name)).orderBy("seq").limit(1).executeTakeFirst();
  return row?.received_at ?? null;
}
