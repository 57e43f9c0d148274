import * as fc from "fast-check";
import type { LedgerEntry } from "../../ledger/index.ts";

/** Events of our own making, shaped like Stripe's of two API versions. For tests only. */
export const OLD = "2020-08-27";
export const NEW = "2026-10-28.endive";

export type Json = Record<string, unknown>;

export interface EventSketch {
  type: string;
  /** Seconds after the story's beginning; several events share a second, as Stripe's do. */
  second: number;
  object: Json;
}

const START = 1_760_000_000;

export function entry(sketch: EventSketch, seq: number, options: Partial<LedgerEntry> = {}): LedgerEntry {
  const createdAt = (START + sketch.second) * 1000;
  const eventId = options.eventId ?? `evt_${String(seq).padStart(6, "0")}`;
  return {
    seq,
    eventId,
    type: sketch.type,
    createdAt,
    live: true,
    account: null,
    apiVersion: NEW,
    objectId: null,
    thin: false,
    snapshotEvent: null,
    receivedAt: createdAt + 500,
    source: "webhook",
    flags: 0,
    body: { id: eventId, type: sketch.type, created: START + sketch.second, livemode: true, data: { object: sketch.object } },
    ...options,
  };
}

export interface Story {
  readonly name: string;
  readonly events: readonly EventSketch[];
}

export interface StoryOptions {
  /** Makes the ids of one story its own. */
  readonly key: string;
  readonly version: string;
  readonly currency: string;
  readonly amount: number;
  /** Seconds between two steps; 0 puts all into one second. */
  readonly pace: number;
  readonly withIntent: boolean;
}

export function chargeObject(options: StoryOptions, change: Json = {}): Json {
  const old = options.version === OLD;
  return {
    id: `ch_${options.key}`,
    object: "charge",
    amount: options.amount,
    amount_captured: options.amount,
    amount_refunded: 0,
    captured: true,
    created: START,
    currency: options.currency,
    customer: `cus_${options.key}`,
    billing_details: { email: `Buyer.${options.key}@Example.com` },
    failure_code: null,
    outcome: { type: "authorized", reason: null, network_status: "approved_by_network" },
    paid: true,
    payment_intent: options.withIntent ? `pi_${options.key}` : null,
    payment_method_details: { type: "card", card: { brand: "visa", country: "us", last4: "4242" } },
    refunded: false,
    status: "succeeded",
    ...(old ? { invoice: `in_${options.key}`, refunds: { object: "list", data: [] } } : {}),
    ...change,
  };
}

export function failedCharge(options: StoryOptions, change: Json = {}): Json {
  return chargeObject(options, {
    amount_captured: 0,
    captured: false,
    paid: false,
    status: "failed",
    failure_code: "card_declined",
    outcome: { type: "issuer_declined", reason: "insufficient_funds", network_status: "declined_by_network" },
    ...change,
  });
}

export function intentObject(options: StoryOptions, status: string, change: Json = {}): Json {
  return {
    id: `pi_${options.key}`,
    object: "payment_intent",
    amount: options.amount,
    amount_received: status === "succeeded" ? options.amount : 0,
    created: START,
    currency: options.currency,
    last_payment_error: null,
    latest_charge: "ch_of_an_older_time",
    status,
    ...(options.version === OLD ? { charges: { object: "list", data: [] } } : {}),
    ...change,
  };
}

export function refundObject(options: StoryOptions, id: string, amount: number, status: string, change: Json = {}): Json {
  return {
    id: `re_${options.key}_${id}`,
    object: "refund",
    amount,
    balance_transaction: status === "pending" ? null : `txn_${options.key}_${id}`,
    charge: `ch_${options.key}`,
    created: START + 100,
    currency: options.currency,
    payment_intent: options.version === OLD || !options.withIntent ? null : `pi_${options.key}`,
    reason: "requested_by_customer",
    status,
    ...change,
  };
}

function disputeObject(options: StoryOptions, id: string, amount: number, status: string): Json {
  return { id: `dp_${options.key}_${id}`, object: "dispute", amount, charge: `ch_${options.key}`, created: START + 200, currency: options.currency, reason: "fraudulent", status };
}

