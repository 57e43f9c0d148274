import { declineNamed } from "../cards/decline.ts";
import { debitDecline } from "../cards/test-card.ts";
import { Desk } from "../desk.ts";
import type { Charge } from "../shapes/charge.ts";
import type { PaymentMethod } from "../shapes/instrument.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import type { Refund } from "../shapes/refund.ts";
import type { AgendaEntry } from "../state/agenda.ts";
import { transact } from "../state/database.ts";
import type { World } from "../world.ts";
import { openDispute } from "./dispute.ts";
import { instrumentOf, testCardOf } from "./method.ts";
import { bookCharge, failIntent, succeedIntent } from "./payment.ts";
import { moveRefund } from "./refund.ts";

/** Does the next thing Stripe does by itself, if it is time. @returns whether there was one */
export function agendaStep(world: World, nowMs: number): boolean {
  return transact(world.db, () => {
    const entry = world.agenda.take(nowMs);
    if (entry === null) return false;
    perform(new Desk(world, entry.scope, { id: null, idempotency_key: null }), entry);
    return true;
  });
}

function perform(desk: Desk, entry: AgendaEntry): void {
  const subject = desk.peek(entry.subject);
  if (subject === null) return;
  switch (entry.step) {
    case "book_charge":
      bookCharge(desk, subject as Charge, bypassesPending(desk, subject as Charge));
      return;
    case "settle_debit":
      settleDebit(desk, subject as Charge);
      return;
    case "fail_debit":
      failDebit(desk, subject as Charge);
      return;
    case "settle_refund":
    case "fail_refund":
      if (["pending", "succeeded"].includes((subject as Refund).status)) moveRefund(desk, subject as Refund, entry.step === "fail_refund" ? "failed" : "succeeded", "unknown");
      return;
    case "open_dispute":
    case "open_dispute_not_received":
    case "open_inquiry":
      openDispute(desk, subject as Charge, { reason: entry.step === "open_dispute_not_received" ? "product_not_received" : "fraudulent", inquiry: entry.step === "open_inquiry", amount: null });
  }
}

function bypassesPending(desk: Desk, charge: Charge): boolean {
  const method = charge.payment_method === null ? null : desk.peek(charge.payment_method);
  return method !== null && testCardOf(method as PaymentMethod)?.bypassesPending === true;
}

function settleDebit(desk: Desk, charge: Charge): void {
  if (charge.status !== "pending") return;
  const settled = desk.tell("charge.succeeded", {
    ...charge, status: "succeeded", paid: true, amount_captured: charge.amount, receipt_url: `${desk.merchant.pagesUrl}/receipts/${charge.id}`,
  } satisfies Charge);
  succeedIntent(desk, desk.find<PaymentIntent>("payment_intent", charge.payment_intent ?? ""), settled);
  bookCharge(desk, settled);
}

function failDebit(desk: Desk, charge: Charge): void {
  if (charge.status !== "pending") return;
  const method = desk.find<PaymentMethod>("payment_method", charge.payment_method ?? "");
  const decline = declineNamed(debitDecline(instrumentOf(method).fingerprint) ?? "debit_insufficient_funds");
  const outcome = charge.outcome === null ? null : { ...charge.outcome, network_status: "declined_by_network" as const, reason: decline.reason, seller_message: decline.sellerMessage, type: "issuer_declined" as const };
  const failed = desk.tell("charge.failed", { ...charge, status: "failed", paid: false, captured: false, failure_code: decline.code, failure_message: decline.message, outcome } satisfies Charge);
  failIntent(desk, desk.find<PaymentIntent>("payment_intent", charge.payment_intent ?? ""), failed, decline, method);
}
