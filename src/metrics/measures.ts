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

export function addMeasures(first: Measures, second: Measures): Measures {
  return Object.fromEntries(MEASURES.map((name) => [name, first[name] + second[name]])) as Record<Measure, number>;
}
