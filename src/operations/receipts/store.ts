import type { Selectable } from "kysely";
import type { Database, Tx } from "../../platform/index.ts";
import type { Occasion, Receipt, ReceiptState } from "./receipt.ts";

interface ReceiptRow {
  id: string;
  kind: "payment" | "refund";
  state: ReceiptState;
  via: "stripe" | "self";
  live: number;
  charge: string;
  refund: string | null;
  email: string | null;
  copies: number;
  attempts: number;
  next_try_at: number;
  why: string | null;
  created_at: number;
  updated_at: number;
  sent_at: number | null;
}

declare module "../../platform/db/tables.ts" {
  interface Tables {
    receipt: ReceiptRow;
    receipt_start: { only_row: number; started_at: number };
  }
}

function fromRow(row: Selectable<ReceiptRow>): Receipt {
  const { id, kind, state, via, charge, refund, email, copies, attempts, why } = row;
  return { id, kind, state, via, live: row.live === 1, charge, refund, email, copies, attempts, nextTryAt: row.next_try_at, why, createdAt: row.created_at, updatedAt: row.updated_at, sentAt: row.sent_at };
}

/** Since when receipts are on, ms UTC; noted now when they were off. */
export async function startedAt(tx: Tx, now: number): Promise<number> {
  await tx.insertInto("receipt_start").values({ only_row: 1, started_at: now }).onConflict((conflict) => conflict.column("only_row").doNothing()).execute();
  return (await tx.selectFrom("receipt_start").select("started_at").executeTakeFirst())?.started_at ?? now;
}

/**
 * Receipts are off: when they are on again, what came meanwhile is not made up for. The cursor goes too, since events are
 * kept until every consumer has passed them.
 */
export async function forgetStart(db: Database, consumer: string): Promise<void> {
  const start = await db.read.selectFrom("receipt_start").select("started_at").executeTakeFirst();
  const cursor = await db.read.selectFrom("consumer").select("seq").where("name", "=", consumer).executeTakeFirst();
  if (start === undefined && cursor === undefined) return;
  await db.write(async (tx) => {
    await tx.deleteFrom("receipt_start").execute();
    await tx.deleteFrom("consumer").where("name", "=", consumer).execute();
  });
}

/** A receipt for the occasion, unless there is one. */
export async function addReceipt(tx: Tx, { id, kind, charge, live }: Occasion, via: "stripe" | "self", now: number): Promise<void> {
  await tx
    .insertInto("receipt")
    .values({ id, kind, state: "due", via, live: live ? 1 : 0, charge, refund: kind === "refund" ? id : null, email: null, copies: 1, attempts: 0, next_try_at: now, why: null, created_at: now, updated_at: now, sent_at: null })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

export async function readReceipt(tx: Tx, id: string): Promise<Receipt | null> {
  const row = await tx.selectFrom("receipt").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** The receipt whose turn it is, or one that was left in the middle of sending. */
export async function readDueReceipt(tx: Tx, now: number): Promise<Receipt | null> {
  const row = await tx.selectFrom("receipt").selectAll().where("state", "in", ["due", "sending"]).where("next_try_at", "<=", now).orderBy("next_try_at").limit(1).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Changes a receipt if nobody was quicker: state and time of the next try are as they were read. */
export async function changeReceipt(tx: Tx, before: Pick<Receipt, "id" | "state" | "nextTryAt" | "copies">, changes: Partial<Omit<ReceiptRow, "id" | "created_at">>): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("receipt")
    .set(changes)
    .where("id", "=", before.id)
    .where("state", "=", before.state)
    .where("next_try_at", "=", before.nextTryAt)
    .where("copies", "=", before.copies)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Newest first. */
export async function listReceipts(tx: Tx, filter: { readonly state?: ReceiptState | undefined; readonly charge?: string | undefined; readonly limit: number }): Promise<Receipt[]> {
  let query = tx.selectFrom("receipt").selectAll().orderBy("created_at", "desc").orderBy("id").limit(filter.limit);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.charge !== undefined) query = query.where("charge", "=", filter.charge);
  return (await query.execute()).map(fromRow);
}
