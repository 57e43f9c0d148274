import { sql } from "kysely";
import type { Database } from "../../platform/index.ts";
import { bookmark, setBookmark } from "../store.ts";

const NAME = "import:boundary";
const DAY_MS = 86_400_000;
/** How far back Stripe's list of events reaches. */
const REACH_DAYS = 30;

/**
 * From when on Stripe's own events tell of every payment (ms UTC): thirty days before the first import, where the sweep
 * begins, or earlier where the ledger has older events. Decided once and kept, since a line must not fall on the one
 * side today and on the other next week.
 */
export async function importBoundary(db: Database, nowMs: number, store: boolean): Promise<number> {
  const kept = await bookmark<{ untilMs: number }>(db.read, NAME);
  if (kept !== null) return kept.untilMs;
  const { rows } = await sql<{ at: number | null }>`select min(created_at) as at from event where event_id not like 'imp!_%' escape '!'`.execute(db.read);
  const untilMs = Math.min(nowMs - REACH_DAYS * DAY_MS, rows[0]?.at ?? Number.MAX_SAFE_INTEGER);
  if (store) await db.write((tx) => setBookmark(tx, NAME, { untilMs }, nowMs));
  return untilMs;
}
