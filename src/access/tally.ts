import type { Tx } from "../platform/index.ts";
import type { AuditRow } from "./audit.ts";

/** Entries of the trail of one action and outcome. */
export interface AuditTally {
  readonly action: string;
  readonly outcome: AuditRow["outcome"];
  readonly entries: number;
}

/** What the trail holds of `[fromMs, toMs)`, ms UTC, and how many did it (keys, the command line, the program). */
export async function tallyAudit(tx: Tx, fromMs: number, toMs: number): Promise<{ readonly byAction: readonly AuditTally[]; readonly actors: number }> {
  const within = tx.selectFrom("audit").where("at", ">=", fromMs).where("at", "<", toMs);
  const byAction = await within
    .select(({ fn }) => ["action", "outcome", fn.countAll<number>().as("entries")])
    .groupBy(["action", "outcome"])
    .orderBy("action")
    .orderBy("outcome")
    .execute();
  const actors = await within.select(({ fn }) => fn.count<number>("actor_id").distinct().as("n")).executeTakeFirst();
  return { byAction, actors: actors?.n ?? 0 };
}
