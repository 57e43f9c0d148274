import { sql } from "kysely";
import { z } from "zod";
import { AppError, type Database, type Guard, type Http, type HttpReply, isoMillis } from "../platform/index.ts";
import { listDeliveries } from "./deliveries.ts";
import { DELIVERY_SHAPE, EVENT_SHAPE, showDelivery, showEvent } from "./present.ts";
import { deliveryQuery } from "./query.ts";
import { previousOfObject, readEvent, readVariants } from "./read.ts";
import { searchEvents } from "./search.ts";

export interface LedgerRoutes {
  readonly db: Database;
  readonly viewer: Guard;
  /** Whose cursor tells a processed event from a pending one. */
  readonly consumer: string;
}

const OK = z.literal(true);
const BODY = z.record(z.string(), z.unknown()).describe("As Stripe sent it");
const DETAIL_SHAPE = EVENT_SHAPE.extend({ body: BODY, previous: z.string().nullable().describe("The event of the same object that came before this one"), variants: z.array(z.object({ received_at: z.string(), event_type: z.string(), body: BODY })) });

const params = z.strictObject({ id: z.string().min(1).max(255) });

function notFound(id: string): AppError {
  return new AppError("not_found", `there is no event ${JSON.stringify(id.slice(0, 60))}; GET /api/payments/events lists them`, { code: "event_not_found" });
}

/** `/api/events/:id` (what it is, parsed, with its variants), `/api/events/:id/raw` (the exact bytes), `/api/deliveries`. */
export function ledgerRoutes(http: Http, { db, viewer, consumer }: LedgerRoutes): void {
  http.get("/api/events/:id", { onRequest: viewer, schema: { summary: "One event with its body", tags: ["events"], params, response: { 200: z.object({ ok: OK, data: DETAIL_SHAPE }) } } }, async (request, reply) => {
    const found = await readEvent(db.read, request.params.id);
    const [listed] = (await searchEvents(db.read, consumer, { within: sql`select seq from event where event_id = ${request.params.id}` }, 1, null)).events;
    if (found === null || listed === undefined) throw notFound(request.params.id);
    const variants = await readVariants(db.read, found.event.seq);
    // The bodies go out as the text they came as: nothing is rounded, and none is too deep to be written again.
    const shown = JSON.stringify(showEvent(listed));
    const others = variants.map((variant) => `{"received_at":${JSON.stringify(isoMillis(variant.receivedAt))},"event_type":${JSON.stringify(variant.type)},"body":${variant.raw.toString("utf8")}}`);
    const previous = JSON.stringify(await previousOfObject(db.read, found.event));
    const answer = `{"ok":true,"data":${shown.slice(0, -1)},"previous":${previous},"body":${found.raw.toString("utf8")},"variants":[${others.join(",")}]}}`;
    return await (reply as HttpReply).type("application/json; charset=utf-8").send(answer);
  });
  http.get("/api/events/:id/raw", { onRequest: viewer, schema: { summary: "The bytes of an event as they were delivered", tags: ["events"], params } }, async (request, reply) => {
    const found = await readEvent(db.read, request.params.id);
    if (found === null) throw notFound(request.params.id);
    // Octets, not JSON: nothing on the way may reformat what a signature was made over.
    return await reply.type("application/octet-stream").send(found.raw);
  });
  http.get("/api/deliveries", { onRequest: viewer, schema: { summary: "Deliveries to the webhook endpoint, newest first", tags: ["events"], querystring: deliveryQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(DELIVERY_SHAPE), next_cursor: z.string().nullable() }) } } }, async (request) => {
    const { limit, cursor, outcome } = request.query;
    const page = await listDeliveries(db.read, { outcome, before: cursor === undefined ? null : Number(cursor), limit });
    return { ok: true as const, count: page.deliveries.length, data: page.deliveries.map(showDelivery), next_cursor: page.nextCursor };
  });
}
