import { createHash } from "node:crypto";

/** A test number of Stripe's documentation, and what happens to whoever pays with it. */
export interface TestCard {
  number: string;
  brand: string;
  funding: "credit" | "debit" | "prepaid";
  country: string;
  /** `pm_card_…` and `tok_…` names, without that beginning. */
  names: readonly string[];
  /** Name of a cause in `decline.ts`. */
  decline: string | null;
  /** A card that only declines cannot be kept with a customer, save the ones made for it. */
  attachable: boolean;
  challenge: "never" | "always" | "unless_set_up";
  risk: "normal" | "elevated" | "highest";
  fails: readonly ("cvc" | "postal_code")[];
  dispute: "fraudulent" | "product_not_received" | "inquiry" | null;
  refund: "at_once" | "late" | "fails_late";
  /** The money is available at once. */
  bypassesPending: boolean;
}

type Traits = Partial<Omit<TestCard, "number" | "brand" | "names">>;

const card = (number: string, brand: string, names: string, traits: Traits = {}): TestCard => ({
  number,
  brand,
  funding: "credit",
  country: "US",
  names: names.split(" ").filter((name) => name !== ""),
  decline: null,
  attachable: traits.decline === undefined,
  challenge: "never",
  risk: "normal",
  fails: [],
  dispute: null,
  refund: "at_once",
  bypassesPending: false,
  ...traits,
});

/** `visa_chargeDeclined` is the current spelling, `chargeDeclined` the older one; both are accepted. */
const declining = (number: string, name: string, decline: string, traits: Traits = {}): TestCard =>
  card(number, "visa", `visa_chargeDeclined${name} chargeDeclined${name}`, { decline, ...traits });

export const testCards: readonly TestCard[] = [
  card("4242424242424242", "visa", "visa us"),
  card("4000056655665556", "visa", "visa_debit", { funding: "debit" }),
  card("5555555555554444", "mastercard", "mastercard"),
  card("2223003122003222", "mastercard", ""),
  card("5200828282828210", "mastercard", "mastercard_debit", { funding: "debit" }),
  card("5105105105105100", "mastercard", "mastercard_prepaid", { funding: "prepaid" }),
  card("378282246310005", "amex", "amex"),
  card("371449635398431", "amex", ""),
  card("6011111111111117", "discover", "discover"),
  card("6011000990139424", "discover", ""),
  card("3056930009020004", "diners", "diners"),
  card("3566002020360505", "jcb", "jcb"),
  card("6200000000000005", "unionpay", "unionpay"),
  card("4000001240000000", "visa", "ca", { country: "CA" }),
  card("4000000760000002", "visa", "br", { country: "BR" }),
  card("4000004840008001", "visa", "mx", { country: "MX" }),
  card("4000008260000000", "visa", "gb", { country: "GB" }),
  card("4000002760000016", "visa", "de", { country: "DE" }),
  card("4000002500000003", "visa", "fr", { country: "FR" }),
  card("4000003920000003", "visa", "jp", { country: "JP" }),
  card("4000000360000006", "visa", "au", { country: "AU" }),
  declining("4000000000000002", "", "generic_decline"),
  declining("4000000000009995", "InsufficientFunds", "insufficient_funds"),
  declining("4000000000009987", "LostCard", "lost_card"),
  declining("4000000000009979", "StolenCard", "stolen_card"),
  declining("4000000000000069", "ExpiredCard", "expired_card"),
  declining("4000000000000127", "IncorrectCvc", "incorrect_cvc", { fails: ["cvc"] }),
  declining("4000000000000119", "ProcessingError", "processing_error"),
  declining("4242424242424241", "IncorrectNumber", "incorrect_number"),
  declining("4000000000006975", "VelocityLimitExceeded", "card_velocity_exceeded"),
  declining("4000000000000341", "AfterAttaching", "generic_decline", { attachable: true }),
  card("4100000000000019", "visa", "radarBlock visa_chargeDeclinedFraudulent", { decline: "blocked_highest_risk", risk: "highest" }),
  card("4000000000004954", "visa", "riskLevelHighest", { decline: "blocked_highest_risk", risk: "highest" }),
  card("4000000000009235", "visa", "riskLevelElevated", { risk: "elevated" }),
  card("4000000000000101", "visa", "cvcCheckFail", { fails: ["cvc"] }),
  card("4000000000000036", "visa", "avsZipFail", { fails: ["postal_code"] }),
  card("4000058400307872", "visa", "cvcCheckFailElevatedRisk", { fails: ["cvc"], risk: "elevated" }),
  card("4000058400306072", "visa", "avsZipFailElevatedRisk", { fails: ["postal_code"], risk: "elevated" }),
  card("4000000000000010", "visa", "avsFail", { fails: ["postal_code"] }),
  card("4000000000000259", "visa", "createDispute", { dispute: "fraudulent" }),
  card("4000000000002685", "visa", "createDisputeProductNotReceived", { dispute: "product_not_received" }),
  card("4000000000001976", "visa", "createDisputeInquiry", { dispute: "inquiry" }),
  card("4000000000007726", "visa", "pendingRefund", { refund: "late" }),
  card("4000000000005126", "visa", "refundFail", { refund: "fails_late" }),
  card("4000000000000077", "visa", "bypassPending", { bypassesPending: true }),
  card("4000003720000278", "visa", "bypassPendingInternational", { bypassesPending: true, country: "IE" }),
  card("4000002500003155", "visa", "authenticationRequiredOnSetup", { challenge: "unless_set_up", country: "FR" }),
  card("4000002760003184", "visa", "authenticationRequired", { challenge: "always", country: "DE" }),
  card("4000003800000446", "visa", "authenticationRequiredSetupForOffSession", { challenge: "unless_set_up" }),
  card("4000008260003178", "visa", "authenticationRequiredChargeDeclinedInsufficientFunds", { challenge: "always", decline: "insufficient_funds", attachable: true, country: "GB" }),
  card("4000000000003220", "visa", "threeDSecure2Required", { challenge: "always" }),
  card("4000000000003063", "visa", "threeDSecureRequired", { challenge: "always" }),
  card("4000008400001629", "visa", "threeDSecureRequiredChargeDeclined", { challenge: "always", decline: "generic_decline", attachable: true }),
  card("4000008400001280", "visa", "threeDSecureRequiredProcessingError", { challenge: "always", decline: "processing_error", attachable: true }),
  card("4000000000003055", "visa", "threeDSecureOptional"),
];

