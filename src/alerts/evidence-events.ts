import { listDeliveries, searchEvents } from "../ledger/index.ts";
import type { Tx } from "../platform/index.ts";
import type { AlertEvidence } from "./alert.ts";

const MOST = 20;

/** Which of Stripe's events show what a measure counts. Absence (fewer attempts, silence) has none. */
const EVENT_TYPES: Readonly<Record<string, readonly string[]>> = {
  failed: ["charge.failed", "payment_intent.payment_failed"],
  refunds: ["charge.refunded"],
  disputes: ["charge.dispute.created"],
};

/** Events told in the window that are evidence, newest first, at most 20: for a person to open, not a count. */
export async function evidenceEvents(tx: Tx, { measure, fromMs, untilMs }: AlertEvidence): Promise<string[]> {
  if (measure === "webhooks_failed") {
    const { deliveries } = await listDeliveries(tx, { outcome: "failed", before: null, limit: MOST });
    return deliveries.flatMap(({ receivedAt, eventId }) => (eventId !== null && receivedAt >= fromMs && receivedAt < untilMs ? [eventId] : []));
  }
  const ids: string[] = [];
  for (const type of EVENT_TYPES[measure] ?? []) {
    if (ids.length > 0) break;
    const { events } = await searchEvents(tx, "derive", { type, sinceMs: fromMs, untilMs }, MOST, null);
    ids.push(...events.map(({ eventId }) => eventId));
  }
  return ids;
}
