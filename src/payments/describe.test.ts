import * as fc from "fast-check";
import { describe as suite, expect, it } from "vitest";
import { assemble } from "./components.ts";
import { describe } from "./describe.ts";
import { digest } from "./digest.ts";
import { pack, unpack } from "./packed.ts";
import type { Payment } from "./payment.ts";
import { join, type PaymentState } from "./state.ts";
import { anyStory, chargeObject, entry, type EventSketch, failedCharge, intentObject, OLD, NEW, story, type Story, type StoryOptions } from "./testing/stories.ts";

const plain: StoryOptions = { key: "k", version: NEW, currency: "usd", amount: 2000, pace: 10, withIntent: true };

function statesOf(sketches: readonly EventSketch[]): { seq: number; state: PaymentState }[] {
  return sketches.flatMap((sketch, index) => {
    const digested = digest(entry(sketch, index + 1));
    if (digested.kind === "indigestible") throw new Error(digested.error);
    return digested.kind === "told" ? digested.states.map((state) => ({ seq: index + 1, state })) : [];
  });
}

/** The one payment that these events tell of. */
function paymentOf({ events }: Pick<Story, "events">): Payment {
  const [component, ...others] = assemble(statesOf(events), [], []);
  if (component === undefined || others.length > 0) throw new Error("not one payment");
  return describe(component.after);
}

function sums(payment: Payment): number[] {
  return [payment.captured, payment.refunded, payment.disputed, payment.left];
}

function outcomes(payment: Payment): string[] {
  return payment.attempts.map((attempt) => `${attempt.outcome}${attempt.failure === null ? "" : ` ${attempt.failure.cause} ${attempt.failure.code}`}`);
}

suite.each([OLD, NEW])("a payment told in the shapes of %s", (version) => {
  const told = (name: string): Payment => paymentOf(story(name, { version }));

  it("counts one attempt, whatever else tells of it", () => {
    const payment = told("paid");
    expect(outcomes(payment)).toEqual(["succeeded"]);
    expect(sums(payment)).toEqual([2000, 0, 0, 2000]);
    expect(payment).toMatchObject({ id: "pi_k", status: "succeeded", finalOutcome: "succeeded", currency: "usd", amount: 2000, invoice: "in_k", email: "buyer.k@example.com", customer: "cus_k", method: "card", brand: "visa", country: "US", live: true });
  });

  it("keeps raw attempts beside the final outcome", () => {
    const payment = told("declinedThenPaid");
    expect(outcomes(payment)).toEqual(["failed customer insufficient_funds", "succeeded"]);
    expect(payment).toMatchObject({ finalOutcome: "succeeded", status: "succeeded", captured: 2000 });
    expect(payment.attempts[0]?.failure).toMatchObject({ transient: false, sentence: "The bank declined: not enough funds." });
  });

  it("counts a failure without a charge once, and one with a charge at the charge", () => {
    const payment = told("authenticationFailed");
    expect(outcomes(payment)).toEqual(["failed customer payment_intent_authentication_failure"]);
    expect(payment).toMatchObject({ status: "canceled", finalOutcome: "failed", captured: 0 });
  });

  it("takes the cause from the outcome", () => {
    expect(outcomes(told("blocked"))).toEqual(["failed risk highest_risk_level"]);
  });

  it("turns a late failure after success into a failure, at the time of the first telling", () => {
    const payment = told("lateFailure");
    expect(outcomes(payment)).toEqual(["failed customer debit_not_authorized"]);
    expect(payment.attempts[0]?.at).toBe((1_760_000_000 + 10) * 1000);
    expect(sums(payment)).toEqual([0, 0, 0, 0]);
  });

  it("has no revenue before the capture", () => {
    const { events } = story("capturedLater", { version });
    expect(paymentOf({ events: events.slice(0, 2) })).toMatchObject({ status: "authorized", captured: 0, finalOutcome: "succeeded" });
    expect(sums(told("capturedLater"))).toEqual([2000, 0, 0, 2000]);
    expect(told("capturedLater").attempts[0]?.capturedAt).toBe((1_760_000_000 + 20) * 1000);
  });

  it("does not take what a partial capture lets go for a refund", () => {
    expect(sums(told("partlyCaptured"))).toEqual([1500, 0, 0, 1500]);
    expect(told("partlyCaptured").status).toBe("succeeded");
  });

  it("does not take an expired authorisation for a failure or a refund", () => {
    const payment = told("expired");
    expect(outcomes(payment)).toEqual(["succeeded"]);
    expect(sums(payment)).toEqual([0, 0, 0, 0]);
    expect(payment.status).toBe("expired");
  });

  it("adds refunds up once, by their id", () => {
    const payment = told("refundedInParts");
    expect(sums(payment)).toEqual([2000, 1000, 0, 1000]);
    expect(payment).toMatchObject({ status: "partially_refunded", unseenRefund: null });
    expect(payment.refunds.map((refund) => [refund.id, refund.status])).toEqual([
      ["re_k_a", "succeeded"],
      ["re_k_b", "succeeded"],
    ]);
  });

  it("gives the money back to the books when a refund fails after it succeeded", () => {
    expect(sums(told("refundFailsLater"))).toEqual([2000, 0, 0, 2000]);
  });

  it("believes the charge about refunds it has not seen", () => {
    expect(sums(told("refundedElsewhere"))).toEqual([2000, 500, 0, 1500]);
    expect(told("refundedElsewhere").unseenRefund).toEqual({ amount: 500, at: (1_760_000_000 + 40) * 1000 });
  });

  it("moves money for a dispute only when funds are withdrawn or reinstated", () => {
    const { events } = story("disputedAndWon", { version });
    expect(sums(paymentOf({ events: events.slice(0, 6) }))).toEqual([2000, 0, 0, 2000]);
    expect(sums(paymentOf({ events: events.slice(0, 7) }))).toEqual([2000, 0, 2000, 0]);
    expect(sums(told("disputedAndWon"))).toEqual([2000, 0, 0, 2000]);
    expect(paymentOf({ events: events.slice(0, 6) }).disputes[0]?.status).toBe("won");
    expect(sums(told("disputedTwice"))).toEqual([2000, 0, 500, 1500]);
    expect(told("disputedTwice").disputes.map((dispute) => [dispute.id, dispute.status])).toEqual([
      ["dp_k_a", "warning_closed"],
      ["dp_k_b", "lost"],
    ]);
  });
});

