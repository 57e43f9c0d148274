import type { Tx } from "../platform/index.ts";
import type { Alert } from "./alert.ts";
import { toAlert } from "./store.ts";

/** A report names what there was; more than this many nobody reads, and `total` says how many there were. */
const MOST = 5000;

/** The alerts that began to fire in `[fromMs, toMs)`, ms UTC, in order of time; without drills. What never fired was told to nobody. */
export async function alertsFired(tx: Tx, fromMs: number, toMs: number): Promise<{ readonly alerts: readonly Alert[]; readonly total: number }> {
  const fired = tx.selectFrom("alert").where("fired_at", ">=", fromMs).where("fired_at", "<", toMs).where("drill", "=", 0);
  const counted = await fired.select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst();
  const rows = await fired.selectAll().orderBy("fired_at").orderBy("id").limit(MOST).execute();
  return { alerts: rows.map(toAlert), total: counted?.n ?? 0 };
}
