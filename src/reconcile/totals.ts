/** A sum of one currency on both sides, in minor units; wider than a number, since a month of a large shop may be. */
export interface Total {
  /** Captured, refunded, or a category of the balance. */
  readonly what: string;
  readonly currency: string;
  readonly count: number;
  readonly atStripe: bigint;
  readonly here: bigint;
}

/** Sums by currency and what they are of. Amounts of two currencies are never added. */
export class Totals {
  readonly #sums = new Map<string, { what: string; currency: string; count: number; atStripe: bigint; here: bigint }>();

  add(what: string, currency: string, atStripe: number, here: number, count = 1): void {
    const key = `${what} ${currency}`;
    const sum = this.#sums.get(key) ?? { what, currency, count: 0, atStripe: 0n, here: 0n };
    sum.count += count;
    sum.atStripe += BigInt(atStripe);
    sum.here += BigInt(here);
    this.#sums.set(key, sum);
  }

  all(): Total[] {
    return [...this.#sums.values()].toSorted((one, other) => (one.currency === other.currency ? (one.what < other.what ? -1 : 1) : one.currency < other.currency ? -1 : 1));
  }
}
