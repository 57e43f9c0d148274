/**
 * What every object of the API has. Fields the stand-in itself reads or changes are declared by the object's
 * own interface; the rest ride along and are only ever shown.
 */
export interface Thing {
  id: string;
  object: string;
  [field: string]: unknown;
}

export type Metadata = Readonly<Record<string, string>>;

export interface ListShape<T> {
  object: "list";
  data: readonly T[];
  has_more: boolean;
  url: string;
  total_count?: number;
}

/** Who the objects belong to and where its pages are. */
export interface Merchant {
  account: string;
  livemode: boolean;
  /** Base of hosted invoices and receipts, without a slash at the end. */
  pagesUrl: string;
  name: string;
  country: string;
}

/** API times are whole seconds. */
export function seconds(atMs: number): number {
  return Math.floor(atMs / 1000);
}

export const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
