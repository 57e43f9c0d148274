import { z } from "zod";
import { isoMillis, isoSeconds } from "../platform/index.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { EVENT_STATUSES, type ListedEvent } from "./search.ts";

/** An event as the API shows it: the older system's keys first, more after them. */
export const EVENT_SHAPE = z.object({
  ts: z.string().describe("When it came in"),
  event_type: z.string(),
  event_id: z.string(),
  mode: z.enum(["live", "test"]),
  ok: z.boolean(),
  status: z.enum(EVENT_STATUSES),
  created: z.string().describe("Stripe's own time of the fact"),
  object_id: z.string().nullable(),
  account: z.string().nullable(),
  api_version: z.string().nullable(),
  source: z.enum(["webhook", "sweep", "import", "tail"]),
  thin: z.literal(true).optional(),
  snapshot_event: z.string().nullable().optional(),
  error: z.string().optional(),
});

export const DELIVERY_SHAPE = z.object({
  delivery: z.number(),
  ts: z.string(),
  outcome: z.enum(["accepted", "duplicate", "variant", "malformed", "failed", "rejected"]),
  status: z.number(),
  endpoint: z.string().nullable(),
  event_id: z.string().nullable(),
  event_type: z.string().nullable(),
  reason: z.string().nullable(),
  count: z.number(),
});

export function showEvent(event: ListedEvent): z.output<typeof EVENT_SHAPE> {
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
    ...(event.thin ? { thin: true as const, snapshot_event: event.snapshotEvent } : {}),
    ...(event.error === null ? {} : { error: event.error }),
  };
}

export function showDelivery(delivery: DeliveryRecord): z.output<typeof DELIVERY_SHAPE> {
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
