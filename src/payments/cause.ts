/** Whose trouble a failed attempt is: the customer's bank or hand, Radar and other guards, or the machinery. */
export type Cause = "customer" | "risk" | "technical";

export interface Failure {
  readonly cause: Cause;
  /** In the field's words, e.g. `insufficient_funds`; null when nobody gave one. */
  readonly code: string | null;
  /** Trouble of the issuer that passes: the same card may work in a minute. */
  readonly transient: boolean;
  /** One plain sentence for people. */
  readonly sentence: string;
}

const TRANSIENT = new Set(["processing_error", "try_again_later", "issuer_not_available", "reenter_transaction"]);

/** https://docs.stripe.com/declines/codes, the frequent ones in words of everyday. */
const WORDS: Readonly<Record<string, string>> = {
  insufficient_funds: "not enough funds",
  generic_decline: "it gave no reason",
  card_declined: "it gave no reason",
  do_not_honor: "it gave no reason",
  call_issuer: "the customer should call the bank",
  transaction_not_allowed: "the card does not allow this kind of payment",
  card_not_supported: "the card does not allow this kind of payment",
  currency_not_supported: "the card does not take this currency",
  expired_card: "the card has expired",
  incorrect_cvc: "the security code is wrong",
  invalid_cvc: "the security code is wrong",
  incorrect_number: "the card number is wrong",
  invalid_number: "the card number is wrong",
  incorrect_zip: "the postal code is wrong",
  invalid_expiry_month: "the expiry date is wrong",
  invalid_expiry_year: "the expiry date is wrong",
  invalid_account: "the account is closed or wrong",
  account_closed: "the account is closed",
  bank_account_restricted: "the account is restricted",
  debit_not_authorized: "the customer did not authorise the debit",
  lost_card: "the card is reported lost",
  stolen_card: "the card is reported stolen",
  pickup_card: "the card is blocked",
  restricted_card: "the card is restricted",
  fraudulent: "it suspects fraud",
  security_violation: "it suspects fraud",
  card_velocity_exceeded: "too many or too large payments in a short time",
  withdrawal_count_limit_exceeded: "the customer's limit is reached",
  authentication_required: "it wants the customer to authenticate",
  approve_with_id: "it asks to try once more",
  duplicate_transaction: "a payment of the same amount was made a moment ago",
  processing_error: "an error while processing",
  try_again_later: "it asks to try again later",
  issuer_not_available: "it could not be reached",
  reenter_transaction: "it asks to send the payment again",
};

const RISK_WORDS: Readonly<Record<string, string>> = {
  highest_risk_level: "the risk is highest",
  elevated_risk_level: "the risk is elevated",
  rule: "a rule of yours applies",
};

function said(words: Readonly<Record<string, string>>, code: string | null): string {
  if (code === null) return "it gave no reason";
  return Object.hasOwn(words, code) ? (words[code] ?? code) : code.replaceAll("_", " ");
}

/** The finest word known: the decline code says more than the general failure code. */
function finest(codes: readonly (string | null)[]): string | null {
  const known = codes.filter((code) => code !== null);
  return known.find((code) => code !== "card_declined") ?? known[0] ?? null;
}

function failure(cause: Cause, code: string | null): Failure {
  const who = { customer: "The bank declined", risk: "Blocked as too risky", technical: "Failed for a technical reason" }[cause];
  const why = cause === "risk" ? said(RISK_WORDS, code) : said(WORDS, code);
  return { cause, code, transient: code !== null && TRANSIENT.has(code), sentence: `${who}: ${why}.` };
}

/** Failures without an outcome of the network: by their code. What the sender got wrong is technical, the rest the customer's bank. */
function causeByCode(code: string | null): Cause {
  if (code === null || TRANSIENT.has(code)) return "technical";
  return /^(api_|parameter_|charge_|payment_method_|payment_intent_|rate_limit|lock_timeout|testmode|livemode|account_(?!closed)|setup_|url_|amount_|routing_)/.test(code)
    ? "technical"
    : "customer";
}

/** Why a charge failed, from `charge.outcome`, `failure_code` and the intent's `decline_code`. */
export function chargeFailure(charge: { outcome: string | null; reason: string | null; code: string | null; decline: string | null }): Failure {
  const code = finest([charge.decline, charge.reason, charge.code]);
  if (charge.outcome === "issuer_declined") return failure("customer", code);
  if (charge.outcome === "blocked") return failure("risk", finest([charge.reason, charge.decline, charge.code]));
  if (charge.outcome === "invalid") return failure("technical", code);
  // No outcome, or an authorised one that failed later (bank debits).
  return failure(causeByCode(code), code);
}

/** Why an attempt failed before there was a charge, from the intent's `last_payment_error`. */
export function chargelessCause(error: { type: string | null; code: string | null; decline: string | null }): Failure {
  const code = finest([error.decline, error.code]);
  if (code === "payment_intent_authentication_failure" || code === "authentication_failed") {
    return { cause: "customer", code, transient: false, sentence: "The customer did not pass the bank's authentication." };
  }
  if (error.type === "card_error") return failure("customer", code);
  return failure("technical", code);
}
