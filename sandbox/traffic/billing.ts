import { PASSED } from "../shapes/instrument.ts";
import type { Invoice } from "../shapes/invoice.ts";
import type { InvoicePayment } from "../shapes/invoice-payment.ts";
import { finalized, invoiceShape, paid, withLines } from "../shapes/invoice.ts";
import { invoiceItemShape, lineItemShape } from "../shapes/invoice-item.ts";
import { invoicePaymentPaid, invoicePaymentShape } from "../shapes/invoice-payment.ts";
import { previousAttributes } from "../shapes/event.ts";
import { seconds } from "../shapes/thing.ts";
import { aftermath } from "./aftermath.ts";
import type { Payment } from "./payment.ts";
import { attempt, bookCharge, declineAttempt, lastCharge, openPayment, pickDecline, succeedIntent, takeInstrument } from "./payment.ts";
import { newCustomer } from "./purchase.ts";
import type { Scene, Story } from "./scene.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./scene.ts";
import { card, shopper } from "./shopper.ts";

/** An invoice is written, sent, and paid on its page, outside Stripe, or not at all. */
export function* invoiceStory(scene: Scene): Story {
  scene.asked();
  const buyer = shopper(scene);
  const customer = newCustomer(scene, buyer);
  let invoice = invoiceShape(scene.merchant, {
    id: scene.id("in"), createdAtMs: scene.nowMs, currency: buyer.currency, customer, collectionMethod: "send_invoice",
    dueAtMs: scene.nowMs + 30 * DAY, autoAdvance: false, description: buyer.description, metadata: {},
  });
  scene.emit("invoice.created", invoice, { payment: NOT_PAID });
  const item = invoiceItemShape(scene.merchant, {
    id: scene.id("ii"), createdAtMs: scene.nowMs, amount: buyer.amount, quantity: 1, currency: buyer.currency, customer: customer.id,
    description: buyer.description, invoice: invoice.id, metadata: {}, price: null,
  });
  scene.emit("invoiceitem.created", item);
  yield scene.random.between(SECOND, 5 * SECOND);
  scene.asked();
  invoice = withLines(invoice, [lineItemShape(scene.id("il"), invoice.id, item)]);
  const payment = openPayment(scene, buyer, { customer: customer.id, invoice: invoice.id }, false);
  const link = invoicePaymentShape(scene.id("inpay"), invoice, payment.intent.id, scene.nowMs);
  scene.keep(link);
  const billed: Billed = { invoice, payment, link };
  tell(scene, billed, "invoice.finalized", finalized(scene.merchant, invoice, { atMs: scene.nowMs, number: `${customer.invoice_prefix}-0001`, token: scene.random.alphanumeric(40) }));
  scene.emit("invoice.sent", billed.invoice, legacyOf(billed));
  yield* outcome(scene, billed);
}

interface Billed {
  invoice: Invoice;
  payment: Payment;
  link: InvoicePayment;
}

const NOT_PAID = { charge: null, paymentIntent: null };

function legacyOf(billed: Billed): { payment: { charge: string | null; paymentIntent: string | null } } {
  return { payment: { charge: billed.payment.charges.at(-1)?.id ?? null, paymentIntent: billed.payment.intent.id } };
}

/** Replaces the invoice and tells of it, as the change itself and as an update. */
function tell(scene: Scene, billed: Billed, type: string, next: Invoice): void {
  const previous = previousAttributes(billed.invoice, next);
  billed.invoice = next;
  scene.emit("invoice.updated", next, legacyOf(billed), previous);
  scene.emit(type, next, legacyOf(billed));
}

function* outcome(scene: Scene, billed: Billed): Story {
  const fate = scene.random.fraction();
  const { invoiceOffStripeRate: off, invoiceVoidRate: gone, invoiceUncollectibleRate: lost } = scene.mix;
  const wait = scene.random.between(10 * MINUTE, 5 * DAY);
  if (fate < off) {
    yield wait;
    scene.asked();
    tell(scene, billed, "invoice.paid", paid(billed.invoice, scene.nowMs, true));
    return;
  }
  if (fate < off + gone) {
    yield wait;
    scene.asked();
    const transitions = { ...billed.invoice.status_transitions, voided_at: seconds(scene.nowMs) };
    tell(scene, billed, "invoice.voided", { ...billed.invoice, status: "void", status_transitions: transitions });
    return;
  }
  if (fate < off + gone + lost) {
    yield 35 * DAY;
    scene.asked();
    const transitions = { ...billed.invoice.status_transitions, marked_uncollectible_at: seconds(scene.nowMs) };
    tell(scene, billed, "invoice.marked_uncollectible", { ...billed.invoice, status: "uncollectible", status_transitions: transitions });
    return;
  }
  // Half of them pay within the hour: the link is in their mail.
  yield scene.random.chance(0.5) ? scene.random.between(MINUTE, HOUR) : wait;
  yield* payOnPage(scene, billed);
}

function* payOnPage(scene: Scene, billed: Billed): Story {
  const { payment } = billed;
  for (let round = 0; round < 3; round++) {
    scene.asked();
    takeInstrument(scene, payment, card(scene, payment.buyer));
    if (!scene.random.chance(scene.mix.declineRate)) {
      yield* settle(scene, billed);
      return;
    }
    declineAttempt(scene, payment, pickDecline(scene));
    tell(scene, billed, "invoice.payment_failed", { ...billed.invoice, attempted: true, attempt_count: billed.invoice.attempt_count + 1 });
    if (!scene.random.chance(scene.mix.retryRate)) return;
    yield scene.random.between(20 * SECOND, 10 * MINUTE);
  }
}

function* settle(scene: Scene, billed: Billed): Story {
  const { payment } = billed;
  attempt(scene, payment, { kind: "captured" }, PASSED);
  succeedIntent(scene, payment);
  billed.link = invoicePaymentPaid(billed.link, scene.nowMs);
  scene.emit("invoice_payment.paid", billed.link);
  tell(scene, billed, "invoice.paid", paid(billed.invoice, scene.nowMs, false));
  scene.emit("invoice.payment_succeeded", billed.invoice, legacyOf(billed));
  yield scene.random.between(SECOND, 8 * SECOND);
  scene.unasked();
  bookCharge(scene, payment);
  if (lastCharge(payment).status === "succeeded") yield* aftermath(scene, payment);
}
