import { z } from "zod";
import { type Currency, majorNumber, type Minor, minor } from "../money/index.ts";
import { AppError, isoMillis, isoSeconds } from "../platform/index.ts";
import type { Asked } from "./intent.ts";
import { type Operation, OPERATION_KINDS, OPERATION_STATES } from "./operation.ts";
import type { readSteps } from "./store.ts";

function major(amount: Minor | null, currency: Currency | null): number | null {
  return amount === null || currency === null ? null : majorNumber(amount, currency);
}

const TEXT = z.string().nullable();
const MAJOR = z.number().nullable().describe("Major units");
const MINOR = z.number().nullable().describe("Minor units");
const MODE = z.enum(["live", "test"]);

export const OPERATION_SHAPE = z.object({
  id: z.string(),
  kind: z.enum(OPERATION_KINDS),
  state: z.enum(OPERATION_STATES),
  mode: MODE,
  payment_id: TEXT,
  amount: MAJOR,
  amount_minor: MINOR,
  currency: TEXT,
  object_id: TEXT,
  object_status: TEXT,
  reason: TEXT,
  note: TEXT,
  asked_by: z.string(),
  asked_by_key: z.string(),
  decided_by: TEXT,
  created: z.string(),
  updated: z.string(),
  confirmed: TEXT,
  attempts: z.number(),
  error: TEXT,
  code: TEXT,
});

export const STEP_SHAPE = z.object({ ts: z.string(), what: z.string(), text: TEXT, by: TEXT });

export const REFUND_ANSWER_SHAPE = z.object({ id: TEXT, status: TEXT, amount: MAJOR, mode: MODE, currency: TEXT, amount_minor: MINOR, payment_id: TEXT, operation: z.string(), replayed: z.boolean() });

export const INVOICE_ANSWER_SHAPE = z.object({
  invoice_id: TEXT,
  hosted_invoice_url: TEXT,
  amount_due: MAJOR,
  customer_email: TEXT,
  currency: TEXT,
  amount_due_minor: MINOR,
  number: TEXT,
  status: TEXT,
  sent: z.union([z.boolean(), z.literal("unknown")]).optional(),
  send_failed: z.string().optional(),
  mode: MODE,
  operation: z.string(),
  replayed: z.boolean(),
});

export const REFUNDABLE_SHAPE = z.object({
  payment_id: z.string(),
  charge: TEXT,
  mode: MODE,
  currency: z.string(),
  captured: z.number(),
  refunded: z.number(),
  left: z.number(),
  left_minor: z.number(),
  fee_not_returned: z.object({ amount: z.number(), amount_minor: z.number(), currency: z.string() }).nullable(),
  disputed: z.boolean(),
  disputes: z.array(z.object({ id: z.string(), status: z.string(), reason: TEXT })),
  email: TEXT,
  card: z.object({ brand: TEXT, last4: TEXT }).nullable(),
  refunds: z.array(z.object({ id: z.string(), status: z.string(), amount: z.number(), reason: TEXT, source: z.enum(["tillwatch", "elsewhere"]) })),
  in_progress: TEXT.describe("A refund of it that is under way"),
  awaiting_approval: z.array(z.string()),
  needs_approval: TEXT.describe("Why a second person would have to approve a refund of all that is left"),
});

/** An operation as lists show it: no bearer link, no key. */
export function showOperation(operation: Operation): z.output<typeof OPERATION_SHAPE> {
  const { currency } = operation;
  return {
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    mode: operation.live ? "live" : "test",
    payment_id: operation.payment,
    amount: major(operation.amount, currency),
    amount_minor: operation.amount,
    currency,
    object_id: operation.objectId,
    object_status: operation.objectStatus,
    reason: operation.reason,
    note: operation.note,
    asked_by: operation.actor.name,
    asked_by_key: operation.actor.keyId,
    decided_by: operation.second?.name ?? null,
    created: isoSeconds(operation.createdAt),
    updated: isoSeconds(operation.updatedAt),
    confirmed: operation.confirmedAt === null ? null : isoSeconds(operation.confirmedAt),
    attempts: operation.attempts,
    error: operation.error?.text ?? null,
    code: operation.error?.code ?? null,
  };
}

