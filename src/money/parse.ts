import { type Currency, exponent, maxDigits, step, writtenDecimals } from "./currency.ts";
import { type Minor, minor } from "./minor.ts";

export type AmountRefusal = "not_a_number" | "negative" | "zero" | "too_many_decimals" | "not_chargeable_step" | "too_large";

export type ParsedAmount =
  | { readonly kind: "amount"; readonly minor: Minor }
  /** `message` says what was wrong and what would be right; fit for an answer to a person. */
  | { readonly kind: "refused"; readonly reason: AmountRefusal; readonly message: string };

export interface ParseOptions {
  /** The least that is accepted: more than nothing (the default), nothing, or anything. */
  readonly from?: "positive" | "zero" | "negative";
}

/** An optional minus, digits, and at most one point with digits after it. No exponent, comma, blank, sign or bare point. */
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** A longer text is not looked at. */
const MAX_TEXT = 400;

/** How much of a wrong value an error message quotes. */
const MAX_QUOTED = 40;

function refused(reason: AmountRefusal, message: string): ParsedAmount {
  return { kind: "refused", reason, message };
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? `"${value}"` : typeof value === "object" && value !== null ? "an object" : String(value);
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

function sample(code: Currency): string {
  return writtenDecimals(code) === 0 ? "50" : "0.50";
}

/**
 * Reads an amount in major units, as people and the API write it, into minor units. A JSON number is taken by its
 * shortest decimal text, so 0.1 is a tenth; the digits are never multiplied as a float.
 *
 * Written zeros count as decimals: "1.500" in dollars is refused, because half the world means fifteen hundred by it.
 */
export function parseMajor(value: unknown, code: Currency, options: ParseOptions = {}): ParsedAmount {
  const text = typeof value === "number" ? String(value) : value;
  const name = code.toUpperCase();
  const match = typeof text === "string" && text.length <= MAX_TEXT ? DECIMAL.exec(text) : null;
  if (match === null) {
    return refused("not_a_number", `the amount ${shown(value)} is not a plain decimal number; right would be ${sample(code)} or "${sample(code)}" (${name})`);
  }
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = exponent(code);
  // ISK "5.00" and KWD "5.120" are how Stripe's own interface writes them.
  if (fraction.length > digits) {
    const most = writtenDecimals(code);
    return refused("too_many_decimals", `the amount ${shown(value)} has ${fraction.length} decimals; ${name} has ${most === 0 ? "none" : `at most ${most}`}`);
  }
  const units = `${whole}${fraction.padEnd(digits, "0")}`.replace(/^0+(?=\d)/, "");
  if (units.length > maxDigits(code)) {
    return refused("too_large", `the amount ${shown(value)} is too large; Stripe takes at most ${maxDigits(code)} digits in the smallest unit of ${name}`);
  }
  const amount = minor(Number(units) * (sign === "-" ? -1 : 1));
  if (amount % step(code) !== 0) {
    return refused("not_chargeable_step", `the amount ${shown(value)} has a part that Stripe does not take in ${name}; it has ${writtenDecimals(code) === 0 ? "no decimals" : `at most ${writtenDecimals(code)} decimals`}`);
  }
  const from = options.from ?? "positive";
  // A written minus before zero is refused with the negatives: whoever wrote it meant something else than nothing.
  if (from !== "negative" && sign === "-") return refused("negative", `the amount ${shown(value)} is negative; it must be ${from === "zero" ? "0 or more" : "more than 0"}`);
  if (from === "positive" && amount === 0) return refused("zero", `the amount ${shown(value)} is nothing; it must be more than 0`);
  return { kind: "amount", minor: amount };
}
