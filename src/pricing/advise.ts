import { estimate, type Minor, moneyText, smallestCharge } from "../money/index.ts";
import { type DeclineFacts, shareInterval } from "./declines.ts";
import { expectedMonths, type Retention } from "./retention.ts";
import type { Draft } from "./suggestion.ts";

/** Suggestions that leave amounts as they are: notes of what to do by hand, and a yearly plan. Each has a least evidence. */

const LEAST_SOFT = 50;
const LEAST_COUNTRY = 100;
const LEAST_SUBSCRIBERS = 100;
const LEAST_TOO_SMALL = 5;
/** Of the difference between a country's failures and the others', in share points. */
const WORTH_A_CURRENCY = 0.05;

const NO_BASIS = { price: null, unitAmount: null, recurring: null, elasticity: null } as const;

const share = (value: number): string => `${Number((value * 100).toFixed(1))} %`;

/** Softly declined payments that are given up after one try, while those that are tried again are often paid. */
export function adviseRetries({ soft }: DeclineFacts): Draft[] {
  return soft.flatMap(({ currency, abandoned, abandonedAmount, retried, recovered }): Draft[] => {
    if (abandoned < LEAST_SOFT || retried < LEAST_SOFT) return [];
    const { low, high } = shareInterval(recovered, retried);
    if (low < 0.1) return [];
    const money = (amount: Minor): string => moneyText(amount, currency);
    return [
      {
        kind: "retry_schedule",
        product: null,
        currency,
        from: null,
        to: null,
        basis: { ...NO_BASIS, purchases: abandoned + retried },
        told: {
          title: `Try softly declined ${currency.toUpperCase()} payments again`,
          why: [
            `${abandoned} payments were declined for a passing reason (such as not enough funds) and never tried again; ${money(abandonedAmount)} was not collected.`,
            `Of ${retried} that were tried again, ${recovered} were paid in the end (${share(low)} to ${share(high)} with 90 % confidence).`,
          ],
          effect: {
            text: `at most about ${money(estimate(abandonedAmount, low))} to ${money(estimate(abandonedAmount, high))} over the period, if those given up are like those tried again (they may be harder)`,
            low: null,
            median: null,
            high: null,
            monthly: null,
          },
          evidence: [
            { what: "given up after one try", value: String(abandoned) },
            { what: "tried again", value: String(retried) },
            { what: "of these paid", value: String(recovered) },
          ],
          disproof: "After the change, fewer of the retried payments are paid than before.",
          risk: "Card networks count tries: more than 15 in 30 days for one payment cost fees. Customers may be surprised by a late charge.",
          undo: "Switch the retries off again.",
          byHand: "At Stripe: Billing → Revenue recovery → Retries → Smart Retries for subscriptions; for single payments ask the customer again after one, three and seven days.",
        },
      },
    ];
  });
}

/** Home currencies of card countries that shops commonly meet; Stripe presents all of them. */
const HOME: Readonly<Record<string, string>> = { US: "usd", CA: "cad", GB: "gbp", AU: "aud", NZ: "nzd", JP: "jpy", CH: "chf", SE: "sek", NO: "nok", DK: "dkk", PL: "pln", CZ: "czk", HU: "huf", RO: "ron", BR: "brl", MX: "mxn", IN: "inr", SG: "sgd", HK: "hkd", MY: "myr", TH: "thb", AE: "aed", KR: "krw", IL: "ils", TR: "try", ZA: "zar", AT: "eur", BE: "eur", DE: "eur", ES: "eur", FI: "eur", FR: "eur", GR: "eur", IE: "eur", IT: "eur", LU: "eur", NL: "eur", PT: "eur", SK: "eur", SI: "eur", EE: "eur", LT: "eur", LV: "eur", HR: "eur", MT: "eur", CY: "eur" };

