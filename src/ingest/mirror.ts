import { consumerSeq, type DeliveryRecord, moveCursor, readDeliveriesAfter } from "../ledger/index.ts";
import { IMPORT_ENDPOINT, TAIL_ENDPOINT } from "./import/made.ts";
import { type Database, isoSeconds } from "../platform/index.ts";

const CONSUMER = "delivery:mirror";

/** A line of `stripe_webhooks.ndjson`: the older system's keys first, more after them. */
export function deliveryLine(delivery: DeliveryRecord, mode: "test" | "live"): Record<string, unknown> {
  const { outcome } = delivery;
  return {
    ts: isoSeconds(delivery.receivedAt),
    event_type: delivery.eventType,
    event_id: delivery.eventId,
    mode: delivery.live === null ? mode : delivery.live ? "live" : "test",
    ok: outcome === "accepted" || outcome === "duplicate" || outcome === "variant",
    status: delivery.status,
    outcome,
    endpoint: delivery.endpoint,
    ...(delivery.reason === null ? {} : { reason: delivery.reason }),
    ...(delivery.count === 1 ? {} : { count: delivery.count }),
    delivery: delivery.seq,
  };
}

/**
 * Writes the deliveries after its cursor to the mirror file and moves the cursor: each delivery is a line at least once
 * (a kill before the commit repeats lines, `delivery` tells them apart). With several nodes on one database each line is
 * written by one of them, into its own file. Answers whether there was work.
 */
export async function mirrorDeliveries(
  db: Database,
  options: { mode: "test" | "live"; append: (lines: readonly Record<string, unknown>[]) => void; nowMs: number; limit?: number },
): Promise<boolean> {
  const after = await consumerSeq(db.read, CONSUMER);
  if ((await readDeliveriesAfter(db.read, after, 1)).length === 0) return false;
  return await db.write(async (tx) => {
    // Two nodes that mirror at once would write lines twice, and the slower one move the cursor back.
    await db.dialect.lock(tx, `consumer:${CONSUMER}`);
    const deliveries = await readDeliveriesAfter(tx, await consumerSeq(tx, CONSUMER), options.limit ?? 500);
    const last = deliveries.at(-1);
    if (last === undefined) return false;
    await moveCursor(tx, CONSUMER, last.seq, options.nowMs);
    // What an import read from a log is not written to a log again: that log may be the very same file.
    const ours = deliveries.filter(({ endpoint }) => endpoint !== IMPORT_ENDPOINT && endpoint !== TAIL_ENDPOINT);
    if (ours.length > 0) options.append(ours.map((delivery) => deliveryLine(delivery, options.mode)));
    return true;
  });
}
