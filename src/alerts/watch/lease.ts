import { type Database, MINUTE_MS, type Tx } from "../../platform/index.ts";

interface AlertWatchRow {
  name: string;
  node: string;
  until: number;
}

declare module "../../platform/db/tables.ts" {
  interface Tables {
    alert_watch: AlertWatchRow;
  }
}

const NAME = "detection";
/** Renewed with what each minute publishes; only when that does not happen by a write of its own, with so much left. */
const LEASE_MS = 1.5 * MINUTE_MS;
const RENEW_MS = MINUTE_MS / 4;

async function current(tx: Tx): Promise<AlertWatchRow | undefined> {
  return await tx.selectFrom("alert_watch").selectAll().where("name", "=", NAME).executeTakeFirst();
}

/**
 * Of several nodes exactly one follows the minutes: it holds a lease and renews it. Answers whether this node may judge
 * now; a node that was stopped or cut off loses it after a minute and a half.
 */
export async function holdLease(db: Database, node: string, nowMs: number): Promise<boolean> {
  const known = await current(db.read);
  if (known !== undefined && known.node === node && known.until - nowMs > RENEW_MS) return true;
  if (known !== undefined && known.node !== node && known.until > nowMs) return false;
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "alerts:watch");
    const holder = await current(tx);
    if (holder !== undefined && holder.node !== node && holder.until > nowMs) return false;
    const row = { name: NAME, node, until: nowMs + LEASE_MS };
    await tx.insertInto("alert_watch").values(row).onConflict((conflict) => conflict.column("name").doUpdateSet({ node, until: row.until })).execute();
    return true;
  });
}

/** In a transaction that is written anyway. Does nothing when another node holds it by now. */
export async function renewLease(tx: Tx, node: string, nowMs: number): Promise<void> {
  await tx.updateTable("alert_watch").set({ until: nowMs + LEASE_MS }).where("name", "=", NAME).where("node", "=", node).execute();
}

/** At an orderly end another node may begin at once. */
export async function releaseLease(db: Database, node: string): Promise<void> {
  await db.write((tx) => tx.deleteFrom("alert_watch").where("name", "=", NAME).where("node", "=", node).execute());
}
