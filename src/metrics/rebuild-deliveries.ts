import { consumerSeq, readDeliveriesAfter } from "../ledger/index.ts";
import { type Database, inChunks, type Tx } from "../platform/index.ts";
import { difference, type Difference, type Row, type Table } from "./compare.ts";
import { localDays } from "./days.ts";
import { type DeliveryBucketRow, DELIVERY_CONSUMER, DELIVERY_OUTCOMES, deliveryCounter } from "./deliveries.ts";
import { readSettings } from "./store.ts";

export const DELIVERY_METRIC: Table = { name: "delivery_metric", key: ["grain", "start", "endpoint"], walk: "start" };

const BATCH = 1000;

/** Buckets from here on are whole: the deliveries before the first that is left went by retention, with parts of its day. */
async function wholeFrom(tx: Tx, timeZone: string): Promise<number> {
  const [first] = await readDeliveriesAfter(tx, 0, 1);
  if (first === undefined) return Number.MAX_SAFE_INTEGER;
  return first.seq === 1 ? Number.MIN_SAFE_INTEGER : localDays(timeZone)(first.receivedAt).endMs;
}

async function replaceAll(tx: Tx, { missing, extra, different }: Difference, wanted: readonly Row[]): Promise<void> {
  for (const row of [...extra, ...different] as unknown as DeliveryBucketRow[]) {
    await tx.deleteFrom("delivery_metric").where("grain", "=", row.grain).where("start", "=", row.start).where("endpoint", "=", row.endpoint).execute();
  }
  const again = new Set<Row>([...missing, ...different]);
  const rows = wanted.filter((row) => again.has(row)) as unknown as DeliveryBucketRow[];
  for (const chunk of inChunks(rows, 64)) await tx.insertInto("delivery_metric").values(chunk).execute();
}

/**
 * Counts the deliveries once more and repairs the buckets that differ. The counting holds no lock; the comparison, of a
 * few rows per minute that anything came in, holds the delivery consumer's.
 */
export async function rebuildDeliveries(db: Database, timeZone: string, check: boolean): Promise<Difference> {
  const counter = deliveryCounter(timeZone);
  let at = 0;
  const follow = async (tx: Tx, upTo: number): Promise<void> => {
    while (at < upTo) {
      const deliveries = (await readDeliveriesAfter(tx, at, BATCH)).filter((delivery) => delivery.seq <= upTo);
      for (const delivery of deliveries) counter.count(delivery);
      at = deliveries.at(-1)?.seq ?? upTo;
    }
  };
  await follow(db.read, await consumerSeq(db.read, DELIVERY_CONSUMER));
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${DELIVERY_CONSUMER}`);
    await follow(tx, await consumerSeq(tx, DELIVERY_CONSUMER));
    const [from, { horizon }] = [await wholeFrom(tx, timeZone), await readSettings(tx)];
    const counts = (row: DeliveryBucketRow): boolean => row.start >= Math.max(from, horizon[row.grain] ?? from);
    const wanted = counter.rows().filter(counts) as unknown as Row[];
    const found = (await tx.selectFrom("delivery_metric").select(["grain", "start", "endpoint", ...DELIVERY_OUTCOMES]).execute()).filter(counts) as unknown as Row[];
    const differ = difference(DELIVERY_METRIC, wanted, found);
    if (!check) await replaceAll(tx, differ, wanted);
    return differ;
  });
}
