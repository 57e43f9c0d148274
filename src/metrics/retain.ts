import { sql } from "kysely";
import type { Database, Tx } from "../platform/index.ts";
import { DELIVERY_CONSUMER } from "./deliveries.ts";
import { type Grain, GRAINS, readSettings, writeSetting } from "./store.ts";

async function deleteMetrics(tx: Tx, grain: string, beforeMs: number, limit: number): Promise<number> {
  // Whatever is in a finer bucket is in a day too, and days are few: so they name the walks of the key there are.
  const walks = await tx.selectFrom("metric").select(["live", "account", "kind"]).distinct().where("grain", "=", GRAINS.day).execute();
  for (const { live, account, kind } of walks) {
    const rows = await tx
      .selectFrom("metric")
      .select("start")
      .where("grain", "=", grain)
      .where("live", "=", live)
      .where("account", "=", account)
      .where("kind", "=", kind)
      .where("start", "<", beforeMs)
      .orderBy("start")
      .limit(limit)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) continue;
    const { numDeletedRows } = await tx
      .deleteFrom("metric")
      .where("grain", "=", grain)
      .where("live", "=", live)
      .where("account", "=", account)
      .where("kind", "=", kind)
      .where("start", "<=", last.start)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
  return 0;
}

async function deleteDeliveries(tx: Tx, grain: string, beforeMs: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from delivery_metric where (grain, start, endpoint) in (
      select grain, start, endpoint from delivery_metric where grain = ${grain} and start < ${beforeMs} order by start limit ${limit}
    )`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

/**
 * Lets go the minutes or hours that start before `beforeMs`, about `limit` rows in one short transaction. From the
 * first call on, late events change nothing in buckets that old: a bucket with only a part of its sum would lie. Days
 * stay for ever. Answers how many rows went; call again while it is not zero.
 *
 * Keeps both folds out meanwhile, so that none that read the old horizon still writes: first that of events, then that
 * of deliveries, each of which holds no more than its own lock.
 *
 * @param consumer of events.
 */
export async function retainMetrics(db: Database, grain: Exclude<Grain, "day">, beforeMs: number, limit: number, consumer: string): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${consumer}`);
    await db.dialect.lock(tx, `consumer:${DELIVERY_CONSUMER}`);
    const name = GRAINS[grain];
    const { horizon } = await readSettings(tx);
    if (beforeMs > (horizon[name] ?? 0)) await writeSetting(tx, `horizon:${name}`, String(beforeMs));
    const gone = await deleteMetrics(tx, name, beforeMs, limit);
    return gone > 0 ? gone : await deleteDeliveries(tx, name, beforeMs, limit);
  });
}
