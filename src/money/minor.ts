/**
 * An amount in minor units: a safe integer. It is a number to read, but the result of arithmetic on it is a plain
 * `number` again, which no function that takes money accepts: only the functions here make one, so no float becomes an
 * amount.
 */
export type Minor = number & { readonly __minor: true };

export const ZERO = 0 as Minor;

/** @throws RangeError for what is no safe integer. */
export function minor(value: number): Minor {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an amount in minor units: ${value}; a safe integer is`);
  // Minus zero would print as "-0.00".
  return (value === 0 ? 0 : value) as Minor;
}

/** The value when it is a safe integer within the bounds, else null; for values from outside. */
export function asMinor(value: unknown, bounds: { min: number; max: number }): Minor | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= bounds.min && value <= bounds.max ? minor(value) : null;
}

/** Sums amounts of one currency. @throws RangeError past the safe integers. */
export function sum(amounts: Iterable<Minor>): Minor {
  let total = 0;
  for (const amount of amounts) total = minor(total + amount);
  return minor(total);
}

export function subtract(from: Minor, amount: Minor): Minor {
  return minor(from - amount);
}

/**
 * An estimate in whole minor units: the amount times a factor, to the nearest. For figures that people read; money that
 * moves is never reckoned so.
 */
export function estimate(amount: Minor, factor: number): Minor {
  const nearest = Math.round(amount * factor);
  return minor(nearest);
}

/**
 * Shares an amount out by weights (whole numbers, at least 0): the parts add up to it, and what rounding leaves goes to
 * the last. No weights, no parts; all of them 0: the last has it all.
 */
export function shareOut(total: Minor, weights: readonly number[]): Minor[] {
  const whole = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  let left = total;
  return weights.map((weight, index) => {
    // Not by floats: an amount times a weight may pass the safe integers.
    const floor = whole === 0n ? 0n : (BigInt(total) * BigInt(weight)) / whole;
    const part = index === weights.length - 1 ? left : minor(Number(floor));
    left = subtract(left, part);
    return part;
  });
}

export function least(first: Minor, second: Minor): Minor {
  return first < second ? first : second;
}

export function greatest(first: Minor, second: Minor): Minor {
  return first > second ? first : second;
}