type Step = readonly [type: string, object: Json];

function paced(options: StoryOptions, name: string, steps: readonly Step[]): Story {
  const kept = options.withIntent ? steps : steps.filter(([type]) => !type.startsWith("payment_intent."));
  return { name, events: kept.map(([type, object], index) => ({ type, second: index * options.pace, object })) };
}

type Teller = (options: StoryOptions) => readonly Step[];

function paid(options: StoryOptions): Step[] {
  const invoice: Step =
    options.version === OLD
      ? ["invoice.paid", { id: `in_${options.key}`, object: "invoice", charge: `ch_${options.key}`, payment_intent: options.withIntent ? `pi_${options.key}` : null, customer_email: "bill@example.com" }]
      : ["invoice_payment.paid", { id: `inpay_${options.key}`, object: "invoice_payment", invoice: `in_${options.key}`, payment: options.withIntent ? { type: "payment_intent", payment_intent: `pi_${options.key}` } : { type: "charge", charge: `ch_${options.key}` } }];
  return [
    ["payment_intent.created", intentObject(options, "requires_payment_method")],
    ["charge.succeeded", chargeObject(options)],
    ["payment_intent.succeeded", intentObject(options, "succeeded")],
    invoice,
  ];
}

function part(options: StoryOptions): number {
  return Math.max(1, Math.floor(options.amount / 4));
}

/** What really happens to payments, one teller each. */
export const TELLERS: Readonly<Record<string, Teller>> = {
  paid,
  declinedThenPaid: (options) => [
    ["payment_intent.created", intentObject(options, "requires_payment_method")],
    ["charge.failed", failedCharge(options, { id: `ch_${options.key}_first` })],
    ["payment_intent.payment_failed", intentObject(options, "requires_payment_method", { last_payment_error: { charge: `ch_${options.key}_first`, code: "card_declined", decline_code: "insufficient_funds", type: "card_error" } })],
    ...paid(options).slice(1),
  ],
  authenticationFailed: (options) => [
    ["payment_intent.requires_action", intentObject(options, "requires_action")],
    ["payment_intent.payment_failed", intentObject(options, "requires_payment_method", { last_payment_error: { code: "payment_intent_authentication_failure", type: "card_error" } })],
    ["payment_intent.canceled", intentObject(options, "canceled")],
  ],
  blocked: (options) => [["charge.failed", failedCharge(options, { outcome: { type: "blocked", reason: "highest_risk_level" }, failure_code: "card_declined" })]],
  lateFailure: (options) => [
    ["charge.pending", chargeObject(options, { status: "pending", paid: true, outcome: null })],
    ["charge.succeeded", chargeObject(options)],
    ["charge.failed", chargeObject(options, { status: "failed", paid: false, failure_code: "debit_not_authorized" })],
  ],
  capturedLater: (options) => [
    ["payment_intent.amount_capturable_updated", intentObject(options, "requires_capture")],
    ["charge.succeeded", chargeObject(options, { captured: false, amount_captured: 0 })],
    ["charge.captured", chargeObject(options)],
    ["payment_intent.succeeded", intentObject(options, "succeeded")],
  ],
  partlyCaptured: (options) => [
    ["charge.succeeded", chargeObject(options, { captured: false, amount_captured: 0 })],
    ["charge.captured", chargeObject(options, { amount_captured: options.amount - part(options), amount_refunded: part(options) })],
    ["refund.created", refundObject(options, "release", part(options), "succeeded", { balance_transaction: null })],
  ],
  expired: (options) => [
    ["charge.succeeded", chargeObject(options, { captured: false, amount_captured: 0 })],
    ["charge.expired", chargeObject(options, { captured: false, amount_captured: 0, amount_refunded: options.amount, refunded: true, status: "failed" })],
    ["payment_intent.canceled", intentObject(options, "canceled")],
  ],
  refundedInParts: (options) => [
    ...paid(options),
    ["refund.created", refundObject(options, "a", part(options), "pending")],
    ["charge.refunded", chargeObject(options, { amount_refunded: part(options) })],
    ["charge.refund.updated", refundObject(options, "a", part(options), "succeeded")],
    ["refund.created", refundObject(options, "b", part(options), "succeeded")],
    ["charge.refunded", chargeObject(options, { amount_refunded: 2 * part(options), ...(options.version === OLD ? { refunds: { object: "list", data: [refundObject(options, "b", part(options), "succeeded"), refundObject(options, "a", part(options), "succeeded")] } } : {}) })],
  ],
  refundFailsLater: (options) => [
    ...paid(options),
    ["refund.created", refundObject(options, "a", options.amount, "succeeded")],
    ["charge.refunded", chargeObject(options, { amount_refunded: options.amount, refunded: true })],
    ["refund.failed", refundObject(options, "a", options.amount, "failed", { failure_reason: "expired_or_canceled_card" })],
  ],
  refundedElsewhere: (options) => [...paid(options), ["charge.refunded", chargeObject(options, { amount_refunded: part(options) })]],
  disputedAndWon: (options) => [
    ...paid(options),
    ["charge.dispute.closed", disputeObject(options, "a", options.amount, "won")],
    ["charge.dispute.created", disputeObject(options, "a", options.amount, "needs_response")],
    ["charge.dispute.funds_withdrawn", disputeObject(options, "a", options.amount, "needs_response")],
    ["charge.dispute.funds_reinstated", disputeObject(options, "a", options.amount, "won")],
  ],
  disputedTwice: (options) => [
    ...paid(options),
    ["charge.dispute.created", disputeObject(options, "a", part(options), "warning_needs_response")],
    ["charge.dispute.closed", disputeObject(options, "a", part(options), "warning_closed")],
    ["charge.dispute.created", disputeObject(options, "b", part(options), "needs_response")],
    ["charge.dispute.funds_withdrawn", disputeObject(options, "b", part(options), "needs_response")],
    ["charge.dispute.closed", disputeObject(options, "b", part(options), "lost")],
  ],
};

