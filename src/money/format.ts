import { type Currency, exponent, step } from "./currency.ts";
import type { Minor } from "./minor.ts";

/** The exact decimal in major units, with all of Stripe's decimals: 50 in USD is "0.50", in JPY "50", in KWD "0.050". */
export function majorText(amount: Minor, code: Currency): string {
  const digits = exponent(code);
  const sign = amount < 0 ? "-" : "";
  const units = String(Math.abs(amount)).padStart(digits + 1, "0");
  return digits === 0 ? `${sign}${units}` : `${sign}${units.slice(0, -digits)}.${units.slice(-digits)}`;
}

/**
 * The JSON number in major units for answers of the API: 50 in USD is 0.5. It is the double nearest to the exact
 * decimal, so it prints as that decimal up to 15 digits. For output only: `parseMajor` is the way back.
 */
export function majorNumber(amount: Minor, code: Currency): number {
  return Number(majorText(amount, code));
}

function formatter(locale: string, code: Currency, digits: number): Intl.NumberFormat {
  const options = { style: "currency", currency: code, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  try {
    return new Intl.NumberFormat(locale, options);
  } catch {
    return new Intl.NumberFormat("en-US", options);
  }
}

/**
 * For people: "$0.50", "¥50", "ISK 500". Decimals are Stripe's; those that are always zero (ISK, the third of KWD) are
 * left away unless the amount uses them.
 *
 * @param locale BCP 47, e.g. "en-US"; an unusable one falls back to "en-US".
 */
export function moneyText(amount: Minor, code: Currency, locale = "en-US"): string {
  const digits = exponent(code);
  const spare = amount % step(code) === 0 ? Math.log10(step(code)) : 0;
  const exact = majorText(amount, code) as `${number}`;
  return formatter(locale, code, digits - spare).format(exact);
}