export function showSteps(steps: Awaited<ReturnType<typeof readSteps>>): z.output<typeof STEP_SHAPE>[] {
  return steps.map(({ at, what, text, actor }) => ({ ts: isoMillis(at), what, text, by: actor }));
}

/** What the client is told of an operation that did not do what was asked. Null when it did, or waits for approval. */
export function failureOf(operation: Operation): AppError | null {
  switch (operation.state) {
    case "submitted":
    case "confirmed":
    case "awaiting_approval":
      return null;
    case "failed":
      // A refund that failed at the bank days later was answered as made; its status says the rest.
      if (operation.objectId !== null) return null;
      return new AppError(operation.error?.kind ?? "upstream", `${operation.error?.text ?? "it failed"} (${operation.id})`, { code: operation.error?.code ?? "failed" });
    case "rejected":
      return new AppError("conflict", `a second person rejected this operation (${operation.id}); nothing was sent`, { code: "rejected" });
    case "expired":
      return new AppError("conflict", `nobody approved this operation in time (${operation.id}); nothing was sent. Ask for it again`, { code: "operation_expired" });
    case "sending":
      // No try has failed yet: somebody is at it this very moment.
      if (operation.attempts === 0) {
        return new AppError("conflict", `this very request is being carried out (${operation.id}); send it again in a moment for its answer, or see GET /api/operations/${operation.id}`, { code: "in_progress" });
      }
      return new AppError(
        "upstream",
        `Stripe has not said what became of this (${operation.id}). It is being found out, and will be done once or not at all: see GET /api/operations/${operation.id}, or send the very same request again`,
        { code: "unresolved" },
      );
  }
}

/** `data` of `POST /api/payments/refund`. @throws AppError when it was not done. */
export function refundAnswer({ operation, replayed }: Asked): { status: 200 | 202; data: z.output<typeof REFUND_ANSWER_SHAPE> } {
  const failure = failureOf(operation);
  if (failure !== null) throw failure;
  const waiting = operation.state === "awaiting_approval";
  return {
    status: waiting ? 202 : 200,
    data: {
      id: operation.objectId,
      status: waiting ? "awaiting_approval" : operation.objectStatus,
      amount: major(operation.amount, operation.currency),
      mode: operation.live ? "live" : "test",
      currency: operation.currency,
      amount_minor: operation.amount,
      payment_id: operation.payment,
      operation: operation.id,
      replayed,
    },
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The answer of `POST /api/payments/create-invoice` and of what acts on invoices. @throws AppError when it was not done. */
export function invoiceAnswer({ operation, replayed }: Asked): z.output<typeof INVOICE_ANSWER_SHAPE> {
  const failure = failureOf(operation);
  if (failure !== null) throw failure;
  const answer = operation.answer ?? {};
  const currency = (textOrNull(answer["currency"]) ?? operation.currency) as Currency | null;
  const due = typeof answer["amount_due_minor"] === "number" ? minor(answer["amount_due_minor"]) : operation.amount;
  return {
    invoice_id: operation.objectId,
    hosted_invoice_url: textOrNull(answer["hosted_invoice_url"]),
    amount_due: major(due, currency),
    customer_email: textOrNull(answer["customer_email"]) ?? (operation.request.kind === "invoice" ? operation.request.email : null),
    currency,
    amount_due_minor: due,
    number: textOrNull(answer["number"]),
    status: operation.objectStatus,
    ...mailOf(operation),
    mode: operation.live ? "live" : "test",
    operation: operation.id,
    replayed,
  };
}

/** Whether Stripe mailed it. An event that was quicker than the answer says nothing of the mail. */
function mailOf({ request, answer }: Operation): { sent?: boolean | "unknown"; send_failed?: string } {
  if (request.kind !== "invoice" && request.kind !== "invoice_send") return {};
  const sent = answer?.["sent"];
  const wanted = request.kind === "invoice_send" || request.send;
  const failed = textOrNull(answer?.["send_failed"]);
  return { sent: typeof sent === "boolean" || sent === "unknown" ? sent : wanted ? "unknown" : false, ...(failed === null ? {} : { send_failed: failed }) };
}
