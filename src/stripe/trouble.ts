import Stripe from "stripe";
import { AppError, type ErrorKind, redact } from "../platform/index.ts";

/**
 * What a failed call may have done at Stripe:
 * - `none`: Stripe refused; nothing was done
 * - `unanswered`: no answer came (or another call with the same key is under way); it may be done, or still happen
 * - `unclear`: Stripe answered with an error of its own; the call is over, and whether it did anything must be looked up
 */
export type StripeEffect = "none" | "unanswered" | "unclear";

/** A call to Stripe that failed. The text is ours, so that no key, address or header of the call can stand in it. */
export class StripeTrouble extends AppError {
  readonly effect: StripeEffect;
  /** Nothing is wrong with the request; the same may be sent again later. */
  readonly passing: boolean;
  /** Stripe's own id of the request, for its support; null when there was no answer. */
  readonly stripeRequest: string | null;

  constructor(kind: ErrorKind, code: string, message: string, facts: { effect: StripeEffect; passing?: boolean; stripeRequest?: string | null }) {
    super(kind, message, { code });
    this.name = "StripeTrouble";
    this.effect = facts.effect;
    this.passing = facts.passing ?? false;
    this.stripeRequest = facts.stripeRequest ?? null;
  }
}

interface Meaning {
  kind: ErrorKind;
  code: string;
  text: string;
  effect?: StripeEffect;
  passing?: boolean;
}

/** By Stripe's own code (https://docs.stripe.com/error-codes). */
const BY_CODE: Readonly<Record<string, Meaning>> = {
  charge_already_refunded: { kind: "conflict", code: "already_refunded", text: "Stripe says that this payment has been refunded in full already; nothing is left to give back" },
  parameter_invalid_integer: { kind: "invalid", code: "amount_not_accepted", text: "Stripe does not take this amount in this currency; give one that the currency can be paid in (see its smallest unit)" },
  amount_too_small: { kind: "invalid", code: "amount_too_small", text: "the amount is below the smallest that Stripe charges in this currency; give a larger one" },
  amount_too_large: { kind: "invalid", code: "amount_too_large", text: "the amount is above the largest that Stripe charges; split it" },
  resource_missing: { kind: "not_found", code: "not_at_stripe", text: "Stripe does not know this id under the configured key; check the id, and whether it belongs to the other mode (test or live) or to another account" },
  charge_not_refundable: { kind: "conflict", code: "not_refundable", text: "Stripe cannot refund this payment: it did not succeed, or was never captured; an authorisation is released by canceling the payment" },
  charge_disputed: { kind: "conflict", code: "charge_disputed", text: "the customer disputes this payment, and the bank has taken the money back already; answer the dispute at Stripe instead of refunding" },
  refund_disputed_payment: { kind: "conflict", code: "dispute_open", text: "a dispute over this payment is open, and refunding it now would pay the customer twice; wait for its end, or accept it at Stripe" },
  balance_insufficient: { kind: "conflict", code: "balance_insufficient", text: "the available balance at Stripe does not cover this refund; add funds at Stripe or wait for the next payments to settle, then ask again" },
  idempotency_key_in_use: { kind: "conflict", code: "stripe_key_in_use", text: "an earlier call of this very operation is still under way at Stripe; its result will be taken up by itself", effect: "unanswered", passing: true },
  lock_timeout: { kind: "rate_limited", code: "stripe_locked", text: "Stripe is working on this very object for someone else; nothing was done, send it again in a few seconds", passing: true },
  rate_limit: { kind: "rate_limited", code: "stripe_rate_limit", text: "too many calls are going to Stripe at the moment; nothing was done, send it again in a few seconds", passing: true },
  invoice_not_editable: { kind: "conflict", code: "invoice_not_editable", text: "this invoice is finished and cannot be changed any more; void it and make another" },
  api_key_expired: { kind: "upstream", code: "stripe_key_expired", text: "the Stripe key has expired or was revoked; make a new one at Stripe, set it and restart" },
};

const BOXES: Readonly<Record<string, string>> = { charge: "Charges and Refunds", invoice: "Invoices", customer: "Customers", payment_intent: "PaymentIntents", event: "Events", webhook: "Webhook Endpoints", dispute: "Disputes", payout: "Payouts", balance: "Balance" };

function permissionText(message: string): string {
  const [, name = "", access = ""] = /rak_([a-z_]+?)_(read|write)/.exec(message) ?? [];
  if (name === "") return "the Stripe key may not do this; give the restricted key the permission that Stripe's dashboard names in its request log";
  const box = BOXES[name] ?? name.replaceAll("_", " ");
  return `the Stripe key lacks the permission rak_${name}_${access}; at Stripe (Developers, API keys, the key), set "${box}" to ${access === "write" ? "Write" : "Read"}`;
}

/** Stripe's own sentence, for what has no sentence of ours; nothing that looks like a key stays, masked or not. */
function saidByStripe(message: string): string {
  return redact(message)
    .replaceAll(/\b(sk|rk|pk)_(live|test)_[^\s'"]+/g, "***")
    .slice(0, 300);
}

function meaningOf(error: Stripe.errors.StripeError): Meaning {
  const status = error.statusCode ?? 0;
  if (status === 401) return BY_CODE[error.code ?? ""] ?? { kind: "upstream", code: "stripe_key_refused", text: "Stripe does not know the configured key; check STRIPE_SECRET_KEY (or STRIPE_SECRET_LIVE in live mode)" };
  if (status === 403 && error.code === undefined) return { kind: "upstream", code: "stripe_permission", text: permissionText(error.message) };
  if (status >= 500) return { kind: "upstream", code: "stripe_failed", text: "Stripe had an error of its own; whether it did anything is being looked up", effect: "unclear", passing: true };
  const known = BY_CODE[error.code ?? ""];
  if (known !== undefined) return known;
  if (error.rawType === "idempotency_error") return { kind: "conflict", code: "stripe_key_reused", text: "this operation's key was used at Stripe for a different request, so this one was not carried out; what the other one did is being looked up", effect: "unclear" };
  if (status === 409) return { kind: "conflict", code: "stripe_conflict", text: "another call to Stripe is changing the same object; nothing was done, send it again in a few seconds", effect: "unanswered", passing: true };
  if (status === 429) return BY_CODE["rate_limit"] as Meaning;
  if (error.param === "amount" && /greater than (the )?(unrefunded|remaining)/i.test(error.message)) {
    return { kind: "invalid", code: "more_than_left", text: `this is more than what is left of the payment; Stripe says: ${saidByStripe(error.message)}` };
  }
  return { kind: "unprocessable", code: "stripe_refused", text: `Stripe refused: ${saidByStripe(error.message)}` };
}

/** The failure of a call, in words that say what to do. Anything that is no failure of a call comes back as it is. */
export function stripeTrouble(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const stripeRequest = error.requestId ?? null;
  if (error instanceof Stripe.errors.StripeConnectionError || error.statusCode === undefined) {
    return new StripeTrouble("upstream", "stripe_unreachable", "Stripe did not answer (connection cut, or 15 s over); whether it did anything is being looked up", { effect: "unanswered", passing: true, stripeRequest });
  }
  const { kind, code, text, effect = "none", passing = false } = meaningOf(error);
  return new StripeTrouble(kind, code, text, { effect, passing, stripeRequest });
}
