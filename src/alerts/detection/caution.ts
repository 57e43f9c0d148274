// How near this store's own ordinary days come to an alarm. A store whose noise has heavier tails than the model's is met by more caution.

const DAYS = 28;
/** Windows up to ten minutes, up to an hour, longer. */
const CLASSES = 3;
/** A finding must be so much further out, in logarithms of probability, than the second nearest miss of the last four weeks. */
const MARGIN = 1.5;
/** One bad night shall not blind for a month. */
const MOST = 2.2;

export interface Caution {
  /** Nearest miss of each day and class: log p / log alpha, at 1 an alarm. A ring of days. */
  readonly misses: Float64Array;
  readonly today: Float64Array;
  /** What is asked of a finding today, at least 1. */
  readonly asked: Float64Array;
  day: number;
}

export const createCaution = (): Caution => ({
  misses: new Float64Array(DAYS * CLASSES), today: new Float64Array(CLASSES), asked: new Float64Array(CLASSES).fill(1), day: 0,
});

const classOf = (window: number): number => (window <= 10 ? 0 : window <= 60 ? 1 : 2);

/** Is it an alarm for this store? What is not is remembered as a miss. */
export function farEnough(caution: Caution, window: number, probability: number, alpha: number): boolean {
  const kind = classOf(window);
  const far = Math.log(Math.max(1e-300, probability)) / Math.log(alpha);
  if (far >= (caution.asked[kind] ?? 1)) return true;
  caution.today[kind] = Math.max(caution.today[kind] ?? 0, far);
  return false;
}

/** At the end of a local day. The second largest: one odd day, or an incident that went unnoticed, is no habit. */
export function closeDay(caution: Caution): void {
  const day = caution.day++ % DAYS;
  for (let kind = 0; kind < CLASSES; kind++) {
    caution.misses[kind * DAYS + day] = caution.today[kind] ?? 0;
    caution.today[kind] = 0;
    let largest = 0;
    let second = 0;
    for (const miss of caution.misses.subarray(kind * DAYS, (kind + 1) * DAYS)) {
      if (miss > largest) [largest, second] = [miss, largest];
      else if (miss > second) second = miss;
    }
    caution.asked[kind] = Math.max(1, Math.min(MOST, MARGIN * second));
  }
}
