import { bad, type Fields, type LineOutcome, liveOf, type Reading, skipped, statusOf, textOf } from "./reading.ts";
import { type Made, madeEvent, madeId } from "./made.ts";
import { readAmount } from "./amount.ts";
import { timeOf } from "./time.ts";

/** Ids of Stripe's by which a payment is known again. */
const PAYMENT_ID = /^(pi|ch|py)_[A-Za-z0-9_]{1,200}$/;

export interface PaymentIds {
  readonly intent: string | null;
  readonly charge: string | null;
}

export function paymentIds(line: Fields): PaymentIds {
  const given = ["payment_id", "payment_intent", "payment_intent_id", "charge", "charge_id", "id"].flatMap((key) => {
    const value = line[key];
    return typeof value === "string" && PAYMENT_ID.test(value) ? [value] : [];
  });
  return { intent: given.find((id) => id.startsWith("pi_")) ?? null, charge: given.find((id) => !id.startsWith("pi_")) ?? null };
}

/** What other words there are for a payment that came to its good end. */
const GOOD = new Set(["succeeded", "success", "paid", "complete", "completed", "captured", "ok", "200"]);

export const TOLD_BY_EVENTS = "a payment without an id of Stripe's, from a time of which Stripe's own events tell (see --until)";

/**
 * A line of the older system's `payments_*.ndjson`: a payment of `amount_usd` dollars that succeeded. It becomes a
 * `charge.succeeded` with a charge `imp_ch_…`, which stands in for Stripe's own: as soon as Stripe's events tell of the
 * payment (same `pi_` or `ch_` id), theirs counts and this one does not.
 */
export function readPaymentLine(line: Fields, text: string, reading: Reading): LineOutcome {
  const status = statusOf(line);
  if (line["ok"] === false || (status !== null && !GOOD.has(status))) return skipped("a payment that did not succeed");
  const amount = line["amount_usd"] === undefined ? readAmount(line["amount"], line["currency"] ?? "usd") : readAmount(line["amount_usd"], "usd");
  if (amount.kind === "refused") return bad(amount.reason);
  const time = timeOf(line, reading.timeZone, reading.nowMs);
  if (time === null) return bad("the payment has no usable `ts` or `date` (such as 2025-10-20T18:25:24Z or 2025-10-20)");
  const ids = paymentIds(line);
  const event = textOf(line, "event_id");
  const known = ids.intent ?? ids.charge ?? event;
  if (known === null && reading.untilMs !== null && time.nominalMs >= reading.untilMs) return skipped(TOLD_BY_EVENTS);
  const key = known ?? `${reading.file}\n${text}\n${reading.occurrence(text)}`;
  const live = liveOf(line, reading);
  // What has an id of Stripe's is the same payment whatever time a second line gives it.
  const id = madeId("pay", known ?? time.nominalMs, `${live} ${key}`);
  const object = standInCharge({ key: known ?? id.slice("imp_pay_".length), ...ids, amount: amount.minor, currency: amount.currency, atMs: time.atMs, live, email: textOf(line, "email", "customer_email") });
  const made: Made = { arrival: madeEvent({ id, type: "charge.succeeded", atMs: time.atMs, live, object }, { file: reading.file, source: reading.source, line }), delivery: null, unless: event };
  return { kind: "taken", made: [made] };
}

export interface StandInCharge extends PaymentIds {
  readonly key: string;
  readonly amount: number;
  readonly currency: string;
  readonly atMs: number;
  readonly live: boolean;
  readonly email: string | null;
  readonly status?: "succeeded" | "failed";
  readonly captured?: boolean;
  readonly refunded?: number;
  readonly brand?: string | null;
  readonly last4?: string | null;
  readonly decline?: string | null;
}

/** A charge in Stripe's shape, of our making: `stands_for` names the real one where the line knew it. */
export function standInCharge(given: StandInCharge): Record<string, unknown> {
  const status = given.status ?? "succeeded";
  const captured = status === "succeeded" && given.captured !== false;
  const card = given.brand === null && given.last4 === null ? null : { type: "card", card: { brand: given.brand ?? null, last4: given.last4 ?? null } };
  return {
    id: `imp_ch_${given.charge ?? given.key}`,
    object: "charge",
    amount: given.amount,
    amount_captured: captured ? given.amount : 0,
    amount_refunded: given.refunded ?? 0,
    captured,
    created: Math.floor(given.atMs / 1000),
    currency: given.currency,
    failure_code: given.decline ?? null,
    livemode: given.live,
    paid: status === "succeeded",
    payment_intent: given.intent,
    payment_method_details: given.brand === undefined ? null : card,
    receipt_email: given.email,
    stands_for: given.charge,
    status,
  };
}
