import { email, type Fields, idOf, list, record, text } from "./fields.ts";
import type { Stamp } from "./register.ts";
import type { Billed, InvoiceLink } from "./state.ts";

/** Payments of one invoice that are linked; Stripe lists at most 10. */
const MAX_PAYMENTS = 60;

export interface InvoiceReading {
  readonly invoice: InvoiceLink;
  readonly billed: Billed | null;
  /** Per payment of the invoice: the ids that name it. */
  readonly payments: readonly { readonly intent: string | null; readonly charge: string | null }[];
}

function paymentOf(payment: Fields | null): { intent: string | null; charge: string | null } {
  return { intent: idOf(payment?.["payment_intent"]), charge: idOf(payment?.["charge"]) };
}

/**
 * An invoice tells which payments were for it and who was billed; it tells nothing of money: `invoice.paid` is also
 * sent for what was paid out of band or booked as credit. Null for an invoice without an id (an upcoming one).
 */
export function readInvoice(invoice: Fields, stamp: Omit<Stamp, "rank">): InvoiceReading | null {
  const id = idOf(invoice["id"]);
  if (id === null) return null;
  const { at, ev } = stamp;
  const billed = { at, rank: 0, ev, email: email(invoice["customer_email"]), customer: text(idOf(invoice["customer"]), 255) };
  // Old shapes name the payment themselves; since 2025-03-31.basil a list does.
  const payments = [paymentOf(invoice), ...list(invoice["payments"], MAX_PAYMENTS).map((item) => paymentOf(record(item["payment"])))];
  return {
    invoice: { at, rank: 1, ev, id },
    billed: billed.email === null && billed.customer === null ? null : billed,
    payments: payments.filter(({ intent, charge }) => intent !== null || charge !== null),
  };
}

/** `invoice_payment.paid`: the link itself as an object. */
export function readInvoicePayment(link: Fields, stamp: Omit<Stamp, "rank">): InvoiceReading | null {
  const id = idOf(link["invoice"]);
  if (id === null) return null;
  const payment = paymentOf(record(link["payment"]));
  return {
    invoice: { at: stamp.at, rank: 2, ev: stamp.ev, id },
    billed: null,
    payments: payment.intent === null && payment.charge === null ? [] : [payment],
  };
}
