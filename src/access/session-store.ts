import type { Selectable } from "kysely";
import type { Tx } from "../platform/index.ts";
import { SESSION_IDLE_MS, SESSION_LIFE_MS, SESSIONS_PER_KEY, type Session } from "./session.ts";

interface SessionRow {
  /** SHA-256 of the token, in hex. */
  digest: string;
  id: string;
  key_id: string;
  key_proof: string;
  created_at: number;
  last_used_at: number;
  ended_at: number | null;
  client: string;
  address: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    access_session: SessionRow;
  }
}

function fromRow(row: Selectable<SessionRow>): Session {
  return { id: row.id, keyId: row.key_id, createdAt: row.created_at, lastUsedAt: row.last_used_at, endedAt: row.ended_at, client: row.client, address: row.address };
}

export async function insertSession(tx: Tx, session: Session, digest: string, proof: string): Promise<void> {
  await tx
    .insertInto("access_session")
    .values({ digest, id: session.id, key_id: session.keyId, key_proof: proof, created_at: session.createdAt, last_used_at: session.lastUsedAt, ended_at: null, client: session.client, address: session.address })
    .execute();
}

export async function readSession(tx: Tx, digest: string): Promise<{ session: Session; proof: string } | null> {
  const row = await tx.selectFrom("access_session").selectAll().where("digest", "=", digest).executeTakeFirst();
  return row ? { session: fromRow(row), proof: row.key_proof } : null;
}

/** The sessions of a key that have not ended, newest first. */
export async function readOpenSessions(tx: Tx, keyId: string, nowMs: number): Promise<Session[]> {
  const rows = await tx
    .selectFrom("access_session")
    .selectAll()
    .where("key_id", "=", keyId)
    .where("ended_at", "is", null)
    .where("created_at", ">", nowMs - SESSION_LIFE_MS)
    .where("last_used_at", ">", nowMs - SESSION_IDLE_MS)
    .orderBy("created_at", "desc")
    .limit(SESSIONS_PER_KEY * 2)
    .execute();
  return rows.map(fromRow);
}

/** Ends one session, or all of a key; answers the ids of those that were open. */
export async function endSessions(tx: Tx, of: { readonly keyId: string; readonly id?: string | undefined }, nowMs: number): Promise<string[]> {
  let query = tx.updateTable("access_session").set({ ended_at: nowMs }).where("key_id", "=", of.keyId).where("ended_at", "is", null);
  if (of.id !== undefined) query = query.where("id", "=", of.id);
  return (await query.returning("id").execute()).map((row) => row.id);
}

export async function touchSession(tx: Tx, id: string, nowMs: number): Promise<void> {
  await tx.updateTable("access_session").set({ last_used_at: nowMs }).where("id", "=", id).where("last_used_at", "<", nowMs).execute();
}

/** What has ended by age is of no use to anybody; the audit trail says who signed in. */
export async function dropOldSessions(tx: Tx, nowMs: number): Promise<void> {
  await tx.deleteFrom("access_session").where("created_at", "<=", nowMs - SESSION_LIFE_MS).execute();
}
