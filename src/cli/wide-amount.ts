import { asCurrency, exponent } from "../money/index.ts";

/** Major units of a sum in minor units that may be wider than a number; as it is where the currency is not known. */
export function majorWide(sum: bigint, currency: string): string {
  const known = asCurrency(currency);
  const digits = known === null ? 0 : exponent(known);
  const units = String(sum < 0n ? -sum : sum).padStart(digits + 1, "0");
  const sign = sum < 0n ? "-" : "";
  return digits === 0 ? `${sign}${units}` : `${sign}${units.slice(0, -digits)}.${units.slice(-digits)}`;
}
