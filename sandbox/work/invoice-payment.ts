import type { Desk } from "../desk.ts";
import type { Invoice } from "../shapes/invoice.ts";
import type { InvoicePayment } from "../shapes/invoice-payment.ts";
import { paid } from "../shapes/invoice.ts";
import { invoicePaymentPaid } from "../shapes/invoice-payment.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";

/** The invoice a payment intent was made for, if any, and still open. */
function openInvoiceOf(desk: Desk, intent: PaymentIntent): { link: InvoicePayment; invoice: Invoice } | null {
  const link = desk.all<InvoicePayment>("invoice_payment", { payment_intent: intent.id })[0];
  if (link === undefined) return null;
  const invoice = desk.find<Invoice>("invoice", link.invoice);
  return invoice.status === "open" || invoice.status === "uncollectible" ? { link, invoice } : null;
}

export function invoiceIntentPaid(desk: Desk, intent: PaymentIntent): void {
  const found = openInvoiceOf(desk, intent);
  if (found === null) return;
  desk.tell("invoice_payment.paid", invoicePaymentPaid(found.link, desk.nowMs));
  markPaid(desk, found.invoice, false);
  desk.emit("invoice.payment_succeeded", desk.find<Invoice>("invoice", found.invoice.id));
}

/** @param offStripe no money came through Stripe: `invoice.paid` all the same, and no charge */
export function markPaid(desk: Desk, invoice: Invoice, offStripe: boolean): Invoice {
  const settled = paid(invoice, desk.nowMs, offStripe);
  desk.tell("invoice.updated", settled, invoice);
  desk.emit("invoice.paid", settled);
  return settled;
}

export function invoiceAttemptFailed(desk: Desk, intent: PaymentIntent): void {
  const found = openInvoiceOf(desk, intent);
  if (found === null) return;
  const tried: Invoice = { ...found.invoice, attempted: true, attempt_count: found.invoice.attempt_count + 1 };
  desk.tell("invoice.updated", tried, found.invoice);
  desk.emit("invoice.payment_failed", tried);
}
