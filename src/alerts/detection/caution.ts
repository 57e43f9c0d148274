// How near this store's own ordinary days come to an alarm. A store whose noise has heavier tails than the model's is met by more caution:
// all day long by some, and by as much as it takes at the times of day at which it is unlike itself again and again (a batch that is never
// on time, a shop that opens when somebody comes).

import { secondLargest } from "./daily-most.ts";

const DAYS = 28;
const PLACES = 96;
/** Windows up to ten minutes, up to an hour, longer; by time of day the first two are one. */
const CLASSES = 3;
const PLACE_CLASSES = 2;
/** A finding must be so much further out, in logarithms of probability, than the second nearest miss of the last four weeks. */
const MARGIN = 1.5;
/** One bad night shall not blind for a month. */
const MOST = 2.2;
/** The same for one quarter of the day: against its own past, alarms included. */
const PLACE_MARGIN = 1.3;
const PLACE_MOST = 15;

export interface Caution {
  /** Nearest miss of each class and day: log p / log alpha, at 1 an alarm. Rings of days. */
  readonly misses: Float64Array;
  /** The same by class, quarter of the day and day, the neighbouring quarters and what did raise an alarm included. */
  readonly placeMisses: Float32Array;
  readonly today: Float64Array;
  readonly placeToday: Float32Array;
  /** What is asked of a finding today, at least 1; by class, and by class and quarter of the day. */
  readonly asked: Float64Array;
  readonly placeAsked: Float32Array;
  day: number;
}

export const createCaution = (): Caution => ({
  misses: new Float64Array(CLASSES * DAYS), placeMisses: new Float32Array(PLACE_CLASSES * PLACES * DAYS), today: new Float64Array(CLASSES), placeToday: new Float32Array(PLACE_CLASSES * PLACES),
  asked: new Float64Array(CLASSES).fill(1), placeAsked: new Float32Array(PLACE_CLASSES * PLACES).fill(1), day: 0,
});

const classOf = (window: number): number => (window <= 10 ? 0 : window <= 60 ? 1 : 2);

/** Quarter of the local day, by this clock and by the one before the last change: what keeps to UTC moves with it. */
export interface Place {
  readonly here: number;
  readonly other: number;
}

/** Is it an alarm for this store at this time of day? `learn` is false while an alarm is open: how far an outage goes is no measure. */
export function farEnough(caution: Caution, place: Place, window: number, probability: number, alpha: number, learn: boolean): boolean {
  const kind = classOf(window);
  const far = Math.log(Math.max(1e-300, probability)) / Math.log(alpha);
  const placeKind = kind >> 1;
  const at = placeKind * PLACES + place.here;
  if (learn) caution.placeToday[at] = Math.max(caution.placeToday[at] ?? 0, far);
  if (far >= (caution.asked[kind] ?? 1) && far >= Math.max(caution.placeAsked[at] ?? 1, caution.placeAsked[placeKind * PLACES + place.other] ?? 1)) return true;
  caution.today[kind] = Math.max(caution.today[kind] ?? 0, Math.min(far, caution.asked[kind] ?? 1));
  return false;
}

/** At the end of a local day. The second largest: one odd day, or an incident that went unnoticed, is no habit. */
export function closeDay(caution: Caution): void {
  const day = caution.day++ % DAYS;
  const { today, placeToday } = caution;
  for (let kind = 0; kind < CLASSES; kind++) {
    caution.misses[kind * DAYS + day] = today[kind] ?? 0;
    caution.asked[kind] = Math.max(1, Math.min(MOST, MARGIN * secondLargest(caution.misses, kind * DAYS)));
  }
  for (let kind = 0; kind < PLACE_CLASSES; kind++) {
    for (let place = 0; place < PLACES; place++) {
      const at = kind * PLACES + place;
      const before = kind * PLACES + ((place + PLACES - 1) % PLACES);
      const after = kind * PLACES + ((place + 1) % PLACES);
      caution.placeMisses[at * DAYS + day] = Math.max(placeToday[before] ?? 0, placeToday[at] ?? 0, placeToday[after] ?? 0);
      caution.placeAsked[at] = Math.max(1, Math.min(PLACE_MOST, PLACE_MARGIN * secondLargest(caution.placeMisses, at * DAYS)));
    }
  }
  today.fill(0);
  placeToday.fill(0);
}
