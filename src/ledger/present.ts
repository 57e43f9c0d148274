import { isoMillis, isoSeconds } from "../platform/index.ts";
import type { DeliveryRecord } from "./delivery.ts";
import type { ListedEvent } from "./search.ts";

/** An event as the API shows it: the older system's keys first, more after them. */
export function showEvent(event: ListedEvent): Record<string, unknown> {
  return {
    ts: isoSeconds(event.receivedAt),
    event_type: event.type,
    event_id: event.eventId,
    mode: event.live ? "live" : "test",
    ok: event.status !== "failed",
    status: event.status,
    created: isoSeconds(event.createdAt),
    object_id: event.objectId,
    account: event.account,
    api_version: event.apiVersion,
    source: event.source,
    ...(event.thin ? { thin: true, snapshot_event: event.snapshotEvent } : {}),
    ...(event.error === null ? {} : { error: event.error }),
  };
}

export function showDelivery(delivery: DeliveryRecord): Record<string, unknown> {
  return {
    delivery: delivery.seq,
    ts: isoMillis(delivery.receivedAt),
    outcome: delivery.outcome,
    status: delivery.status,
    endpoint: delivery.endpoint,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    reason: delivery.reason,
    count: delivery.count,
  };
}
