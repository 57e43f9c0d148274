import { sql } from "kysely";
import type { Tx } from "../platform/index.ts";
import type { Operation } from "./operation.ts";
import { fromRow } from "./store.ts";

/** Takes an unfinished operation for a while; null when another has it, or it is finished. */
export async function claimOperation(tx: Tx, id: string, now: number, untilMs: number): Promise<Operation | null> {
  const row = await tx
    .updateTable("operation")
    .set({ next_try_at: untilMs, updated_at: now })
    .where("id", "=", id)
    .where("state", "=", "sending")
    .where(sql<boolean>`coalesce(next_try_at, 0) <= ${now}`)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Takes one's lease anew, right before a call; false when it is over and somebody else has the operation, or finished it. */
export async function renewLease(tx: Tx, held: Pick<Operation, "id" | "nextTryAt">, untilMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("operation")
    .set({ next_try_at: untilMs })
    .where("id", "=", held.id)
    .where("state", "=", "sending")
    .where("next_try_at", held.nextTryAt === null ? "is" : "=", held.nextTryAt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The unfinished one whose turn it is, longest waiting first. @param except what this process is at. */
export async function readDue(tx: Tx, live: boolean, now: number, except: readonly string[]): Promise<string | null> {
  const row = await tx
    .selectFrom("operation")
    .select("id")
    .where("state", "=", "sending")
    .where("live", "=", live ? 1 : 0)
    .where(sql<boolean>`coalesce(next_try_at, 0) <= ${now}`)
    .$if(except.length > 0, (query) => query.where("id", "not in", except))
    .orderBy("next_try_at")
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}
