import { readEvent, searchEvents } from "../../ledger/index.ts";
import { AppError, type Database, type Tx } from "../../platform/index.ts";

/** Sends these events again, also dead letters and such as were taken: parked ones that are due now. */
export async function replay(tx: Tx, target: string, seqs: readonly number[], nowMs: number): Promise<void> {
  for (const seq of seqs) {
    await tx
      .insertInto("forward_parked")
      .values({ target, event_seq: seq, since: nowMs, attempts: 0, next_at: nowMs })
      .onConflict((conflict) => conflict.columns(["target", "event_seq"]).doUpdateSet({ since: nowMs, attempts: 0, next_at: nowMs }))
      .execute();
  }
}

/** Ledger positions of what the application was given up on, oldest first. */
export async function deadLetters(tx: Tx, target: string, limit: number): Promise<number[]> {
  const rows = await tx.selectFrom("forward_parked").select("event_seq").where("target", "=", target).where("next_at", "is", null).orderBy("event_seq").limit(limit).execute();
  return rows.map((row) => row.event_seq);
}

/** Which events: one by its id, the dead letters, or by type and time of receipt. */
export type ReplayChoice =
  | { readonly kind: "one"; readonly id: string }
  | { readonly kind: "dead" }
  | { readonly kind: "some"; readonly type?: string | undefined; readonly sinceMs?: number | undefined; readonly untilMs?: number | undefined };

/** More at once is a migration, and wants thinking about. */
export const MAX_REPLAY = 100_000;

/**
 * Ledger positions of the chosen events, oldest first; what an import or a repair made up is not among them, since the
 * application knows no such events.
 *
 * @param consumer whose view of the ledger the search is made in.
 * @throws AppError `not_found` for an unknown id, `invalid` for too many.
 */
export async function chooseForReplay(db: Database, consumer: string, target: string, choice: ReplayChoice): Promise<number[]> {
  if (choice.kind === "dead") return await deadLetters(db.read, target, MAX_REPLAY);
  if (choice.kind === "one") {
    const found = await readEvent(db.read, choice.id);
    if (found === null) throw new AppError("not_found", `there is no event ${choice.id}; \`tillwatch events list\` shows the latest`, { code: "event_not_found" });
    if (/^(imp|gen)_/.test(choice.id)) throw new AppError("invalid", `${choice.id} was made by Tillwatch and is no event of Stripe's; the application knows no such event`, { code: "event_not_stripes" });
    return [found.event.seq];
  }
  const seqs: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await searchEvents(db.read, consumer, { type: choice.type, sinceMs: choice.sinceMs, untilMs: choice.untilMs }, 100, cursor);
    seqs.push(...page.events.filter(({ eventId }) => !/^(imp|gen)_/.test(eventId)).map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null && seqs.length <= MAX_REPLAY);
  if (seqs.length > MAX_REPLAY) throw new AppError("invalid", `these are more than ${MAX_REPLAY} events; choose a shorter time`, { code: "too_many_events" });
  return seqs.reverse();
}

/** Writes all of them down to be sent again, in small transactions: called twice, it is the same. */
export async function replayAll(db: Database, target: string, seqs: readonly number[], nowMs: number): Promise<void> {
  for (let at = 0; at < seqs.length; at += 500) await db.write((tx) => replay(tx, target, seqs.slice(at, at + 500), nowMs));
}
