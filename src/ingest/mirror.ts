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
 * Writes the deliveries after its cursor to the mirror file, then moves the cursor: each delivery is a line at least
 * once (a kill between the two repeats lines, `delivery` tells them apart). Answers whether there was work.
 */
export async function mirrorDeliveries(
  db: Database,
  options: { mode: "test" | "live"; append: (lines: readonly Record<string, unknown>[]) => void; nowMs: number; limit?: number },
): Promise<boolean> {
  const after = await consumerSeq(db.read, CONSUMER);
  const deliveries = await readDeliveriesAfter(db.read, after, options.limit ?? 500);
  const last = deliveries.at(-1);
  if (last === undefined) return false;
  // What an import read from a log is not written to a log again: that log may be the very same file.
  const ours = deliveries.filter(({ endpoint }) => endpoint !== IMPORT_ENDPOINT && endpoint !== TAIL_ENDPOINT);
  if (ours.length > 0) options.append(ours.map((delivery) => deliveryLine(delivery, options.mode)));
  await db.write((tx) => moveCursor(tx, CONSUMER, last.seq, options.nowMs));
  return true;
}
