import type { Database } from "../platform/index.ts";
import { RETENTION_LOCK } from "./claim.ts";

/** Only a run from the very front, so that what is left is whole behind it: whatever came before its first is gone. */
function frontRun<Row extends { readonly received_at: number }>(oldest: readonly Row[], beforeMs: number): readonly Row[] {
  const young = oldest.findIndex((row) => row.received_at >= beforeMs);
  return young === -1 ? oldest : oldest.slice(0, young);
}

/**
 * Deletes up to `limit` of the oldest deliveries received before `beforeMs` that everything which follows deliveries has
 * passed. One that was recorded long after it was made goes when its turn comes. Small steps, so that no delivery waits
 * behind a long transaction. Answers how many went; call again while it is not zero.
 */
export async function retainDeliveries(db: Database, beforeMs: number, limit: number): Promise<number> {
  return await db.write(async (tx) => {
    const followers = await tx.selectFrom("consumer").select(({ fn }) => fn.min("seq").as("seq")).where("name", "like", "delivery:%").executeTakeFirst();
    const oldest = await tx.selectFrom("delivery").select(["seq", "received_at"]).where("seq", "<=", followers?.seq ?? 0).orderBy("seq").limit(limit).execute();
    const last = frontRun(oldest, beforeMs).at(-1);
    if (last === undefined) return 0;
    const { numDeletedRows } = await tx.deleteFrom("delivery").where("seq", "<=", last.seq).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  });
}

/**
 * Deletes up to `limit` of the oldest events received before `beforeMs` that every consumer and every claim has passed,
 * with their variants and the blocks that nothing points to any more. What was derived from them stays.
 */
export async function retainEvents(db: Database, beforeMs: number, limit: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, RETENTION_LOCK);
    const consumers = await tx.selectFrom("consumer").select(({ fn }) => fn.min("seq").as("seq")).where("name", "not like", "delivery:%").executeTakeFirst();
    const passed = consumers?.seq ?? 0;
    const oldest = await tx.selectFrom("event").select(["seq", "received_at", "block_id"]).where("seq", "<=", passed).orderBy("seq").limit(limit).execute();
    const gone = frontRun(oldest, beforeMs);
    if (gone.length === 0) return 0;
    const seqs = gone.map((row) => row.seq);
    const blocks = [...new Set(gone.map((row) => row.block_id))];
    await tx.deleteFrom("event").where("seq", "in", seqs).execute();
    await tx.deleteFrom("event_variant").where("event_seq", "in", seqs).execute();
    await tx.deleteFrom("event_failure").where("event_seq", "in", seqs).execute();
    // Blocks are filled in the order of the ledger, so the last one may still hold an event that stays.
    const next = await tx.selectFrom("event").select("block_id").where("seq", ">", seqs.at(-1) ?? 0).orderBy("seq").limit(1).executeTakeFirst();
    const empty = blocks.filter((id) => id !== next?.block_id);
    if (empty.length > 0) await tx.deleteFrom("event_block").where("id", "in", empty).execute();
    return gone.length;
  });
}
