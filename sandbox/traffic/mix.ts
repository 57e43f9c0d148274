/**
 * What traffic is made of. Shares are relative weights, rates are fractions of the payments they speak of.
 * The figures make a middling international shop; all of them can be changed, also while traffic runs.
 */
export interface TrafficMix {
  /** Of card attempts: declined for any cause. */
  declineRate: number;
  /** Names of `cards/decline.ts` with their weights. */
  declineCauses: readonly (readonly [string, number])[];
  currencies: readonly (readonly [CurrencyProfile, number])[];
  methods: readonly (readonly [MethodName, number])[];
  brands: readonly (readonly [string, number])[];
  /** Of card attempts outside Europe, and in it: 3-D Secure asked for; of those: failed. */
  challengeRate: number;
  challengeRateEurope: number;
  challengeFailureRate: number;
  /** Of failed payments: the customer tries again. */
  retryRate: number;
  /** Of payments: created and never tried. */
  abandonRate: number;
  manualCaptureRate: number;
  /** Of bank debits: comes back days later, and of those that succeeded: returned even later. */
  debitFailureRate: number;
  debitLateFailureRate: number;
  refundRate: number;
  partialRefundRate: number;
  refundFailureRate: number;
  disputeRate: number;
  inquiryRate: number;
  disputeWonRate: number;
  /** Of payments: made through an invoice; of invoices: paid outside Stripe, voided, written off. */
  invoiceRate: number;
  invoiceOffStripeRate: number;
  invoiceVoidRate: number;
  invoiceUncollectibleRate: number;
  /** Of payments: by a customer with an account. */
  customerRate: number;
}

export type MethodName = "card" | "sepa_debit" | "us_bank_account" | "ideal";

export interface CurrencyProfile {
  currency: string;
  /** A usual price in API units; prices spread around it from a fifth to five times. */
  typical: number;
  /** Prices are multiples of it. */
  step: number;
  countries: readonly [string, ...string[]];
}

const profile = (currency: string, typical: number, step: number, ...countries: [string, ...string[]]): CurrencyProfile => ({
  currency,
  typical,
  step,
  countries,
});

export const usualMix: TrafficMix = {
  declineRate: 0.032,
  declineCauses: [
    ["insufficient_funds", 34], ["generic_decline", 20], ["do_not_honor", 12], ["incorrect_cvc", 6], ["expired_card", 5],
    ["transaction_not_allowed", 4], ["try_again_later", 3], ["issuer_not_available", 2], ["reenter_transaction", 1], ["processing_error", 2],
    ["card_velocity_exceeded", 2], ["withdrawal_count_limit_exceeded", 1], ["lost_card", 1], ["stolen_card", 1], ["pickup_card", 1],
    ["fraudulent", 1], ["card_not_supported", 1], ["currency_not_supported", 1], ["authentication_required", 1], ["incorrect_number", 1],
    ["incorrect_zip", 1], ["blocked_highest_risk", 3], ["blocked_rule", 1], ["invalid_account", 2],
  ],
  currencies: [
    [profile("usd", 4900, 50, "US", "US", "US", "CA"), 52],
    [profile("eur", 4500, 50, "DE", "FR", "NL", "ES", "IT"), 24],
    [profile("gbp", 3900, 50, "GB"), 12],
    [profile("jpy", 5800, 10, "JP"), 6],
    [profile("kwd", 14500, 250, "KW"), 2],
    [profile("cad", 6500, 50, "CA"), 2],
    [profile("aud", 6900, 50, "AU"), 1],
    [profile("sek", 49900, 100, "SE"), 1],
  ],
  methods: [["card", 91], ["sepa_debit", 4], ["us_bank_account", 3], ["ideal", 2]],
  brands: [["visa", 58], ["mastercard", 30], ["amex", 8], ["discover", 3], ["jcb", 1]],
  challengeRate: 0.04,
  challengeRateEurope: 0.35,
  challengeFailureRate: 0.07,
  retryRate: 0.55,
  abandonRate: 0.03,
  manualCaptureRate: 0.04,
  debitFailureRate: 0.03,
  debitLateFailureRate: 0.004,
  refundRate: 0.04,
  partialRefundRate: 0.4,
  refundFailureRate: 0.02,
  disputeRate: 0.004,
  inquiryRate: 0.2,
  disputeWonRate: 0.35,
  invoiceRate: 0.08,
  invoiceOffStripeRate: 0.05,
  invoiceVoidRate: 0.03,
  invoiceUncollectibleRate: 0.02,
  customerRate: 0.3,
};

/** Where a strong authentication is asked for by law. */
export const EUROPE = new Set(["DE", "FR", "NL", "ES", "IT", "GB", "SE"]);
