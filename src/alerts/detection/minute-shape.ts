// Edges and cron bursts inside a quarter of an hour: how the minutes of a day differ from their quarter's curve.
// Learnt minute by minute with a fading memory, weekdays and weekends apart; used only where the difference is beyond chance.

export interface MinuteShape {
  /** 2 x 1440: weekdays, weekends. */
  readonly seen: Float64Array;
  readonly expected: Float64Array;
  readonly bend: Float64Array;
  /** Days behind the sums, fading with them. */
  readonly days: Float64Array;
}

/** Memory of a minute of the day fades by this much a day: four weeks. */
const FADE = Math.exp(-1 / 28);
/** Events that "no difference" is worth. */
const PRIOR = 40;
const SIGNIFICANT = 3.5;
/** Days behind the figures vary too: a minute's sum over n days has at least this relative error. */
const DAY_SPREAD = 0.05;

export const createMinuteShape = (): MinuteShape => ({
  seen: new Float64Array(2880), expected: new Float64Array(2880), bend: new Float64Array(2880).fill(1), days: new Float64Array(2880),
});

/** Index of a minute from its cell and second of the local day. */
export const shapeIndex = (cell: number, local: number): number => (cell >= 480 ? 1440 : 0) + Math.floor((((local % 86_400) + 86_400) % 86_400) / 60);

/** One odd day is no shape: a minute counts for at most twice its curve, which also bounds the bend. */
const MOST = 2;

/** `expected` is the curve's value, without the bend. */
export function learnMinute(shape: MinuteShape, index: number, seen: number, expected: number): void {
  shape.seen[index] = (shape.seen[index] ?? 0) * FADE + Math.min(seen, MOST * expected + 1);
  shape.expected[index] = (shape.expected[index] ?? 0) * FADE + expected;
  shape.days[index] = (shape.days[index] ?? 0) * FADE + 1;
}

/** Share of the mean of the days behind a bend below which a day is of another kind: the burst of Sundays is not that of Saturdays. */
const UNLIKE = 0.25;

/** The bend of a minute whose curve is `curve`. */
export const bendOf = (shape: MinuteShape, index: number, curve: number): number => (curve * (shape.days[index] ?? 0) < UNLIKE * (shape.expected[index] ?? 0) ? 1 : (shape.bend[index] ?? 1));

/** Works out the bends of the quarter that begins at `first`: relative to the quarter itself, whose level the curve follows. */
export function bendQuarter(shape: MinuteShape, first: number): void {
  let seen = 0;
  let expected = 0;
  for (let index = first; index < first + 15; index++) {
    seen += shape.seen[index] ?? 0;
    expected += shape.expected[index] ?? 0;
  }
  const level = expected > 0 ? seen / expected : 1;
  for (let index = first; index < first + 15; index++) {
    const y = shape.seen[index] ?? 0;
    const m = level * (shape.expected[index] ?? 0);
    const error = Math.sqrt(m + (DAY_SPREAD * m) ** 2);
    shape.bend[index] = Math.abs(y - m) > SIGNIFICANT * error ? (y + PRIOR) / (m + PRIOR) : 1;
  }
}
