/** Amounts: integers in minor units with their currency, parsed from and written to decimals exactly. */
export { asCurrency, type Currency, currency, exponent, maxDigits, step, writtenDecimals } from "./currency.ts";
export { majorNumber, majorText, moneyText } from "./format.ts";
export { asMinor, estimate, greatest, least, type Minor, minor, shareOut, subtract, sum, ZERO } from "./minor.ts";
export { type AmountRefusal, type ParsedAmount, type ParseOptions, parseMajor } from "./parse.ts";
export { smallestCharge } from "./smallest.ts";
