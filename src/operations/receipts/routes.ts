import { z } from "zod";
import { principalOf } from "../../access/index.ts";
import { type Guard, type Http, isoSeconds } from "../../platform/index.ts";
import { type Receipt, RECEIPT_STATES } from "./receipt.ts";
import { previewReceipt, type ReceiptDeps, resendReceipt } from "./send.ts";
import { listReceipts } from "./store.ts";

export interface ReceiptRoutes extends ReceiptDeps {
  readonly viewer: Guard;
  readonly operator: Guard;
}

const chargeId = z.strictObject({ charge: z.string().regex(/^(ch|py|re|pyr)_[A-Za-z0-9_]{1,250}$/, "must be the id of a charge, ch_…, or of a refund of it, re_…") });

const TEXT = z.string().nullable();

export const RECEIPT_SHAPE = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(RECEIPT_STATES),
  via: TEXT,
  mode: z.enum(["live", "test"]),
  charge: TEXT,
  refund: TEXT,
  email: TEXT,
  copies: z.number(),
  why: TEXT,
  created: z.string(),
  sent: TEXT,
});

export function showReceipt(receipt: Receipt): z.output<typeof RECEIPT_SHAPE> {
  const { id, kind, state, via, charge, refund, email, copies, why } = receipt;
  return { id, kind, state, via, mode: receipt.live ? "live" : "test", charge, refund, email, copies, why, created: isoSeconds(receipt.createdAt), sent: receipt.sentAt === null ? null : isoSeconds(receipt.sentAt) };
}

/** `/api/receipts`, one as it would look, and sending one again. */
export function receiptRoutes(http: Http, deps: ReceiptRoutes): void {
  const { db, viewer, operator } = deps;
  const query = z.strictObject({
    limit: z.coerce.number("must be a whole number from 1 to 100").int("must be a whole number from 1 to 100").min(1).default(20),
    state: z.enum(RECEIPT_STATES).optional(),
    charge: chargeId.shape.charge.optional(),
  });
  http.get("/api/receipts", { onRequest: viewer, schema: { summary: "Receipts, newest first", tags: ["operations"], querystring: query, response: { 200: z.object({ ok: z.literal(true), count: z.number(), data: z.array(RECEIPT_SHAPE) }) } } }, async (request) => {
    const { limit, state, charge } = request.query;
    const receipts = await listReceipts(db.read, { state, charge, limit: Math.min(100, limit) });
    return { ok: true as const, count: receipts.length, data: receipts.map(showReceipt) };
  });
  http.get("/api/receipts/:charge/preview", { onRequest: viewer, schema: { summary: "The receipt of a charge as it would be mailed (HTML)", tags: ["operations"], params: chargeId } }, async (request, reply) => {
    const { html } = await previewReceipt(deps, request.params.charge);
    // Nothing in it may run or ask anybody, save for the merchant's logo.
    return await reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; img-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'").type("text/html; charset=utf-8").send(html);
  });
  http.post(
    "/api/receipts/:charge/resend",
    { onRequest: operator, schema: { summary: "Send a receipt once more", tags: ["operations"], params: chargeId, body: z.strictObject({ email: z.email("must be an e-mail address").max(320).nullish() }).nullish() } },
    async (request, reply) => {
      const { keyId, name } = principalOf(request);
      const receipt = await resendReceipt(deps, request.params.charge, request.body?.email ?? null, { keyId, name }, request.id);
      return await reply.code(202).send({ ok: true as const, data: showReceipt(receipt) });
    },
  );
}
