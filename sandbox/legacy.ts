import type { Desk } from "./desk.ts";
import type { Charge } from "./shapes/charge.ts";
import type { InvoicePayment } from "./shapes/invoice-payment.ts";
import type { PaymentIntent } from "./shapes/payment-intent.ts";
import type { Refund } from "./shapes/refund.ts";
import type { Thing } from "./shapes/thing.ts";
import type { Legacy } from "./shapes/version.ts";

/** What only the old shape says about an object, looked up in the state. */
export function legacyOf(desk: Desk, thing: Thing): Legacy {
  switch (thing.object) {
    case "charge": {
      const charge = thing as Charge;
      const dispute = desk.all("dispute", { charge: charge.id }).at(-1)?.id ?? null;
      return { invoice: invoiceOf(desk, charge.payment_intent), dispute, refunds: desk.all<Refund>("refund", { charge: charge.id }).reverse() };
    }
    case "payment_intent":
      return { invoice: invoiceOf(desk, thing.id), charges: desk.all<Charge>("charge", { payment_intent: thing.id }).reverse() };
    case "invoice": {
      const link = desk.all<InvoicePayment>("invoice_payment", { invoice: thing.id }).at(-1);
      const intent = link === undefined ? null : (desk.peek(link.payment.payment_intent) as PaymentIntent | null);
      return { payment: { charge: intent?.latest_charge ?? null, paymentIntent: intent?.id ?? null } };
    }
    default:
      return {};
  }
}

function invoiceOf(desk: Desk, paymentIntent: string | null): string | null {
  if (paymentIntent === null) return null;
  return desk.all<InvoicePayment>("invoice_payment", { payment_intent: paymentIntent })[0]?.invoice ?? null;
}
