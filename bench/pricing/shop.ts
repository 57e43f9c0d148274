/** A made-up shop, week by week, of which the truth is known. Prices in minor units. */
export interface Shop {
  readonly name: string;
  readonly products: number;
  priceOf(product: number): number;
  /** From the next week on. */
  setPrice(product: number, unitAmount: number): void;
  /** Lives through a week: by product, what was bought at which price. */
  week(): readonly (readonly Cell[])[];
  /**
   * What a move of the price from now on does to what is expected to be taken in the next 26 weeks, as a relative change:
   * of this product, and of the whole shop.
   */
  truth(product: number, to: number): { readonly own: number; readonly shop: number };
}

export interface Cell {
  readonly unitAmount: number;
  readonly purchases: number;
}

/** Purchases a week of an ordinary product, and how many products. */
export const SIZES = [1, 5, 20, 60, 200, 1000] as const;
export const PRODUCTS = [1, 2, 4, 8, 15] as const;

/** `neutral`: the price makes no difference to what is taken. */
export type Kind = "neutral" | "answering";
