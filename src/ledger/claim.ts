import { AppError, type Database } from "../platform/index.ts";

/** Retention of events and the making of a claim wait for each other: a claim is seen, or comes after what went. */
export const RETENTION_LOCK = "retain:event";

/** Keeps retention away from events that are still to be read. */
export interface Claim {
  /** Lets go what is at or before a ledger position. @throws AppError `conflict` when a later claim took over. */
  move(seq: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Claims the whole ledger, as a consumer that stands before its first event. What a killed holder left is taken over,
 * and a holder that still lives is told so by its next `move`: each claim has a number of its own.
 *
 * @param purpose lower-case letters.
 */
export async function claimEvents(db: Database, purpose: string): Promise<Claim> {
  const name = await db.write(async (tx) => {
    await db.dialect.lock(tx, RETENTION_LOCK);
    const left = await tx.selectFrom("consumer").select("name").where("name", "like", `${purpose}:%`).execute();
    const number = 1 + Math.max(0, ...left.map((row) => Number(row.name.slice(purpose.length + 1))));
    await tx.deleteFrom("consumer").where("name", "like", `${purpose}:%`).execute();
    // A claim does not grow old, so it tells no time.
    await tx.insertInto("consumer").values({ name: `${purpose}:${number}`, seq: 0, updated_at: 0 }).execute();
    return `${purpose}:${number}`;
  });
  return {
    move: async (seq) => {
      const { numUpdatedRows } = await db.write((tx) => tx.updateTable("consumer").set({ seq }).where("name", "=", name).executeTakeFirstOrThrow());
      if (numUpdatedRows === 0n) throw new AppError("conflict", `another ${purpose} began and took over; wait for it to end, then run this one again`, { code: "claim_taken_over" });
    },
    release: async () => {
      await db.write((tx) => tx.deleteFrom("consumer").where("name", "=", name).execute());
    },
  };
}
