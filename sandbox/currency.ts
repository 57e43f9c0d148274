/**
 * Stripe's currencies as the API counts them. Every amount in this package is an integer in the unit the API
 * uses for that currency; conversion is integer arithmetic on rates held as parts per million.
 */
const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE_DECIMAL = new Set("bhd jod kwd omr tnd".split(" "));
/** Sent with two decimals that must be 00, because the API once counted them so. */
const WHOLE_ONLY = new Set(["isk", "ugx"]);
const TWO_DECIMAL = new Set(
  ("aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk " +
    "dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd " +
    "lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar " +
    "sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw").split(" "),
);

export function isCurrency(currency: string): boolean {
  return TWO_DECIMAL.has(currency) || ZERO_DECIMAL.has(currency) || THREE_DECIMAL.has(currency) || WHOLE_ONLY.has(currency);
}

/** Decimal places of the API's unit: 2 for usd (and isk), 0 for jpy, 3 for kwd. */
function exponentOf(currency: string): 0 | 2 | 3 {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

/** What an amount must be a multiple of: kwd ends in 0, isk and ugx in 00. */
export function amountStep(currency: string): 1 | 10 | 100 {
  if (THREE_DECIMAL.has(currency)) return 10;
  return WHOLE_ONLY.has(currency) ? 100 : 1;
}

const MINIMUM: Readonly<Record<string, number>> = {
  usd: 50, eur: 50, aud: 50, cad: 50, chf: 50, nzd: 50, sgd: 50, brl: 50, inr: 50, gbp: 30, jpy: 50, mxn: 1000, hkd: 400,
  myr: 200, thb: 1000, aed: 200, bgn: 100, ron: 200, pln: 200, czk: 1500, dkk: 250, sek: 300, nok: 300, huf: 17500,
};

/** The smallest amount that can be charged. Without a published minimum: the worth of 50 US cents. */
export function minimumCharge(currency: string): number {
  const published = MINIMUM[currency];
  if (published !== undefined) return published;
  const parts = centsPerUnit(currency);
  return Math.ceil((50 * 1_000_000) / parts);
}

/** The largest amount: eight digits, twelve for idr. */
export function maximumCharge(currency: string): number {
  return currency === "idr" ? 999_999_999_999 : 99_999_999;
}

/** US cents per API unit, in millionths. Fixed figures: a stand-in needs a rate, not the day's rate. */
const CENTS_PER_UNIT: Readonly<Record<string, number>> = {
  usd: 1_000_000, eur: 1_160_000, gbp: 1_320_000, jpy: 650_000, kwd: 325_000, cad: 710_000, aud: 650_000, chf: 1_240_000,
  brl: 185_000, inr: 11_300, mxn: 54_000, sek: 105_000, nok: 99_000, dkk: 155_000, pln: 272_000, krw: 68_000, bhd: 265_000,
};

function centsPerUnit(currency: string): number {
  return CENTS_PER_UNIT[currency] ?? (exponentOf(currency) === 0 ? 100_000 : 500_000);
}

/** Currencies the stand-in's account keeps a balance in; anything else settles in usd. */
const SETTLED = new Set(["usd", "eur", "gbp"]);

export interface Settlement {
  amount: number;
  currency: string;
  /** Settlement amount = charged amount × rate, or null when nothing is converted. A rate, not money. */
  exchangeRate: number | null;
}

export function settle(amount: number, currency: string): Settlement {
  if (SETTLED.has(currency)) return { amount, currency, exchangeRate: null };
  const parts = centsPerUnit(currency);
  return { amount: Math.round((amount * parts) / 1_000_000), currency: "usd", exchangeRate: parts / 1_000_000 };
}

/** Stripe's usual fee, 2.9 % + 30 in settlement units, rounded half up, never above the amount. */
export function feeOf(settled: number): number {
  return Math.min(settled, Math.floor((settled * 29 + 500) / 1000) + 30);
}

const SYMBOL: Readonly<Record<string, string>> = { usd: "$", eur: "€", gbp: "£", jpy: "¥" };

/** For messages and pages: `$1.50`, `¥150`, `1.500 KWD`. Built from digits, no floating point. */
export function formatAmount(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(amount)).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ",");
  const number = exponent === 0 ? whole : `${whole}.${digits.slice(-exponent)}`;
  const sign = amount < 0 ? "-" : "";
  const symbol = SYMBOL[currency];
  return symbol === undefined ? `${sign}${number} ${currency.toUpperCase()}` : `${sign}${symbol}${number}`;
}
