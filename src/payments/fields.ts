import { asCurrency, asMinor, type Currency, type Minor, ZERO } from "../money/index.ts";

/** A field that must be right is not: the whole event is set aside, so that nothing half-read enters the books. */
export class Unreadable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unreadable";
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** Stripe's largest amount has 12 digits (IDR). */
const MAX_AMOUNT = 999_999_999_999;

export function record(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The records of a Stripe list (`{ object: "list", data: [...] }`) or of a plain array; at most `max`. */
export function list(value: unknown, max: number): Fields[] {
  const items: unknown = Array.isArray(value) ? value : record(value)?.["data"];
  if (!Array.isArray(items)) return [];
  return items.slice(0, max).flatMap((item: unknown) => {
    const fields = record(item);
    return fields === null ? [] : [fields];
  });
}

function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const ID = /^[!-~]{1,255}$/;

/** An id, given as such or as the expanded object; null when there is none. */
export function idOf(value: unknown): string | null {
  const id = record(value)?.["id"] ?? value;
  return typeof id === "string" && ID.test(id) ? id : null;
}

/**
 * What an import made from a line without a Stripe event (docs/import.md): its id begins so, and no id of Stripe's does.
 */
export function isStandIn(id: string): boolean {
  return id.startsWith("imp_");
}

export function requiredId(object: Fields, what: string): string {
  const id = idOf(object["id"]);
  if (id === null) throw new Unreadable(`the ${what} has no usable \`id\` (got ${shown(object["id"])}; a string of 1 to 255 characters without blanks is right)`);
  return id;
}

export function requiredCurrency(object: Fields, what: string): Currency {
  const currency = asCurrency(object["currency"]);
  if (currency === null) throw new Unreadable(`the ${what} has no usable \`currency\` (got ${shown(object["currency"])}; three letters are right)`);
  return currency;
}

export function requiredAmount(object: Fields, key: string, what: string): Minor {
  const amount = asMinor(object[key], { min: 0, max: MAX_AMOUNT });
  if (amount === null) throw new Unreadable(`the ${what} has no usable \`${key}\` (got ${shown(object[key])}; a whole number of minor units from 0 to ${MAX_AMOUNT} is right)`);
  return amount;
}

/** An amount that older shapes leave out; present but wrong is still an error. */
export function optionalAmount(object: Fields, key: string, what: string): Minor | null {
  return object[key] === undefined || object[key] === null ? null : requiredAmount(object, key, what);
}

export function amountOrZero(object: Fields, key: string, what: string): Minor {
  return optionalAmount(object, key, what) ?? ZERO;
}

/** Free text that adorns; anything else than text is nothing. Control characters would not fit every database. */
export function text(value: unknown, max: number): string | null {
  if (typeof value !== "string") return null;
  const clean = value
    .slice(0, max)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  return clean === "" ? null : clean;
}

/** A word of Stripe's own vocabulary, such as a status, a brand or a decline code. */
export function word(value: unknown): string | null {
  return typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/.test(value) ? value : null;
}

export function email(value: unknown): string | null {
  return text(value, 320)?.toLowerCase() ?? null;
}

export function country(value: unknown): string | null {
  return typeof value === "string" && /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : null;
}

/** Stripe's seconds as ms UTC; null for what is no such time. */
export function timeMs(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 1e11 ? value * 1000 : null;
}

/** Whole numbers only, and none so large that a calendar cannot say the day. */
export const MAX_TIME_MS = 8.64e15;
