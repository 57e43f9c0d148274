/**
 * Seeded randomness: the same seed gives the same ids, amounts and faults in the same order, so that a test
 * that failed once fails again. Never used for secrets.
 */
export interface Random {
  /** A fraction in [0, 1). */
  fraction(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** An integer in [low, high], both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** `length` characters of [0-9A-Za-z]. */
  alphanumeric(length: number): string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The generator is sfc32 (PractRand-clean, 128 bits of state, four additions a number). */
export function seededRandom(seed: number | string): Random {
  let [a, b, c] = seedWords(String(seed));
  let counter = 1;
  const word = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 15; warmUp++) word();
  const fraction = (): number => word() / 0x1_0000_0000;
  const below = (bound: number): number => Math.floor(fraction() * bound);
  return {
    fraction,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => fraction() < probability,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    alphanumeric: (length) => {
      let text = "";
      while (text.length < length) {
        let rest = word();
        for (let i = 0; i < 5 && text.length < length; i++) {
          text += ALPHABET[rest % 62];
          rest = (rest / 62) | 0;
        }
      }
      return text;
    },
  };
}

/** Three 32-bit words from a text (FNV-1a with three offsets). */
function seedWords(text: string): [number, number, number] {
  const word = (offset: number): number => {
    let hash = offset;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash | 0;
  };
  return [word(0x811c9dc5), word(0x9e3779b9), word(0x85ebca6b)];
}

/** An id of Stripe's look: `ch_3` and 23 more characters. */
export function newId(random: Random, prefix: string): string {
  return `${prefix}_${random.alphanumeric(24)}`;
}

/** One of several choices, each with its weight. Weights need not add up to anything. */
export function pickWeighted<T>(random: Random, choices: readonly (readonly [T, number])[]): T {
  let total = 0;
  for (const [, weight] of choices) total += weight;
  let rest = random.fraction() * total;
  for (const [choice, weight] of choices) {
    rest -= weight;
    if (rest < 0) return choice;
  }
  const first = choices[0];
  if (first === undefined) throw new Error("pickWeighted needs at least one choice");
  return first[0];
}
