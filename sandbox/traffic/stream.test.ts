import { Stripe } from "stripe";
import { describe, expect, it } from "vitest";
import type { Charge } from "../shapes/charge.ts";
import type { StripeEvent } from "../shapes/event.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { OLD_VERSION } from "../shapes/version.ts";
import { sign } from "../webhooks/signature.ts";
import { dayFactor } from "./day-shape.ts";
import { someEvents } from "./stream.ts";

/** A day of twenty seconds: refunds and disputes, days apart, come within a short stream. */
const busy = { dayMs: 20_000, flat: true, ratePerMinute: 300, mix: { refundRate: 0.3, disputeRate: 0.1, declineRate: 0.2, manualCaptureRate: 0.1, debitLateFailureRate: 0.3 } };
const events = someEvents(30_000, busy);
const chargeOf = (event: StripeEvent): Charge => event.data.object as Charge;
const intentOf = (event: StripeEvent): PaymentIntent => event.data.object as PaymentIntent;
const ofType = (type: string): StripeEvent[] => events.filter((event) => event.type === type);

describe("an event stream", () => {
  it("is the same for the same seed and another for another", () => {
    const first = JSON.stringify(someEvents(500, { seed: 7 }));
    expect(JSON.stringify(someEvents(500, { seed: 7 }))).toBe(first);
    expect(JSON.stringify(someEvents(500, { seed: 8 }))).not.toBe(first);
  });

  it("is in time order and repeats no id", () => {
    const ids = new Set(events.map((event) => event.id));
    expect(ids.size).toBe(events.length);
    for (let i = 1; i < events.length; i++) expect(events[i]?.created).toBeGreaterThanOrEqual(events[i - 1]?.created ?? 0);
  });

  it("holds every kind of thing that happens to a payment", () => {
    const types = new Set(events.map((event) => event.type));
    for (const type of [
      "payment_intent.created", "payment_intent.requires_action", "payment_intent.processing", "payment_intent.succeeded", "payment_intent.payment_failed",
      "payment_intent.canceled", "payment_intent.amount_capturable_updated", "charge.succeeded", "charge.failed", "charge.pending", "charge.updated",
      "charge.captured", "charge.expired", "charge.refunded", "charge.refund.updated", "refund.created", "refund.updated", "refund.failed",
      "charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.closed", "charge.dispute.funds_reinstated",
      "invoice.created", "invoice.finalized", "invoice.sent", "invoice.paid", "invoice.payment_failed", "invoice.voided", "invoice_payment.paid", "customer.created", "payout.created", "payout.paid",
    ]) expect(types, type).toContain(type);
  });

  it("declines for every kind of cause, and says it in the charge and in the intent", () => {
    const outcomes = new Set(ofType("charge.failed").map((event) => chargeOf(event).outcome?.type));
    for (const kind of ["issuer_declined", "blocked", "invalid"]) expect(outcomes).toContain(kind);
    const failed = new Map(ofType("charge.failed").map((event) => [event.data.object.id, chargeOf(event)]));
    for (const event of ofType("payment_intent.payment_failed")) {
      const error = intentOf(event).last_payment_error;
      if (error?.charge === undefined) expect(error?.code).toBe("payment_intent_authentication_failure");
      else expect(failed.get(error.charge)?.failure_code).toBe(error.code);
    }
  });

  it("never refunds more than was captured", () => {
    for (const event of ofType("charge.refunded")) {
      const charge = chargeOf(event);
      if (charge.captured) expect(charge.amount_refunded).toBeLessThanOrEqual(charge.amount_captured);
    }
  });

  it("counts in whole units: yen, and dinars that end in 0", () => {
    const currencies = new Set(ofType("charge.succeeded").map((event) => chargeOf(event).currency));
    for (const currency of ["usd", "eur", "jpy", "kwd"]) expect(currencies).toContain(currency);
    for (const event of ofType("charge.refunded")) {
      const charge = chargeOf(event);
      expect(Number.isInteger(charge.amount)).toBe(true);
      if (charge.currency === "kwd") expect(charge.amount_refunded % 10).toBe(0);
    }
  });

  it("shows the old shape to whom it is due", () => {
    const old = someEvents(5000, { ...busy, version: OLD_VERSION });
    expect(old.some((event) => event.type.startsWith("refund.") || event.type.startsWith("invoice_payment."))).toBe(false);
    const invoice = old.find((event) => event.type === "invoice.paid" && event.data.object["charge"] !== null);
    expect(invoice?.data.object["paid"]).toBe(true);
    const charge = old.find((event) => event.data.object.id === invoice?.data.object["charge"]);
    expect(charge?.data.object["invoice"]).toBe(invoice?.data.object.id);
    expect(events.every((event) => !("invoice" in event.data.object) || event.type.startsWith("invoice"))).toBe(true);
  });
});

describe("a day's shape", () => {
  it("keeps the average over a week", () => {
    let sum = 0;
    for (let minute = 0; minute < 7 * 1440; minute++) sum += dayFactor(minute * 60_000, 0);
    expect(sum / (7 * 1440)).toBeCloseTo(1, 2);
  });
});

describe("a signature", () => {
  it("is accepted by the official SDK", () => {
    const body = JSON.stringify(events[0]);
    const at = Math.floor(Date.now() / 1000);
    const header = sign(body, "whsec_test", at);
    expect(new Stripe("sk_test_1").webhooks.constructEvent(body, header, "whsec_test").id).toBe(events[0]?.id);
    expect(() => new Stripe("sk_test_1").webhooks.constructEvent(`${body} `, header, "whsec_test")).toThrow(/signature/);
  });
});
