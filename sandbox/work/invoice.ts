import { badRequest } from "../api/problem.ts";
import { minimumCharge } from "../currency.ts";
import type { Desk } from "../desk.ts";
import type { Customer } from "../shapes/customer.ts";
import type { Invoice, InvoiceStatus } from "../shapes/invoice.ts";
import type { InvoiceItem } from "../shapes/invoice-item.ts";
import type { InvoicePayment } from "../shapes/invoice-payment.ts";
import { finalized, withLines } from "../shapes/invoice.ts";
import { lineItemShape } from "../shapes/invoice-item.ts";
import { invoicePaymentShape } from "../shapes/invoice-payment.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { paymentIntentShape } from "../shapes/payment-intent.ts";
import { seconds } from "../shapes/thing.ts";
import { markPaid } from "./invoice-payment.ts";

export function expectInvoice(invoice: Invoice, verb: string, allowed: readonly InvoiceStatus[]): Invoice {
  if (allowed.includes(invoice.status)) return invoice;
  if (verb === "pay" && invoice.status === "paid") throw badRequest("Invoice is already paid", "invoice_already_paid");
  if (invoice.status === "draft") throw badRequest(`You can only ${verb} an invoice that has been finalized. This invoice is a draft.`, "invoice_not_editable");
  throw badRequest(`You can't ${verb} an invoice that is ${invoice.status}; it has to be ${allowed.join(" or ")}.`, "invoice_not_editable");
}

/** The draft with lines for its items as they are now. */
export function relined(desk: Desk, invoice: Invoice): Invoice {
  const items = desk.all<InvoiceItem>("invoiceitem", { invoice: invoice.id });
  const lines = items.map((item) => lineItemShape(`il_${item.id.slice(3)}`, invoice.id, item));
  return desk.tell("invoice.updated", withLines(invoice, lines), invoice);
}

/** Takes the customer's loose items of the invoice's currency onto it. */
export function takeLooseItems(desk: Desk, invoice: Invoice): Invoice {
  const loose = desk.all<InvoiceItem>("invoiceitem", { customer: invoice.customer }).filter((item) => item.invoice === null && item.currency === invoice.currency);
  for (const item of loose) desk.save({ ...item, invoice: invoice.id });
  return loose.length === 0 ? invoice : relined(desk, invoice);
}

/** From draft to open, with a number, a page to pay on and a payment intent; nothing to pay is paid at once. */
export function finalizeInvoice(desk: Desk, draft: Invoice): Invoice {
  expectInvoice(draft, "finalize", ["draft"]);
  const customer = desk.find<Customer>("customer", draft.customer);
  const number = `${customer.invoice_prefix}-${String(customer.next_invoice_sequence).padStart(4, "0")}`;
  desk.save({ ...customer, next_invoice_sequence: customer.next_invoice_sequence + 1, currency: customer.currency ?? draft.currency });
  const open = finalized(desk.merchant, draft, { atMs: desk.nowMs, number, token: desk.world.random.alphanumeric(40) });
  if (open.total < minimumCharge(open.currency)) return withoutPayment(desk, open, draft, customer);
  const intent = intentFor(desk, open);
  desk.save(invoicePaymentShape(desk.id("inpay"), open, intent.id, desk.nowMs));
  desk.tell("invoice.updated", open, draft);
  desk.emit("invoice.finalized", open);
  desk.tell("payment_intent.created", intent);
  return open;
}

/** Too little to charge, or nothing: booked on the customer's balance, and paid without any money moving. */
function withoutPayment(desk: Desk, open: Invoice, draft: Invoice, customer: Customer): Invoice {
  const booked: Invoice = { ...open, amount_due: 0, amount_remaining: 0, starting_balance: customer.balance, ending_balance: customer.balance + open.total };
  if (open.total !== 0) {
    const current = desk.find<Customer>("customer", customer.id);
    desk.tell("customer.updated", { ...current, balance: current.balance + open.total }, current);
  }
  desk.tell("invoice.updated", booked, draft);
  desk.emit("invoice.finalized", booked);
  return markPaid(desk, booked, false);
}

function intentFor(desk: Desk, invoice: Invoice): PaymentIntent {
  return paymentIntentShape(desk.merchant, {
    id: desk.id("pi"), secret: desk.world.random.alphanumeric(25), amount: invoice.amount_due, currency: invoice.currency, createdAtMs: desk.nowMs, customer: invoice.customer,
    description: invoice.description ?? `Payment for Invoice ${invoice.number ?? ""}`.trim(), metadata: {}, methodTypes: ["card"], captureMethod: "automatic_async", receiptEmail: null,
  });
}

/** The payment intent that is to pay an open invoice. */
export function intentOfInvoice(desk: Desk, invoice: Invoice): PaymentIntent | null {
  const link = desk.all<InvoicePayment>("invoice_payment", { invoice: invoice.id })[0];
  return link === undefined ? null : desk.find<PaymentIntent>("payment_intent", link.payment.payment_intent);
}

/** Nobody can pay it any more. */
export function endInvoice(desk: Desk, invoice: Invoice, status: "void" | "uncollectible"): Invoice {
  const field = status === "void" ? "voided_at" : "marked_uncollectible_at";
  const ended: Invoice = { ...invoice, status, status_transitions: { ...invoice.status_transitions, [field]: seconds(desk.nowMs) } };
  desk.tell("invoice.updated", ended, invoice);
  desk.emit(status === "void" ? "invoice.voided" : "invoice.marked_uncollectible", ended);
  const intent = status === "void" ? intentOfInvoice(desk, invoice) : null;
  if (intent !== null && intent.status !== "succeeded" && intent.status !== "canceled") {
    desk.tell("payment_intent.canceled", { ...intent, status: "canceled", canceled_at: seconds(desk.nowMs), cancellation_reason: "void_invoice" } satisfies PaymentIntent, intent);
    const link = desk.all<InvoicePayment>("invoice_payment", { invoice: invoice.id })[0];
    if (link !== undefined) desk.save({ ...link, status: "canceled", status_transitions: { ...link.status_transitions, canceled_at: seconds(desk.nowMs) } } satisfies InvoicePayment);
  }
  return ended;
}