/** Countries whose cards fail clearly oftener when charged in a foreign currency. */
export function adviseCurrencies({ countries }: DeclineFacts): Draft[] {
  return countries.flatMap((one): Draft[] => {
    const home = HOME[one.country];
    if (home === undefined || home === one.currency || one.payments < LEAST_COUNTRY) return [];
    if (countries.some((other) => other.country === one.country && other.currency === home && other.payments >= one.payments / 4)) return [];
    const others = countries.filter(({ country, currency }) => currency === one.currency && HOME[country] === currency);
    const [payments, failed] = others.reduce(([all, bad], other) => [all + other.payments, bad + other.failed], [0, 0]);
    if (payments < LEAST_COUNTRY) return [];
    const here = shareInterval(one.failed, one.payments);
    const there = shareInterval(failed, payments);
    const excess = { low: here.low - there.high, high: here.high - there.low };
    if (excess.low < WORTH_A_CURRENCY) return [];
    const lost = moneyText(one.failedAmount, one.currency);
    return [
      {
        kind: "add_currency",
        product: null,
        currency: one.currency,
        from: null,
        to: null,
        basis: { ...NO_BASIS, purchases: one.payments },
        told: {
          title: `Offer ${home.toUpperCase()} to customers with cards from ${one.country}`,
          why: [
            `${one.failed} of ${one.payments} payments with cards from ${one.country} in ${one.currency.toUpperCase()} failed (${share(here.low)} to ${share(here.high)}); of cards at home in ${one.currency.toUpperCase()} ${share(failed / payments)} fail.`,
            "Banks decline foreign currencies oftener, and customers meet fees they did not expect.",
          ],
          effect: { text: `at most the excess of ${share(excess.low)} to ${share(excess.high)} of these payments; ${lost} failed in the period, of which only a part has this cause`, low: null, median: null, high: null, monthly: null },
          evidence: [
            { what: "payments", value: String(one.payments) },
            { what: "failed", value: String(one.failed) },
            { what: "compared with", value: `${failed} of ${payments}` },
          ],
          disproof: `With ${home.toUpperCase()} offered, cards from ${one.country} fail as often as before.`,
          risk: "Exchange rates move between sale and payout; a methods or fraud cause would not be cured by a currency.",
          undo: "Take the currency off the prices again.",
          byHand: `At Stripe: add ${home.toUpperCase()} to the prices (currency options), or switch on Adaptive Pricing in Checkout.`,
        },
      },
    ];
  });
}

/** Payments that Stripe refuses for being too small. */
export function adviseMinimum({ tooSmall }: DeclineFacts): Draft[] {
  return tooSmall.flatMap(({ currency, count }): Draft[] => {
    const least = smallestCharge(currency);
    if (count < LEAST_TOO_SMALL || least === null) return [];
    const text = moneyText(least, currency);
    return [
      {
        kind: "minimum_charge",
        product: null,
        currency,
        from: null,
        to: null,
        basis: { ...NO_BASIS, purchases: count },
        told: {
          title: `Do not ask for less than ${text}`,
          why: [`${count} payments were refused because they were below Stripe's smallest charge, ${text}.`],
          effect: { text: "each of these customers could not pay at all; what they would have bought is not known", low: null, median: null, high: null, monthly: null },
          evidence: [{ what: "refused", value: String(count) }],
          disproof: "None: a smaller amount cannot be charged.",
          risk: "A minimum may put some off; bundling several small sales keeps their price.",
          undo: "Take the minimum off the checkout.",
          byHand: `Set a smallest order of ${text} in the checkout, or collect small amounts and charge them together.`,
        },
      },
    ];
  });
}

/** A yearly plan where a monthly subscriber stays for clearly fewer than the ten months that a usual yearly price covers. */
export function adviseAnnual(retention: readonly Retention[], productName: (product: string) => string): Draft[] {
  return retention.flatMap((one): Draft[] => {
    const { product, currency, unitAmount, subscribers, months, left, yearly } = one;
    if (yearly || subscribers < LEAST_SUBSCRIBERS || left < LEAST_SOFT) return [];
    const leave = shareInterval(left, months);
    const stays = { low: expectedMonths(leave.high), high: expectedMonths(leave.low) };
    if (stays.high >= 10) return [];
    const price = estimate(unitAmount, 10);
    const money = (amount: Minor): string => moneyText(amount, currency);
    return [
      {
        kind: "annual_plan",
        product,
        currency,
        from: unitAmount,
        to: price,
        basis: { price: one.price, unitAmount, recurring: "month:1", elasticity: null, purchases: subscribers },
        told: {
          title: `Offer ${productName(product)} by the year at ${money(price)}, ten months' price`,
          why: [
            `${left} of ${subscribers} monthly subscribers left in ${months} months of subscription: within a year one stays about ${stays.low.toFixed(1)} to ${stays.high.toFixed(1)} months.`,
            `Ten months paid at once are more than that, and the customer saves two.`,
          ],
          effect: {
            text: `per customer who changes: ${money(estimate(unitAmount, 10 - stays.high))} to ${money(estimate(unitAmount, 10 - stays.low))} more in the first year if they are like the others; for those who would have stayed all year ${money(estimate(unitAmount, 2))} less. How many change is not known`,
            low: null,
            median: null,
            high: null,
            monthly: null,
          },
          evidence: [
            { what: "monthly subscribers", value: String(subscribers) },
            { what: "left", value: String(left) },
            { what: "months seen", value: String(months) },
            { what: "went to a cheaper price", value: String(one.downgraded) },
          ],
          disproof: "Those who take the yearly plan are mostly those who stayed for a year before.",
          risk: "Loyal subscribers pay less; a refund after some months is dearer.",
          undo: "One click: the yearly price is switched off for new customers; who has bought it keeps it.",
          byHand: null,
        },
      },
    ];
  });
}
