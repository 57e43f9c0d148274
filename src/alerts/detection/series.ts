// Running sums of the last eleven days by minute: a window of any length is one subtraction.

/** A power of two above the longest window. */
export const MINUTES = 16_384;
const WRAP = MINUTES - 1;

/** Columns: counts as they came, and what was expected of each minute before it closed. */
const COLUMNS = [
  "attempts", "failed", "succeeded", "revenue", "webhooks", "webhooksFailed", "refunds", "disputes",
  "expected", "dip", "edge", "near", "quick", "today", "expectedFailed", "expectedRevenue", "expectedTakings", "expectedRefunds", "expectedDisputes", "expectedWebhooks", "expectedWebhooksFailed",
  "webhookTroubles", "leftOut", "restless",
] as const;
export type Column = (typeof COLUMNS)[number];
export type MinuteValues = Record<Column, number>;

export interface Series {
  /** Minutes seen; the newest is number `count`. Number 0 is the empty sum before the first. */
  count: number;
  /** Epoch seconds at which minute number 1 began. */
  firstTs: number;
  readonly sums: Readonly<Record<Column, Float64Array>>;
}

export function createSeries(): Series {
  return { count: 0, firstTs: 0, sums: Object.fromEntries(COLUMNS.map((name) => [name, new Float64Array(MINUTES)])) as Record<Column, Float64Array> };
}

/** An object to fill and append again and again: one minute makes no garbage. */
export const blankMinute = (): MinuteValues => Object.fromEntries(COLUMNS.map((name) => [name, 0])) as MinuteValues;

export function appendMinute(series: Series, values: MinuteValues): void {
  const before = series.count & WRAP;
  const at = ++series.count & WRAP;
  const sums = series.sums;
  sums.attempts[at] = (sums.attempts[before] ?? 0) + values.attempts;
  sums.failed[at] = (sums.failed[before] ?? 0) + values.failed;
  sums.succeeded[at] = (sums.succeeded[before] ?? 0) + values.succeeded;
  sums.revenue[at] = (sums.revenue[before] ?? 0) + values.revenue;
  sums.webhooks[at] = (sums.webhooks[before] ?? 0) + values.webhooks;
  sums.webhooksFailed[at] = (sums.webhooksFailed[before] ?? 0) + values.webhooksFailed;
  sums.refunds[at] = (sums.refunds[before] ?? 0) + values.refunds;
  sums.disputes[at] = (sums.disputes[before] ?? 0) + values.disputes;
  sums.expected[at] = (sums.expected[before] ?? 0) + values.expected;
  sums.dip[at] = (sums.dip[before] ?? 0) + values.dip;
  sums.edge[at] = (sums.edge[before] ?? 0) + values.edge;
  sums.near[at] = (sums.near[before] ?? 0) + values.near;
  sums.today[at] = (sums.today[before] ?? 0) + values.today;
  sums.quick[at] = (sums.quick[before] ?? 0) + values.quick;
  sums.expectedFailed[at] = (sums.expectedFailed[before] ?? 0) + values.expectedFailed;
  sums.expectedRevenue[at] = (sums.expectedRevenue[before] ?? 0) + values.expectedRevenue;
  sums.expectedTakings[at] = (sums.expectedTakings[before] ?? 0) + values.expectedTakings;
  sums.expectedRefunds[at] = (sums.expectedRefunds[before] ?? 0) + values.expectedRefunds;
  sums.expectedDisputes[at] = (sums.expectedDisputes[before] ?? 0) + values.expectedDisputes;
  sums.expectedWebhooks[at] = (sums.expectedWebhooks[before] ?? 0) + values.expectedWebhooks;
  sums.expectedWebhooksFailed[at] = (sums.expectedWebhooksFailed[before] ?? 0) + values.expectedWebhooksFailed;
  sums.webhookTroubles[at] = (sums.webhookTroubles[before] ?? 0) + values.webhookTroubles;
  sums.leftOut[at] = (sums.leftOut[before] ?? 0) + values.leftOut;
  sums.restless[at] = (sums.restless[before] ?? 0) + values.restless;
}

/** Corrects a minute that is still held: everything after it moves by the difference. */
export function amendMinute(series: Series, minute: number, change: Partial<MinuteValues>): void {
  for (const name of COLUMNS) {
    const difference = change[name] ?? 0;
    if (difference === 0) continue;
    const sums = series.sums[name];
    for (let i = minute; i <= series.count; i++) sums[i & WRAP] = (sums[i & WRAP] ?? 0) + difference;
  }
}

/** Sum of a column over minutes from + 1 to until. */
export function between(sums: Float64Array, from: number, until: number): number {
  return (sums[until & WRAP] ?? 0) - (sums[from & WRAP] ?? 0);
}

/** The oldest `from` still held. */
export const oldest = (series: Series): number => Math.max(0, series.count - MINUTES + 1);

/** Epoch seconds at which a minute number ends. */
export const endOf = (series: Series, minute: number): number => series.firstTs + minute * 60;

/** The `from` in [floor, until) after which a column exceeds a multiple of another the most: where trouble began. */
export function onset(more: Float64Array, less: Float64Array, share: number, floor: number, until: number): number {
  let best = -Infinity;
  let start = floor;
  for (let from = until - 1; from >= floor; from--) {
    const excess = between(more, from, until) - share * between(less, from, until);
    if (excess > best) {
      best = excess;
      start = from;
    }
  }
  return start;
}

/** The largest `from`, not before `floor`, with at least `least` of the column in (from, until]; -1 when there is not so much. Bisection: sums never fall. */
export function reachBack(sums: Float64Array, floor: number, until: number, least: number): number {
  if (between(sums, floor, until) < least) return -1;
  let low = floor;
  let high = until;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (between(sums, middle, until) >= least) low = middle;
    else high = middle;
  }
  return low;
}
