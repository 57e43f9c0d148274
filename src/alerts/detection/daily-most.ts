// How far this store went on its own ordinary days: the most of each day, and what the second largest of four weeks asks of today. One odd day, or one incident,
// is no habit.

const DAYS = 28;

export interface DailyMost {
  /** For each kind a ring of days. */
  readonly days: Float64Array;
  readonly today: Float64Array;
  /** What is asked of a finding today. */
  readonly asked: Float64Array;
  day: number;
}

export const createDailyMost = (kinds: number, least: number): DailyMost => ({ days: new Float64Array(kinds * DAYS), today: new Float64Array(kinds), asked: new Float64Array(kinds).fill(least), day: 0 });

export function noteMost(most: DailyMost, kind: number, value: number): void {
  if (value > (most.today[kind] ?? 0)) most.today[kind] = value;
}

/** At the end of a local day; `margin` times the second largest is asked, between `least` and `greatest`. */
export function closeMost(most: DailyMost, margin: number, least: number, greatest: number): void {
  const day = most.day++ % DAYS;
  for (let kind = 0; kind < most.today.length; kind++) {
    most.days[kind * DAYS + day] = most.today[kind] ?? 0;
    most.asked[kind] = Math.max(least, Math.min(greatest, margin * secondLargest(most.days, kind * DAYS)));
  }
  most.today.fill(0);
}

/** Of a ring of four weeks that begins at `from`. */
export function secondLargest(values: Float64Array | Float32Array, from: number): number {
  let largest = 0;
  let second = 0;
  for (let at = from; at < from + DAYS; at++) {
    const value = values[at] ?? 0;
    if (value > largest) [largest, second] = [value, largest];
    else if (value > second) second = value;
  }
  return second;
}
