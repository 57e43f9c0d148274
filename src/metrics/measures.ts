/** What is counted. Counts stand in every slice; money only in the slice of its currency. */
export const MEASURES = [
  "attempts",
  "succeeded",
  "failed",
  "failed_customer",
  "failed_risk",
  "failed_technical",
  /** Payments that were attempted, retries of one intent taken together, at the time of the first attempt… */
  "payments",
  /** … and those of them that succeeded in the end. */
  "payments_succeeded",
  /** Captured money (gross), minor units, at the time of the capture; and how many captures. */
  "gross",
  "captures",
  "refunded",
  "refunds",
  /** Withdrawn by disputes, less what was reinstated. */
  "disputed",
  "disputes",
] as const;

/**
 * Of them, money. Stored as 64-bit integers and exact there; read as a number it is at most ±(2⁵³ − 1) minor units, and
 * what is wider is told as that bound: of the widest currencies (IDR, at most 10¹² minor units a charge) that is ninety
 * trillion rupiah in one bucket or window. A bound is never more than the truth, and no reading fails because of it.
 */
export const MONEY_MEASURES = ["gross", "refunded", "disputed"] as const satisfies readonly Measure[];

export type Measure = (typeof MEASURES)[number];
export type Measures = Readonly<Record<Measure, number>>;

/** The same in the order of MEASURES, while folding. */
export type Vector = number[];

const PLACE = Object.fromEntries(MEASURES.map((name, index) => [name, index])) as Record<Measure, number>;

export function addTo(vector: Vector, measure: Measure, value: number): void {
  const place = PLACE[measure];
  vector[place] = (vector[place] ?? 0) + value;
}

export function zeroVector(): Vector {
  return MEASURES.map(() => 0);
}

export function toMeasures(values: Partial<Record<Measure, number | null>>): Measures {
  return Object.fromEntries(MEASURES.map((name) => [name, values[name] ?? 0])) as Record<Measure, number>;
}

const WIDEST = Number.MAX_SAFE_INTEGER;

/** Nothing is added past what a number holds exactly; see `MONEY_MEASURES`. */
export function addMeasures(first: Measures, second: Measures): Measures {
  return Object.fromEntries(MEASURES.map((name) => [name, Math.max(-WIDEST, Math.min(WIDEST, first[name] + second[name]))])) as Record<Measure, number>;
}
