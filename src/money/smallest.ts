import type { Currency } from "./currency.ts";
import { type Minor, minor } from "./minor.ts";

/** Smallest charge in major units by settlement currency. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const SMALLEST: Readonly<Record<string, string>> = {
  usd: "0.50",
  eur: "0.50",
  aud: "0.50",
  cad: "0.50",
  chf: "0.50",
  nzd: "0.50",
  sgd: "0.50",
  brl: "0.50",
  inr: "0.50",
  gbp: "0.30",
  jpy: "50",
  mxn: "10.00",
  hkd: "4.00",
  myr: "2.00",
  thb: "10.00",
  aed: "2.00",
  bgn: "1.00",
  ron: "2.00",
  pln: "2.00",
  czk: "15.00",
  dkk: "2.50",
  sek: "3.00",
  nok: "3.00",
  huf: "175.00",
};

/** Stripe's smallest charge when settling in this currency; null where Stripe publishes none. There is none for refunds. */
export function smallestCharge(code: Currency): Minor | null {
  const text = Object.hasOwn(SMALLEST, code) ? SMALLEST[code] : undefined;
  return text === undefined ? null : minor(Number(text.replace(".", "")));
}
