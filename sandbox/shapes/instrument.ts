import type { Metadata, Thing } from "./thing.ts";
import { NO_ADDRESS, seconds } from "./thing.ts";

/** What one pays with, before it becomes a payment method or a charge's `payment_method_details`. */
export type Instrument = CardInstrument | BankInstrument;

interface CardInstrument {
  type: "card";
  brand: string;
  last4: string;
  funding: "credit" | "debit" | "prepaid";
  country: string;
  fingerprint: string;
  expMonth: number;
  expYear: number;
  wallet: "apple_pay" | "google_pay" | null;
}

interface BankInstrument {
  type: "sepa_debit" | "us_bank_account" | "ideal";
  country: string;
  last4: string;
  fingerprint: string;
  bank: string;
}

export interface Billing {
  email: string | null;
  name: string | null;
  country: string | null;
  postalCode: string | null;
}

export const NO_BILLING: Billing = { email: null, name: null, country: null, postalCode: null };

export interface PaymentMethod extends Thing {
  object: "payment_method";
  type: string;
  customer: string | null;
  created: number;
  metadata: Metadata;
}

export interface Checks {
  cvc: "pass" | "fail" | "unchecked" | null;
  postalCode: "pass" | "fail" | "unchecked" | null;
  /** Result of 3-D Secure, null when it was not asked for. */
  threeDSecure: "authenticated" | "attempt_acknowledged" | null;
}

export const PASSED: Checks = { cvc: "pass", postalCode: null, threeDSecure: null };

export function billingDetails(billing: Billing): Record<string, unknown> {
  const known = billing.country !== null || billing.postalCode !== null;
  return {
    address: known ? { ...NO_ADDRESS, country: billing.country, postal_code: billing.postalCode } : NO_ADDRESS,
    email: billing.email,
    name: billing.name,
    phone: null,
    tax_id: null,
  };
}

export function paymentMethodShape(
  id: string,
  instrument: Instrument,
  owner: { billing: Billing; customer: string | null; livemode: boolean; createdAtMs: number; metadata?: Metadata },
): PaymentMethod {
  return {
    id,
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: billingDetails(owner.billing),
    [instrument.type]: instrument.type === "card" ? cardOfMethod(instrument) : bankDetails(instrument),
    created: seconds(owner.createdAtMs),
    customer: owner.customer,
    customer_account: null,
    livemode: owner.livemode,
    metadata: owner.metadata ?? {},
    type: instrument.type,
  };
}

function cardOfMethod(card: CardInstrument): Record<string, unknown> {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "unchecked" },
    country: card.country,
    display_brand: card.brand,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    fingerprint: card.fingerprint,
    funding: card.funding,
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: walletShape(card),
  };
}

function walletShape(card: CardInstrument): Record<string, unknown> | null {
  return card.wallet === null ? null : { [card.wallet]: {}, dynamic_last4: null, type: card.wallet };
}

function bankDetails(bank: BankInstrument): Record<string, unknown> {
  const { bank: name, country, fingerprint, last4 } = bank;
  if (bank.type === "ideal") return { bank: name, bic: null, iban_last4: last4, transaction_id: null, verified_name: null };
  if (bank.type === "sepa_debit") return { bank_code: name, branch_code: null, country, fingerprint, generated_from: null, last4 };
  return { account_holder_type: "individual", account_type: "checking", bank_name: name, fingerprint, last4, routing_number: "110000000" };
}

/** `payment_method_details` of a charge. */
export function detailsShape(instrument: Instrument, amount: number, checks: Checks): Record<string, unknown> {
  if (instrument.type !== "card") return { [instrument.type]: bankDetails(instrument), type: instrument.type };
  const card = instrument;
  return {
    card: {
      amount_authorized: amount,
      authorization_code: null,
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: checks.postalCode, cvc_check: checks.cvc },
      country: card.country,
      exp_month: card.expMonth,
      exp_year: card.expYear,
      extended_authorization: { status: "disabled" },
      fingerprint: card.fingerprint,
      funding: card.funding,
      incremental_authorization: { status: "unavailable" },
      installments: null,
      last4: card.last4,
      mandate: null,
      multicapture: { status: "unavailable" },
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: null,
      overcapture: { maximum_amount_capturable: amount, status: "unavailable" },
      regulated_status: "unregulated",
      three_d_secure: checks.threeDSecure === null ? null : threeDSecureShape(checks.threeDSecure),
      wallet: walletShape(card),
    },
    type: "card",
  };
}

function threeDSecureShape(result: "authenticated" | "attempt_acknowledged"): Record<string, unknown> {
  return {
    authentication_flow: "challenge", electronic_commerce_indicator: "05", exemption_indicator: null, result,
    result_reason: null, transaction_id: null, version: "2.2.0",
  };
}
