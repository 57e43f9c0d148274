import { type Currency, majorNumber, type Minor, minor } from "../money/index.ts";
import { AppError, isoMillis, isoSeconds } from "../platform/index.ts";
import type { Asked } from "./intent.ts";
import type { Operation } from "./operation.ts";
import type { readSteps } from "./store.ts";

function major(amount: Minor | null, currency: Currency | null): number | null {
  return amount === null || currency === null ? null : majorNumber(amount, currency);
}

/** An operation as lists show it: no bearer link, no key. */
export function showOperation(operation: Operation): Record<string, unknown> {
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

export function showSteps(steps: Awaited<ReturnType<typeof readSteps>>): Record<string, unknown>[] {
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
export function refundAnswer({ operation, replayed }: Asked): { status: 200 | 202; data: Record<string, unknown> } {
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
export function invoiceAnswer({ operation, replayed }: Asked): Record<string, unknown> {
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