suite("a payment", () => {
  it("is known by its charge where there is no intent", () => {
    expect(paymentOf(story("paid", { withIntent: false }))).toMatchObject({ id: "ch_k", captured: 2000, invoice: "in_k" });
  });

  it("shows an intent's money while no charge was seen, and never counts it as an attempt", () => {
    const payment = paymentOf({ events: [{ type: "payment_intent.succeeded", second: 0, object: intentObject(plain, "succeeded") }] });
    expect(payment).toMatchObject({ status: "succeeded", captured: 2000, attempts: [], finalOutcome: null });
  });

  it("has no money from an invoice", () => {
    const invoice = { id: "in_1", object: "invoice", amount_paid: 5000, currency: "usd", payment_intent: "pi_k", charge: null };
    const payment = paymentOf({ events: [{ type: "invoice.paid", second: 0, object: invoice }] });
    expect(payment).toMatchObject({ captured: 0, currency: null, status: "unknown", attempts: [], invoice: "in_1" });
  });

  it("lets the further state win within one second", () => {
    const events = [...story("lateFailure", { pace: 0 }).events].reverse();
    expect(outcomes(paymentOf({ events }))).toEqual(["failed customer debit_not_authorized"]);
  });

  it.each([
    ["issuer_declined", "processing_error", "processing_error", "customer", true],
    ["issuer_declined", "do_not_honor", "card_declined", "customer", false],
    ["blocked", "rule", "card_declined", "risk", false],
    ["invalid", "testmode_charges_only", null, "technical", false],
    [null, null, "account_closed", "customer", false],
    [null, null, null, "technical", false],
  ])("outcome %s, reason %s, failure code %s: cause %s, transient %s", (type, reason, code, cause, transient) => {
    const charge = failedCharge(plain, { outcome: type === null ? null : { type, reason }, failure_code: code });
    const [attempt] = paymentOf({ events: [{ type: "charge.failed", second: 0, object: charge }] }).attempts;
    expect(attempt?.failure).toMatchObject({ cause, transient });
    expect(attempt?.failure?.sentence).toMatch(/^[A-Z].*\.$/);
  });

  it("reads the oldest shapes: no captured amounts, a source, a dispute without an id", () => {
    const charge = chargeObject({ ...plain, withIntent: false }, { amount_captured: undefined, payment_method_details: undefined, source: { object: "card", brand: "American Express", country: "GB", last4: "0005" }, refunds: undefined });
    const dispute = { object: "dispute", charge: "ch_k", amount: 2000, currency: "usd", status: "lost" };
    const payment = paymentOf({
      events: [
        { type: "charge.dispute.funds_withdrawn", second: 9, object: dispute },
        { type: "charge.succeeded", second: 0, object: charge },
      ],
    });
    expect(payment).toMatchObject({ captured: 2000, disputed: 2000, left: 0, brand: "amex", country: "GB", method: "card" });
  });
});