/** The one documented token whose number has a different name. */
const ALIASES: Readonly<Record<string, string>> = { chargeCustomerFail: "4000000000000341", visa_chargeCustomerFail: "4000000000000341" };

const byNumber = new Map(testCards.map((one) => [one.number, one]));
const byName = new Map(testCards.flatMap((one) => one.names.map((name) => [name, one] as const)));
const byFingerprint = new Map(testCards.map((one) => [fingerprintOf(one.number), one]));

export function testCardNumbered(number: string): TestCard | null {
  return byNumber.get(number) ?? null;
}

/** @param token `pm_card_visa`, `tok_visa` and their like */
export function testCardTokened(token: string): TestCard | null {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(token)?.[1];
  if (name === undefined) return null;
  const alias = ALIASES[name];
  return (alias === undefined ? byName.get(name) : byNumber.get(alias)) ?? null;
}

/**
 * The card behind a payment method. The number itself is never kept: its fingerprint, the same for the same number,
 * is enough to know the card again. Cards made up by traffic are nobody's, and just work.
 */
export function testCardFingerprinted(fingerprint: string): TestCard | null {
  return byFingerprint.get(fingerprint) ?? null;
}

export function fingerprintOf(number: string): string {
  return createHash("sha256").update(number).digest("base64url").replaceAll(/[-_]/g, "0").slice(0, 16);
}

/** Bank accounts of the documentation, with how the debit ends. */
const ACCOUNTS: Readonly<Record<string, string | null>> = {
  "000123456789": null,
  "000222222227": "debit_insufficient_funds",
  "000111111113": "debit_account_closed",
  "000111111116": "debit_no_account",
  "000333333335": "debit_not_authorized",
  DE89370400440532013000: null,
  AT611904300234573201: null,
  DE62370400440532013001: "debit_insufficient_funds",
  AT861904300235473202: "debit_insufficient_funds",
};
const declineByAccount = new Map(Object.entries(ACCOUNTS).map(([account, decline]) => [fingerprintOf(account), decline]));

export function debitDecline(fingerprint: string): string | null {
  return declineByAccount.get(fingerprint) ?? null;
}

/** The check digit every card number ends in. */
export function passesLuhn(number: string): boolean {
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    const digit = Number(number[number.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return number.length >= 12 && sum % 10 === 0;
}
