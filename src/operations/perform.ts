import { type InvoiceFacts, type RefundFacts, type StripeApi, StripeTrouble } from "../stripe/index.ts";
import type { Operation, OperationRequest, Progress } from "./operation.ts";

/** What Stripe has after an operation was carried out. */
export interface Outcome {
  readonly objectId: string;
  readonly objectStatus: string;
  /** What the client is answered beyond the operation itself. Holds bearer links: never to be logged. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly progress?: Progress;
  readonly refund?: RefundFacts;
  /** Why the mail did not go out, though the invoice was made. */
  readonly sendFailed?: string;
}

type SaveProgress = (progress: Progress) => Promise<void>;

function ofRefund(refund: RefundFacts): Outcome {
  return { objectId: refund.id, objectStatus: refund.status, answer: {}, refund };
}

function mailed(invoice: InvoiceFacts, sent: Sent): Outcome {
  const outcome = ofInvoice(invoice);
  return { ...outcome, answer: { ...outcome.answer, sent } };
}

function ofInvoice(invoice: InvoiceFacts): Outcome {
  return {
    objectId: invoice.id,
    objectStatus: invoice.status,
    answer: { hosted_invoice_url: invoice.hostedUrl, amount_due_minor: invoice.amountDue, currency: invoice.currency, customer_email: invoice.email, number: invoice.number },
  };
}

/** Whether Stripe mailed it: its word, or that we cannot know. */
export type Sent = boolean | "unknown";

/**
 * The mail, once the invoice can be paid: a refusal of the mail takes nothing of the invoice back.
 *
 * @param before the mail may have been asked for by an earlier try.
 */
async function mailOf(api: StripeApi, invoice: string, key: string, before: boolean): Promise<{ sent: Sent; failed?: string }> {
  try {
    await api.sendInvoice(invoice, key);
    return { sent: true };
  } catch (error) {
    if (!(error instanceof StripeTrouble) || error.effect !== "none") throw error;
    return { sent: before ? "unknown" : false, failed: error.message };
  }
}

/** Customer, draft, item, finalize, send: each call with its own key, and on record before the next, so that another try goes on. */
async function makeInvoice(api: StripeApi, operation: Operation, wish: OperationRequest & { kind: "invoice" }, save: SaveProgress): Promise<Outcome> {
  const key = (step: string): string => `${operation.stripeKey}-${step}`;
  const { amount, currency, email, description, daysUntilDue, send } = wish;
  let { customer, invoice } = operation.progress;
  if (customer === undefined) {
    customer = (await api.customerByEmail(email)) ?? (await api.createCustomer(email, operation.id, key("customer")));
    await save({ customer });
  }
  if (invoice === undefined) {
    invoice = (await api.draftInvoice({ customer, currency, daysUntilDue, description, operation: operation.id }, key("invoice"))).id;
    await save({ customer, invoice });
  }
  await api.addToInvoice({ customer, invoice, amount, currency, description }, key("item"));
  const open = await api.finalizeInvoice(invoice, key("finalize"));
  const progress: Progress = { customer, invoice, open: true };
  const before = operation.progress.open === true;
  if (send && !before) await save(progress);
  const mail = send ? await mailOf(api, invoice, key("send"), before) : { sent: false };
  const made = ofInvoice(open);
  return { ...made, answer: { ...made.answer, sent: mail.sent, ...(mail.failed === undefined ? {} : { send_failed: mail.failed }) }, progress, ...(mail.failed === undefined ? {} : { sendFailed: mail.failed }) };
}

/** Does it at Stripe, with the keys that are on record: done twice, it happens once. @throws StripeTrouble */
export async function perform(api: StripeApi, operation: Operation, save: SaveProgress): Promise<Outcome> {
  const { request, stripeKey } = operation;
  switch (request.kind) {
    case "refund":
      return ofRefund(await api.refund({ payment: request.payment, amount: request.amount, reason: request.reason, operation: operation.id }, stripeKey));
    case "invoice":
      return await makeInvoice(api, operation, request, save);
    case "invoice_void":
      return ofInvoice(await api.voidInvoice(request.invoice, stripeKey));
    case "invoice_send":
      return mailed(await api.sendInvoice(request.invoice, stripeKey), true);
  }
}

/** Asks Stripe whether it was done; null when Stripe has nothing of it. Changes nothing. */
export async function lookUp(api: StripeApi, operation: Operation): Promise<Outcome | null> {
  const { request, progress } = operation;
  switch (request.kind) {
    case "refund": {
      const found = (await api.refundsOf(request.payment)).find((refund) => refund.operation === operation.id);
      return found === undefined ? null : ofRefund(found);
    }
    case "invoice": {
      // A mail leaves no trace on the invoice; it was asked for only once that the invoice is open is on record.
      const sent = request.send && progress.open === true ? "unknown" : false;
      if (progress.invoice !== undefined) return finished(await api.invoice(progress.invoice), sent);
      if (progress.customer === undefined) return null;
      const found = (await api.invoicesOf(progress.customer, operation.createdAt - 60_000)).find((invoice) => invoice.operation === operation.id);
      return found === undefined ? null : finished(found, sent);
    }
    case "invoice_void": {
      const invoice = await api.invoice(request.invoice);
      return invoice.status === "void" ? ofInvoice(invoice) : null;
    }
    case "invoice_send":
      // A mail leaves no trace on the invoice.
      return null;
  }
}

/** A draft is no invoice: nobody can pay it. */
function finished(invoice: InvoiceFacts, sent: Sent): Outcome | null {
  return invoice.status === "draft" ? null : mailed(invoice, sent);
}
