import { hash } from "node:crypto";

/**
 * Counts how often a text stood so far. Two payments of the same amount on the same day are two lines alike, and both
 * count; the same line read again is the same payment. Bounded: exact for lines alike within the last `remembered`
 * different ones, which is all that matters, since lines alike have the same time.
 */
export interface Occurrences {
  next(text: string): number;
}

/** 48 bits: among a million lines the odds of two alike by chance are 1 in 500, and then one of them gets number 2, unharmed. */
function fingerprint(text: string): number {
  return Number.parseInt(hash("sha256", text, "hex").slice(0, 12), 16);
}

export function occurrences(remembered = 100_000): Occurrences {
  let young = new Map<number, number>();
  let old = new Map<number, number>();
  return {
    next: (text) => {
      const key = fingerprint(text);
      const count = (young.get(key) ?? old.get(key) ?? 0) + 1;
      young.set(key, count);
      if (young.size > remembered) {
        old = young;
        young = new Map();
      }
      return count;
    },
  };
}
