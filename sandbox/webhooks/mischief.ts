/** What goes wrong with deliveries, on purpose. All off by default. */
export interface Mischief {
  /** Every nth delivery is lost: never sent, and never successful. */
  dropEvery: number;
  /** Every delivery that succeeded is sent this many times more. */
  duplicates: number;
  /** Each delivery waits a random time up to this, so that the order is lost. */
  disorderMs: number;
  /** Every nth delivery carries a wrong signature, then comes again with the right one. */
  forgeEvery: number;
  /** Added to the time in the signature. */
  clockOffsetMs: number;
  /** Nothing reaches any endpoint. */
  dead: boolean;
}

export const noMischief: Mischief = { dropEvery: 0, duplicates: 0, disorderMs: 0, forgeEvery: 0, clockOffsetMs: 0, dead: false };
