import { z } from "zod";
import { EVENT_SHAPE, eventQuery, limitField, searchEvents, showEvent } from "../ledger/index.ts";
import type { Currency } from "../money/index.ts";
import { AppError, type Database, type Guard, type Http } from "../platform/index.ts";
import { LISTED_PAYMENT_SHAPE, PAYMENT_SHAPE, showListedPayment, showPayment } from "./present.ts";
import { paymentFilterOf, paymentSearch } from "./search.ts";
import { eventSeqsOf, getPayment, listPayments } from "./query.ts";

export interface PaymentsRoutes {
  readonly db: Database;
  readonly viewer: Guard;
  /** Whose cursor tells a processed event from a pending one. */
  readonly consumer: string;
  /** Of an amount that is searched for without one. */
  readonly currency: Currency;
}

/** Events shown with a payment; one with more is an oddity, and the events list pages through them all. */
const MAX_EVENTS = 100;

const paymentId = z.string().regex(/^[A-Za-z0-9_]{1,255}$/, "must be an id such as pi_…, ch_…, re_… or dp_…");

const OK = z.literal(true);

const paymentQuery = z.strictObject({ limit: limitField, cursor: z.string().max(100).optional(), ...paymentSearch });

/** `/api/payments/events`, `/api/payments`, `/api/payments/:id`. */
export function paymentsRoutes(http: Http, { db, viewer, consumer, currency }: PaymentsRoutes): void {
  http.get(
    "/api/payments/events",
    { onRequest: viewer, schema: { summary: "Events, newest received first", tags: ["events"], querystring: eventQuery.extend({ payment_id: paymentId.optional() }), response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(EVENT_SHAPE), next_cursor: z.string().nullable() }) } } },
    async (request) => {
      const { limit, cursor, type, since, until, status, payment_id } = request.query;
      const within = payment_id === undefined ? undefined : eventSeqsOf(payment_id);
      const page = await searchEvents(db.read, consumer, { type, sinceMs: since, untilMs: until, status, within }, limit, cursor ?? null);
      return { ok: true as const, count: page.events.length, data: page.events.map(showEvent), next_cursor: page.nextCursor };
    },
  );
  http.get("/api/payments", { onRequest: viewer, schema: { summary: "Payments, newest begun first", tags: ["payments"], querystring: paymentQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(LISTED_PAYMENT_SHAPE), next_cursor: z.string().nullable() }) } } }, async (request) => {
    const { limit, cursor, ...search } = request.query;
    const page = await listPayments(db.read, paymentFilterOf(search, currency), limit, cursor ?? null);
    return { ok: true as const, count: page.payments.length, data: page.payments.map(showListedPayment), next_cursor: page.nextCursor };
  });
  http.get(
    "/api/payments/:id",
    { onRequest: viewer, schema: { summary: "One payment: its state, and its events in order", tags: ["payments"], params: z.strictObject({ id: paymentId }), response: { 200: z.object({ ok: OK, data: PAYMENT_SHAPE.extend({ events: z.array(EVENT_SHAPE), more_events: z.boolean() }) }) } } },
    async (request) => {
      const { id } = request.params;
      const payment = await getPayment(db.read, id);
      if (payment === null) throw new AppError("not_found", `no event has told of a payment ${JSON.stringify(id)}; see GET /api/payments`, { code: "payment_not_found" });
      const { events, nextCursor } = await searchEvents(db.read, consumer, { within: eventSeqsOf(id) }, MAX_EVENTS, null);
      // By Stripe's own time, as it happened; what came in together keeps the order of arrival.
      const ordered = [...events].sort((a, b) => a.createdAt - b.createdAt || a.seq - b.seq);
      return { ok: true as const, data: { ...showPayment(payment), events: ordered.map(showEvent), more_events: nextCursor !== null } };
    },
  );
}
