import { asCurrency, type Currency, type Minor, parseMajor, writtenDecimals } from "../../money/index.ts";

export type AmountRead = { readonly kind: "amount"; readonly minor: Minor; readonly currency: Currency } | { readonly kind: "refused"; readonly reason: string };

/** What adding floats leaves behind (19.990000000000002) is no part of the amount; a real third decimal is. */
function tidy(value: unknown, currency: Currency): unknown {
  if (typeof value === "string") return value.trim().replace(/^(\d{1,3}(?:,\d{3})+)(\.\d+)?$/, (all) => all.replaceAll(",", ""));
  if (typeof value !== "number" || !Number.isFinite(value)) return value;
  const written = value.toFixed(writtenDecimals(currency));
  return Math.abs(Number(written) - value) <= 1e-9 * Math.max(1, Math.abs(value)) ? written : value;
}

/** An amount in major units as logs and exports write it. */
export function readAmount(value: unknown, code: unknown): AmountRead {
  const currency = asCurrency(typeof code === "string" ? code.trim().toLowerCase() : code);
  if (currency === null) return { kind: "refused", reason: `\`currency\` is not a three-letter code` };
  const parsed = parseMajor(tidy(value, currency), currency);
  return parsed.kind === "amount" ? { kind: "amount", minor: parsed.minor, currency } : { kind: "refused", reason: parsed.message };
}