suite("states", () => {
  const anyStates = fc.tuple(anyStory("k"), anyStory("k")).map(([one, other]) => statesOf([...one.events, ...other.events]).map(({ state }) => state));

  it("join in any order and any number of times to the same", () => {
    fc.assert(
      fc.property(
        anyStates.chain((states) => fc.tuple(fc.constant(states), fc.shuffledSubarray([...states, ...states], { minLength: states.length * 2 }))),
        ([states, shuffled]) => {
          expect(pack(shuffled.reduce(join))).toBe(pack(states.reduce(join)));
        },
      ),
    );
  });

  it("join the same however they are grouped, stored or not", () => {
    fc.assert(
      fc.property(anyStates, fc.nat(), (states, cut) => {
        const at = 1 + (cut % Math.max(1, states.length - 1));
        const [left, right] = [states.slice(0, at), states.slice(at)];
        const grouped = right.length === 0 ? left.reduce(join) : join(unpack(pack(left.reduce(join))), unpack(pack(right.reduce(join))));
        expect(pack(grouped)).toBe(pack(states.reduce(join)));
      }),
    );
  });

  it("always add up, and never count more attempts than there were charges and charge-less failures", () => {
    fc.assert(
      fc.property(anyStates, (states) => {
        const payment = describe(states.reduce(join));
        expect(payment.captured - payment.refunded - payment.disputed).toBe(payment.left);
        expect(new Set(payment.attempts.map((attempt) => attempt.id)).size).toBe(payment.attempts.length);
        expect(sums(payment).every(Number.isSafeInteger)).toBe(true);
      }),
    );
  });

  it("keep the same parts of too many, in any order", () => {
    const sketches = Array.from({ length: 520 }, (_, index): EventSketch => ({ type: "charge.failed", second: index, object: failedCharge(plain, { id: `ch_${String(index).padStart(4, "0")}` }) }));
    const states = statesOf(sketches).map(({ state }) => state);
    const forward = states.reduce(join);
    expect(forward.charges.length).toBe(500);
    expect(forward.cut).toBe(true);
    expect(pack(states.toReversed().reduce(join))).toBe(pack(forward));
  });
});

suite("reading events", () => {
  const types = ["charge.succeeded", "charge.failed", "charge.updated", "charge.refunded", "charge.dispute.created", "charge.refund.updated", "payment_intent.payment_failed", "refund.updated", "invoice.paid", "invoice_payment.paid", "customer.created", "v1.billing.meter"];
  const keys = ["id", "object", "amount", "amount_captured", "amount_refunded", "amount_received", "currency", "charge", "charges", "payment_intent", "refunds", "data", "last_payment_error", "outcome", "billing_details", "payment_method_details", "card", "type", "source", "customer", "email", "status", "created", "invoice", "payments", "payment", "__proto__", "constructor"];
  const anyField = fc.oneof(fc.jsonValue(), fc.constantFrom("ch_1", "usd", "charge", "card", "succeeded", 100, -1, 1.5, 1e15, "100", null, "\u0000", "__proto__"));
  const anyObject = fc.dictionary(fc.constantFrom(...keys), fc.oneof(anyField, fc.dictionary(fc.constantFrom(...keys), anyField)));

  it("never throws, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.oneof(anyObject, fc.jsonValue()), (type, object) => {
        const digested = digest(entry({ type, second: 0, object: object as EventSketch["object"] }, 1, { body: { data: { object } } }));
        expect(["ignored", "told", "indigestible"]).toContain(digested.kind);
        if (digested.kind === "told") for (const state of digested.states) {
          const payment = describe(unpack(pack(state)));
          expect(sums(payment).every(Number.isSafeInteger)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    [{ amount: -1 }, "`amount`"],
    [{ amount: 10.5 }, "`amount`"],
    [{ amount: "100" }, "`amount`"],
    [{ amount: 1e12 }, "`amount`"],
    [{ amount: undefined }, "`amount`"],
    [{ amount_captured: -5 }, "`amount_captured`"],
    [{ amount_refunded: 2 ** 53 }, "`amount_refunded`"],
    [{ currency: "dollars" }, "`currency`"],
    [{ currency: null }, "`currency`"],
    [{ id: "" }, "`id`"],
    [{ id: "two words" }, "`id`"],
    [{ refunds: { data: [{ id: "re_1", amount: 0.5, currency: "usd" }] } }, "refund"],
  ])("sets aside a charge with %j and says why", (change, field) => {
    const digested = digest(entry({ type: "charge.succeeded", second: 0, object: chargeObject(plain, change) }, 1));
    expect(digested).toMatchObject({ kind: "indigestible" });
    if (digested.kind === "indigestible") expect(digested.error).toContain(field);
  });

  it("ignores thin events, other events, and invoices that name no payment", () => {
    expect(digest(entry({ type: "charge.succeeded", second: 0, object: {} }, 1, { thin: true }))).toEqual({ kind: "ignored" });
    expect(digest(entry({ type: "customer.created", second: 0, object: {} }, 1))).toEqual({ kind: "ignored" });
    expect(digest(entry({ type: "invoice.upcoming", second: 0, object: { object: "invoice" } }, 1))).toEqual({ kind: "ignored" });
    expect(digest(entry({ type: "charge.succeeded", second: 0, object: {} }, 1, { body: { data: null } }))).toMatchObject({ kind: "indigestible" });
  });
});
