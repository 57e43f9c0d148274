/** A currency as Stripe writes it: three lower-case letters. */
export type Currency = string & { readonly __currency: true };

/** Charged in whole units; the minor unit is the unit. https://docs.stripe.com/currencies#zero-decimal */
const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));

/** Three decimals on the wire, the last of which must be 0. */
const THREE_DECIMAL = new Set("bhd jod kwd omr tnd".split(" "));

/** Two decimals on the wire that must be 00: these currencies lost their minor unit, Stripe's interface kept it. */
const WHOLE_IN_HUNDREDTHS = new Set(["isk", "ugx"]);

/** The currency, whatever its case; null for what is no currency code. */
export function asCurrency(value: unknown): Currency | null {
  if (typeof value !== "string" || !/^[A-Za-z]{3}$/.test(value)) return null;
  return value.toLowerCase() as Currency;
}

/** @throws RangeError for what is no currency code; for constants and values that were checked before. */
export function currency(code: string): Currency {
  const known = asCurrency(code);
  if (known === null) throw new RangeError(`not a currency: "${code}"; three letters such as "usd" are`);
  return known;
}

/** Digits after the point between Stripe's minor unit and the major unit. Stripe's, not Intl's, which differs (ISK, UGX, MGA). */
export function exponent(code: Currency): 0 | 2 | 3 {
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/** Minor units between two amounts that Stripe accepts: 100 for ISK, 10 for KWD, else 1. */
export function step(code: Currency): 1 | 10 | 100 {
  if (WHOLE_IN_HUNDREDTHS.has(code)) return 100;
  return THREE_DECIMAL.has(code) ? 10 : 1;
}

/** Digits after the point that people write and Stripe accepts: 2 for USD and KWD, 0 for JPY and ISK. */
export function writtenDecimals(code: Currency): 0 | 2 {
  return ZERO_DECIMAL.has(code) || WHOLE_IN_HUNDREDTHS.has(code) ? 0 : 2;
}

/** Digits of the largest charge in minor units. */
export function maxDigits(code: Currency): 8 | 12 {
  return code === "idr" ? 12 : 8;
}