function tell(name: string, options: StoryOptions): Story {
  const teller = TELLERS[name];
  if (teller === undefined) throw new Error(`no such story: ${name}`);
  return paced(options, name, teller(options));
}

const plain: Omit<StoryOptions, "key"> = { version: NEW, currency: "usd", amount: 2000, pace: 10, withIntent: true };

export function story(name: string, options: Partial<StoryOptions> = {}): Story {
  return tell(name, { key: "k", ...plain, ...options });
}

/** Any story, told in either shape, with or without an intent, at a pace that often puts events into one second. */
export const anyStory = (key: string): fc.Arbitrary<Story> =>
  fc
    .record({
      name: fc.constantFrom(...Object.keys(TELLERS)),
      version: fc.constantFrom(OLD, NEW),
      currency: fc.constantFrom("usd", "eur", "jpy"),
      amount: fc.integer({ min: 8, max: 100_000 }),
      pace: fc.constantFrom(0, 1, 40, 5000),
      withIntent: fc.boolean(),
    })
    // Without an intent a failed authentication leaves no trace.
    .map(({ name, withIntent, ...options }) => tell(name, { key, withIntent: withIntent || name === "authenticationFailed", ...options }));

/** A number of stories whose events come mixed, repeated and in any order, cut into batches. */
export const anyHistory: fc.Arbitrary<{ ordered: LedgerEntry[]; batches: LedgerEntry[][] }> = fc
  .integer({ min: 1, max: 4 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyStory(`k${index}`))))
  .chain((stories) => {
    const ordered = stories.flatMap(({ events }) => events).map((sketch, index) => entry(sketch, index + 1));
    return fc.tuple(
      fc.constant(ordered),
      fc.shuffledSubarray([...ordered, ...ordered], { minLength: ordered.length }).map((shuffled) => [...shuffled, ...ordered.filter((one) => !shuffled.includes(one))]),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
    );
  })
  .map(([ordered, shuffled, sizes]) => {
    const batches: LedgerEntry[][] = [];
    let at = 0;
    for (let index = 0; at < shuffled.length; index += 1) {
      const size = sizes[index % sizes.length] ?? 1;
      batches.push(shuffled.slice(at, at + size));
      at += size;
    }
    return { ordered, batches };
  });
