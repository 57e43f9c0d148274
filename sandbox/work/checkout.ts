import type { Desk } from "../desk.ts";
import type { CheckoutSession } from "../shapes/checkout-session.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { paymentIntentShape } from "../shapes/payment-intent.ts";

/** The payment intent of a session; made when the customer first tries to pay, as the real one does it. */
export function intentOfSession(desk: Desk, session: CheckoutSession): PaymentIntent {
  if (session.payment_intent !== null) return desk.find<PaymentIntent>("payment_intent", session.payment_intent);
  const intent = desk.tell("payment_intent.created", paymentIntentShape(desk.merchant, {
    id: desk.id("pi"), secret: desk.world.random.alphanumeric(25), amount: session.amount_total, currency: session.currency, createdAtMs: desk.nowMs, customer: session.customer,
    description: null, metadata: {}, methodTypes: ["card"], captureMethod: "automatic_async", receiptEmail: session.customer_email,
  }));
  desk.save({ ...session, payment_intent: intent.id });
  return intent;
}

/** The session is complete once its intent is paid. */
export function sessionIntentPaid(desk: Desk, intent: PaymentIntent): void {
  for (const session of desk.all<CheckoutSession>("checkout.session", { payment_intent: intent.id })) {
    if (session.status === "open") desk.tell("checkout.session.completed", { ...session, status: "complete", payment_status: "paid", url: null } satisfies CheckoutSession);
  }
}
