import type { Currency, Minor } from "../money/index.ts";

/** Monthly subscribers of one product in one currency. */
export interface Retention {
  readonly product: string;
  readonly currency: Currency;
  /** The price most of them pay, minor units. */
  readonly unitAmount: Minor;
  readonly price: string;
  readonly subscribers: number;
  /** Months that were begun within the window, and those in which they left. */
  readonly months: number;
  readonly left: number;
  /** Of them: pay less per month than at first. */
  readonly downgraded: number;
  /** There is a yearly price already. */
  readonly yearly: boolean;
}

/** Months that a subscriber stays within the first twelve, when `leave` of them leave each month: Σ (1−leave)^k, k = 0…11. */
export function expectedMonths(leave: number): number {
  return leave <= 0 ? 12 : (1 - (1 - leave) ** 12) / leave;
}
