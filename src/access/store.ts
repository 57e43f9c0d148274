import { sql, type Selectable } from "kysely";
import type { Tx } from "../platform/index.ts";
import type { AccessKey } from "./key.ts";
import type { Role } from "./role.ts";

interface AccessKeyRow {
  id: string;
  name: string;
  role: Role;
  /** SHA-256 of the whole key, in hex. */
  digest: string;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
  revoked_at: number | null;
  expires_at: number | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    access_key: AccessKeyRow;
  }
}

function fromRow(row: Selectable<AccessKeyRow>): AccessKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    expiresAt: row.expires_at,
  };
}

export async function insertKey(tx: Tx, key: AccessKey, digest: Buffer): Promise<void> {
  await tx
    .insertInto("access_key")
    .values({
      id: key.id,
      name: key.name,
      role: key.role,
      digest: digest.toString("hex"),
      created_at: key.createdAt,
      created_by: key.createdBy,
      last_used_at: key.lastUsedAt,
      revoked_at: key.revokedAt,
      expires_at: key.expiresAt,
    })
    .execute();
}

export async function readKey(tx: Tx, id: string): Promise<{ key: AccessKey; digest: Buffer } | null> {
  const row = await tx.selectFrom("access_key").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? { key: fromRow(row), digest: Buffer.from(row.digest, "hex") } : null;
}

/** Keys that are not revoked (those that expired among them), by name. */
export async function readLiveKeys(tx: Tx): Promise<AccessKey[]> {
  const rows = await tx.selectFrom("access_key").selectAll().where("revoked_at", "is", null).orderBy("name").orderBy("id").execute();
  return rows.map(fromRow);
}

/** The keys revoked last, newest first. */
export async function readRevokedKeys(tx: Tx, limit: number): Promise<AccessKey[]> {
  const rows = await tx.selectFrom("access_key").selectAll().where("revoked_at", "is not", null).orderBy("revoked_at", "desc").orderBy("id").limit(limit).execute();
  return rows.map(fromRow);
}

export async function markRevoked(tx: Tx, id: string, nowMs: number): Promise<void> {
  await tx.updateTable("access_key").set({ revoked_at: nowMs }).where("id", "=", id).where("revoked_at", "is", null).execute();
}

export async function markUsed(tx: Tx, id: string, nowMs: number): Promise<void> {
  await tx
    .updateTable("access_key")
    .set({ last_used_at: nowMs })
    .where("id", "=", id)
    .where(sql<boolean>`coalesce(last_used_at, 0) < ${nowMs}`)
    .execute();
}
