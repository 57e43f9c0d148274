import { text } from "../text/range.ts";

/** Time ranges of lists, as they stand in the address. */
const MS: Readonly<Record<string, number>> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 };

export const RANGES = (Object.entries(text) as [keyof typeof text, string][]).map(([name, words]) => [name === "any" ? "" : name, words] as const);

/** The beginning of a named range as seconds since 1970, to the minute so that asking again asks the same; undefined for any time. */
export function sinceOf(range: string | undefined): string | undefined {
  const ms = range === undefined ? undefined : MS[range];
  return ms === undefined ? undefined : String(Math.floor((Date.now() - ms) / 60_000) * 60);
}
