/**
 * Why a payment fails, as Stripe says it in four places: `failure_code` and `outcome` on the charge,
 * `code` and `decline_code` on the payment intent's last error and in the API's answer.
 */
export interface Decline {
  /** Our name for the cause; also what `outcome.reason` says unless `reason` differs. */
  name: string;
  /** `failure_code` of the charge and `code` of the error. */
  code: string;
  /** Absent on errors that carry none. */
  declineCode: string | null;
  outcome: "issuer_declined" | "blocked" | "invalid";
  reason: string;
  message: string;
  sellerMessage: string;
  riskLevel: "normal" | "elevated" | "highest";
  adviceCode: "try_again_later" | "do_not_try_again" | "confirm_card_data" | null;
}

type Row = readonly [name: string, code: string, message: string, advice: Decline["adviceCode"]];

const DECLINED = "Your card was declined.";
const ISSUER: readonly Row[] = [
  ["generic_decline", "card_declined", DECLINED, null],
  ["insufficient_funds", "card_declined", "Your card has insufficient funds.", "try_again_later"],
  ["do_not_honor", "card_declined", DECLINED, "try_again_later"],
  ["lost_card", "card_declined", DECLINED, "do_not_try_again"],
  ["stolen_card", "card_declined", DECLINED, "do_not_try_again"],
  ["pickup_card", "card_declined", DECLINED, "do_not_try_again"],
  ["transaction_not_allowed", "card_declined", "Your card does not support this type of purchase.", "do_not_try_again"],
  ["card_velocity_exceeded", "card_declined", "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.", "try_again_later"],
  ["withdrawal_count_limit_exceeded", "card_declined", "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.", "try_again_later"],
  ["card_not_supported", "card_declined", "Your card is not supported.", "do_not_try_again"],
  ["currency_not_supported", "card_declined", "Your card does not support this currency.", "do_not_try_again"],
  ["fraudulent", "card_declined", DECLINED, "do_not_try_again"],
  ["try_again_later", "card_declined", "Your card was declined. You can try again in a little bit.", "try_again_later"],
  ["issuer_not_available", "card_declined", DECLINED, "try_again_later"],
  ["reenter_transaction", "card_declined", DECLINED, "try_again_later"],
  ["authentication_required", "authentication_required", "Your card was declined. This transaction requires authentication.", "confirm_card_data"],
  ["expired_card", "expired_card", "Your card has expired.", "do_not_try_again"],
  ["incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data"],
  ["incorrect_number", "incorrect_number", "Your card number is incorrect.", "confirm_card_data"],
  ["incorrect_zip", "incorrect_zip", "The zip code you supplied failed validation.", "confirm_card_data"],
  ["processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit.", "try_again_later"],
];

const issuerDeclines = ISSUER.map(([name, code, message, adviceCode]): Decline => ({
  name,
  code,
  declineCode: name,
  outcome: "issuer_declined",
  reason: name,
  message,
  sellerMessage:
    name === "generic_decline" ? "The bank did not return any further details with this decline." : `The bank returned the decline code \`${name}\`.`,
  riskLevel: "normal",
  adviceCode,
}));

const radarDeclines: readonly Decline[] = [
  {
    name: "blocked_highest_risk", code: "card_declined", declineCode: "fraudulent", outcome: "blocked", reason: "highest_risk_level",
    message: DECLINED, sellerMessage: "Stripe blocked this payment as too risky.", riskLevel: "highest", adviceCode: "do_not_try_again",
  },
  {
    name: "blocked_rule", code: "card_declined", declineCode: "fraudulent", outcome: "blocked", reason: "rule",
    message: DECLINED, sellerMessage: "Stripe blocked this payment because of a rule.", riskLevel: "elevated", adviceCode: "do_not_try_again",
  },
  {
    name: "invalid_account", code: "card_declined", declineCode: "invalid_account", outcome: "invalid", reason: "invalid_account",
    message: DECLINED, sellerMessage: "The account or the way of paying was not valid for this payment.", riskLevel: "normal", adviceCode: "do_not_try_again",
  },
];

/** Bank debits answer days later, and with codes of their own. */
const debitDeclines: readonly Decline[] = (
  [
    ["debit_insufficient_funds", "insufficient_funds", "The customer's account has insufficient funds to cover this payment."],
    ["debit_account_closed", "account_closed", "The customer's bank account has been closed."],
    ["debit_no_account", "no_account", "The customer's bank account could not be located."],
    ["debit_not_authorized", "debit_not_authorized", "The customer has notified their bank that this payment was unauthorized."],
  ] as const
).map(([name, code, message]): Decline => ({
  name, code, declineCode: null, outcome: "issuer_declined", reason: code, message,
  sellerMessage: `The bank returned the code \`${code}\`.`, riskLevel: "normal", adviceCode: null,
}));

const TABLE = new Map([...issuerDeclines, ...radarDeclines, ...debitDeclines].map((decline) => [decline.name, decline]));

/** Every cause there is. */
export const declineNames: readonly string[] = [...TABLE.keys()];

/** @throws Error when there is no cause of that name. */
export function declineNamed(name: string): Decline {
  const decline = TABLE.get(name);
  if (decline === undefined) throw new Error(`no decline is called "${name}"; there are: ${declineNames.join(", ")}`);
  return decline;
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`;
}
