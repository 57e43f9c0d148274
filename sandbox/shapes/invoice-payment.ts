import type { Invoice } from "./invoice.ts";
import type { Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface InvoicePayment extends Thing {
  object: "invoice_payment";
  amount_paid: number | null;
  amount_requested: number;
  created: number;
  currency: string;
  invoice: string;
  is_default: boolean;
  livemode: boolean;
  payment: { payment_intent: string; type: "payment_intent" };
  status: "open" | "paid" | "canceled";
  status_transitions: { canceled_at: number | null; paid_at: number | null };
}

export function invoicePaymentShape(id: string, invoice: Invoice, paymentIntent: string, atMs: number): InvoicePayment {
  return {
    id,
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: seconds(atMs),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: invoice.livemode,
    payment: { payment_intent: paymentIntent, type: "payment_intent" },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  };
}

export function invoicePaymentPaid(payment: InvoicePayment, atMs: number): InvoicePayment {
  return { ...payment, status: "paid", amount_paid: payment.amount_requested, status_transitions: { canceled_at: null, paid_at: seconds(atMs) } };
}
