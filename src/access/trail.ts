import { setImmediate } from "node:timers/promises";
import { type Selectable, sql } from "kysely";
import { AppError, type Database, type Tx } from "../platform/index.ts";
import { type AuditEntry, auditFault, type AuditMark, auditRow, type AuditRow, type AuditVerdict } from "./audit.ts";

interface AuditHeadRow {
  only_row: number;
  id: number;
  hash: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    audit: AuditRow;
    audit_head: AuditHeadRow;
  }
}

/**
 * Writes an entry in the transaction of the change that it describes: both are there or neither. The row of the head
 * keeps writers in line (on PostgreSQL until the transaction ends), so call it last, after the change itself.
 */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<AuditMark> {
  // The update locks the head and then sees what the writer before us left, on both databases, without knowing which.
  const head = await tx
    .updateTable("audit_head")
    .set((row) => ({ id: row("id", "+", 1) }))
    .where("only_row", "=", 1)
    .returning(["id", "hash"])
    .executeTakeFirst();
  if (!head) throw new AppError("internal", "the head of the audit trail is missing", { code: "audit_head_missing" });
  const row = auditRow(head.id, head.hash, entry);
  await tx.insertInto("audit").values(row).execute();
  await tx.updateTable("audit_head").set({ hash: row.hash }).where("only_row", "=", 1).execute();
  return { id: row.id, hash: row.hash };
}

export interface AuditFilter {
  readonly action?: string | undefined;
  /** Id of a key. */
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  readonly outcome?: AuditRow["outcome"] | undefined;
  /** Written at or after, and before; ms UTC. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Only rows before this id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. `next` is the `before` of the following page, null on the last one. */
export async function readAudit(tx: Tx, filter: AuditFilter): Promise<{ rows: Selectable<AuditRow>[]; next: number | null }> {
  let query = tx.selectFrom("audit").selectAll().orderBy("id", "desc").limit(filter.limit + 1);
  if (filter.action !== undefined) query = query.where("action", "=", filter.action);
  if (filter.actor !== undefined) query = query.where("actor_id", "=", filter.actor);
  if (filter.subject !== undefined) query = query.where("subject", "=", filter.subject);
  if (filter.outcome !== undefined) query = query.where("outcome", "=", filter.outcome);
  if (filter.sinceMs !== undefined) query = query.where("at", ">=", filter.sinceMs);
  if (filter.untilMs !== undefined) query = query.where("at", "<", filter.untilMs);
  if (filter.before !== undefined) query = query.where("id", "<", filter.before);
  const found = await query.execute();
  const rows = found.slice(0, filter.limit);
  return { rows, next: found.length > filter.limit ? (rows.at(-1)?.id ?? null) : null };
}

const PAGE = 500;
const START: AuditMark = { id: 0, hash: "" };

async function readHead(tx: Tx): Promise<AuditMark> {
  const head = await tx.selectFrom("audit_head").select(["id", "hash"]).executeTakeFirst();
  return head ?? START;
}

/**
 * Walks the whole chain. It finds a row that was changed, taken out or put in. Who can write to the database and knows
 * how can write a whole new chain; to find that too, note a mark elsewhere and give it here.
 */
export async function verifyAudit(db: Database, known: AuditMark | null = null): Promise<AuditVerdict> {
  const head = await readHead(db.read);
  let last = START;
  while (last.id < head.id) {
    const rows = await db.read.selectFrom("audit").selectAll().where("id", ">", last.id).where("id", "<=", head.id).orderBy("id").limit(PAGE).execute();
    if (rows.length === 0) break;
    for (const row of rows) {
      const fault = auditFault(last, row) ?? (row.id === known?.id && row.hash !== known.hash ? { kind: "changed" as const, id: row.id, text: `row ${row.id} does not have the hash that was noted` } : null);
      if (fault) return fault;
      last = { id: row.id, hash: row.hash };
    }
    // SQLite reads on this thread: let others have their turn.
    await setImmediate();
  }
  return await verifyEnd(db, head, last, known);
}

function missing(first: number, last: number): AuditVerdict {
  return { kind: "missing", id: first, text: first === last ? `row ${first} is missing` : `rows ${first} to ${last} are missing` };
}

async function verifyEnd(db: Database, head: AuditMark, last: AuditMark, known: AuditMark | null): Promise<AuditVerdict> {
  if (last.id < head.id) return missing(last.id + 1, head.id);
  if (last.hash !== head.hash) return { kind: "changed", id: last.id, text: `row ${last.id} is not the one that was written last` };
  if (known && known.id > last.id) return missing(last.id + 1, known.id);
  // One statement, since rows and head move on together while we look.
  const { rows } = await sql<{ beyond: number }>`select count(*) as beyond from audit where id > (select id from audit_head)`.execute(db.read);
  if ((rows[0]?.beyond ?? 0) > 0) return { kind: "unexpected", id: head.id + 1, text: "there are rows behind the last one that was written" };
  return { kind: "intact", head: last };
}
