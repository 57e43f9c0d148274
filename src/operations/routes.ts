import { z } from "zod";
import { principalOf } from "../access/index.ts";
import { asCurrency, type Currency } from "../money/index.ts";
import { AppError, type Guard, type Http, type HttpReply, type HttpRequest } from "../platform/index.ts";
import { REFUND_REASONS } from "../stripe/index.ts";
import { approveOperation, needOperation, rejectOperation } from "./approve.ts";
import type { Asked, Asker } from "./intent.ts";
import { actOnInvoice, createInvoice } from "./invoice.ts";
import { OPERATION_KINDS, OPERATION_STATES } from "./operation.ts";
import { INVOICE_ANSWER_SHAPE, invoiceAnswer, OPERATION_SHAPE, REFUND_ANSWER_SHAPE, REFUNDABLE_SHAPE, refundAnswer, showOperation, showSteps, STEP_SHAPE } from "./present.ts";
import { type RefundDeps, refundPayment } from "./refund.ts";
import { previewRefund } from "./refundable.ts";
import { listOperations, readSteps } from "./store.ts";

export interface OperationRoutes extends RefundDeps {
  readonly viewer: Guard;
  readonly operator: Guard;
  /** Of an invoice that names none. */
  readonly currency: Currency;
}

/** Asking Stripe what is left, refunding, and once more when the answer is lost: each may take its full time. */
const PATIENCE_MS = 65_000;

const OK = { ok: true as const };
const okWith = <Shape extends z.ZodType>(data: Shape) => z.object({ ok: z.literal(true), data });
const REFUNDED = okWith(REFUND_ANSWER_SHAPE);
const INVOICED = INVOICE_ANSWER_SHAPE.extend({ ok: z.literal(true) });
const paymentId = z.string().regex(/^(pi|ch|py)_[A-Za-z0-9_]{1,250}$/, "must be a payment's id, pi_… or ch_…");
const invoiceId = z.strictObject({ id: z.string().regex(/^in_[A-Za-z0-9_]{1,250}$/, "must be an invoice's id, in_…") });
const operationId = z.strictObject({ id: z.string().regex(/^op_[0-9a-f]{20}$/, "must be an operation's id, op_…") });
const words = z
  .string()
  .trim()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u, "must be one line without control characters")
  .transform((text) => (text === "" ? null : text))
  .nullish();

/** Absent, null, or an amount; everything else is refused by the amount's own rules, in its words. */
const amount = z.unknown().describe("Major units, a number or a decimal text: 0.50");

const refundBody = z.strictObject({ payment_id: paymentId, amount: amount.optional(), reason: z.enum(REFUND_REASONS).nullish(), note: words });

const invoiceBody = z.strictObject({
  amount,
  email: z.email("must be an e-mail address").max(320),
  description: z.string().trim().min(1).max(500).regex(/^[^\p{Cc}]*$/u, "must be one line without control characters").default("Payment"),
  currency: z.string().refine((code) => asCurrency(code) !== null, "must be a three-letter currency code such as usd").nullish(),
  days_until_due: z.int().min(0).max(365).default(7),
  send: z.boolean().default(false),
});

/** @throws AppError for a key that no record could hold. */
function askerOf(request: HttpRequest): Asker {
  const { keyId, name } = principalOf(request);
  const header = request.headers["idempotency-key"];
  if (header !== undefined && (typeof header !== "string" || !/^[\x21-\x7e]{1,255}$/.test(header))) {
    throw new AppError("invalid", "Idempotency-Key must have 1 to 255 visible ASCII characters, such as a UUID", { code: "idempotency_key_invalid" });
  }
  return { actor: { keyId, name }, requestId: request.id, requestKey: header ?? null };
}

function mark(reply: HttpReply, { replayed }: Asked): void {
  if (replayed) void reply.header("idempotent-replayed", "true");
}

function refundRoutes(http: Http, deps: OperationRoutes): void {
  const { viewer, operator } = deps;
  http.post(
    "/api/payments/refund",
    { onRequest: operator, handlerTimeout: PATIENCE_MS, schema: { summary: "Refund a payment, in full or in part; the same request twice refunds once", tags: ["operations"], body: refundBody, response: { 200: REFUNDED, 202: REFUNDED.describe("Stored; a second person has to approve it") } } },
    async (request, reply) => {
      const { payment_id, reason, note } = request.body;
      const asked = await refundPayment(deps, { payment: payment_id, amount: request.body.amount, reason: reason ?? null, note: note ?? null }, askerOf(request));
      const { status, data } = refundAnswer(asked);
      mark(reply, asked);
      return await reply.code(status).send({ ...OK, data });
    },
  );
  http.get(
    "/api/payments/:id/refundable",
    { onRequest: viewer, schema: { summary: "What is left of a payment, and what a refund would meet; asks Stripe, changes nothing", tags: ["operations"], params: z.strictObject({ id: paymentId }), response: { 200: okWith(REFUNDABLE_SHAPE) } } },
    async (request) => ({ ...OK, data: await previewRefund(deps, request.params.id, principalOf(request).keyId) }),
  );
}

function invoiceRoutes(http: Http, deps: OperationRoutes): void {
  const { operator } = deps;
  http.post(
    "/api/payments/create-invoice",
    { onRequest: operator, handlerTimeout: PATIENCE_MS, schema: { summary: "Make an invoice to be paid on Stripe's page", tags: ["operations"], body: invoiceBody, response: { 200: INVOICED } } },
    async (request, reply) => {
      const { email, description, currency, days_until_due, send } = request.body;
      const asked = await createInvoice(deps, { amount: request.body.amount, currency: asCurrency(currency) ?? deps.currency, email: email.toLowerCase(), description, daysUntilDue: days_until_due, send }, askerOf(request));
      const answer = invoiceAnswer(asked);
      mark(reply, asked);
      return { ...OK, ...answer };
    },
  );
  for (const [verb, kind, summary] of [["void", "invoice_void", "Void an invoice: nobody can pay it any more"], ["send", "invoice_send", "Let Stripe mail an invoice (again)"]] as const) {
    http.post(`/api/invoices/:id/${verb}`, { onRequest: operator, handlerTimeout: PATIENCE_MS, schema: { summary, tags: ["operations"], params: invoiceId, response: { 200: INVOICED } } }, async (request, reply) => {
      const asked = await actOnInvoice(deps, kind, request.params.id, askerOf(request));
      const answer = invoiceAnswer(asked);
      mark(reply, asked);
      return { ...OK, ...answer };
    });
  }
}

const listQuery = z.strictObject({
  limit: z.coerce.number("must be a whole number from 1 to 100").int("must be a whole number from 1 to 100").min(1).default(20),
  cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional(),
  kind: z.enum(OPERATION_KINDS).optional(),
  state: z.enum(OPERATION_STATES).optional(),
  payment_id: paymentId.optional(),
});

/** `/api/payments/refund`, `…/refundable`, `…/create-invoice`, `/api/invoices/:id/void|send`, `/api/operations…`. */
export function operationRoutes(http: Http, deps: OperationRoutes): void {
  const { db, viewer, operator } = deps;
  refundRoutes(http, deps);
  invoiceRoutes(http, deps);
  http.get("/api/operations", { onRequest: viewer, schema: { summary: "Refunds and invoices asked for, newest first", tags: ["operations"], querystring: listQuery, response: { 200: z.object({ ok: z.literal(true), count: z.number(), data: z.array(OPERATION_SHAPE), next_cursor: z.string().nullable() }) } } }, async (request) => {
    const { limit, cursor, kind, state, payment_id } = request.query;
    const page = await listOperations(db.read, { kind, state, payment: payment_id, before: cursor === undefined ? undefined : Number(cursor), limit: Math.min(limit, 100) });
    return { ...OK, count: page.operations.length, data: page.operations.map(showOperation), next_cursor: page.next === null ? null : String(page.next) };
  });
  http.get("/api/operations/:id", { onRequest: viewer, schema: { summary: "One operation with its time line", tags: ["operations"], params: operationId, response: { 200: okWith(OPERATION_SHAPE.extend({ timeline: z.array(STEP_SHAPE) })) } } }, async (request) => {
    const operation = await needOperation(deps, request.params.id);
    return { ...OK, data: { ...showOperation(operation), timeline: showSteps(await readSteps(db.read, operation.id)) } };
  });
  http.post(
    "/api/operations/:id/approve",
    { onRequest: operator, handlerTimeout: PATIENCE_MS, schema: { summary: "Approve somebody else's operation; it is sent then", tags: ["operations"], params: operationId, response: { 200: REFUNDED } } },
    async (request) => {
      const operation = await approveOperation(deps, request.params.id, askerOf(request));
      const { data } = refundAnswer({ operation, replayed: false });
      return { ...OK, data };
    },
  );
  http.post(
    "/api/operations/:id/reject",
    { onRequest: operator, schema: { summary: "Reject somebody else's operation; nothing is sent", tags: ["operations"], params: operationId, body: z.strictObject({ why: words }).nullish(), response: { 200: okWith(OPERATION_SHAPE) } } },
    async (request) => ({ ...OK, data: showOperation(await rejectOperation(deps, request.params.id, request.body?.why ?? null, askerOf(request))) }),
  );
}
