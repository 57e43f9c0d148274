// What is learnt from: six weeks of quarter-hours, each with its place in the local week and the reasons not to learn from it.

/** Ring length; 42 days of quarters, a power of two so that an index is a mask. */
export const QUARTERS = 4096;
export const QUARTER_SECONDS = 900;
export const QUARTERS_A_DAY = 96;

/** Why a quarter is not learnt from; bits. */
export const MASK = { alarm: 1, day: 2, spike: 4, expected: 8 } as const;

export interface History {
  /** Number of the first and of the next quarter since the epoch; `next` is still filling. */
  first: number;
  next: number;
  readonly minutes: Uint8Array;
  readonly mask: Uint8Array;
  /** Quarter of the local week, 0 to 671, and local day number. */
  readonly cell: Uint16Array;
  readonly day: Int32Array;
  readonly attempts: Float64Array;
  readonly failed: Float64Array;
  readonly succeeded: Float64Array;
  readonly revenue: Float64Array;
  readonly webhooks: Float64Array;
  readonly webhooksFailed: Float64Array;
  readonly refunds: Float64Array;
  readonly disputes: Float64Array;
  /** Attempts forecast for the quarter before it happened. */
  readonly forecast: Float64Array;
  /** Old counts are multiplied by it when a changed volume has been accepted as the new normal. */
  readonly scale: Float64Array;
}

export function createHistory(): History {
  const column = (): Float64Array => new Float64Array(QUARTERS);
  return {
    first: -1, next: -1,
    minutes: new Uint8Array(QUARTERS), mask: new Uint8Array(QUARTERS), cell: new Uint16Array(QUARTERS), day: new Int32Array(QUARTERS),
    attempts: column(), failed: column(), succeeded: column(), revenue: column(), webhooks: column(), webhooksFailed: column(),
    refunds: column(), disputes: column(), forecast: column(), scale: column(),
  };
}

export const slot = (quarter: number): number => quarter & (QUARTERS - 1);

/** Makes room for a quarter that begins. */
export function beginQuarter(history: History, quarter: number, cell: number, day: number): void {
  const at = slot(quarter);
  if (history.first < 0) history.first = quarter;
  history.first = Math.max(history.first, quarter - QUARTERS + 1);
  history.next = quarter;
  history.minutes[at] = 0;
  history.mask[at] = 0;
  history.cell[at] = cell;
  history.day[at] = day;
  history.scale[at] = 1;
  for (const column of countColumns(history)) column[at] = 0;
}

const countColumns = (history: History): Float64Array[] => [
  history.attempts, history.failed, history.succeeded, history.revenue, history.webhooks,
  history.webhooksFailed, history.refunds, history.disputes, history.forecast,
];

/** Marks the quarters touching [fromTs, untilTs) with a reason. */
export function maskQuarters(history: History, fromTs: number, untilTs: number, reason: number): void {
  eachQuarter(history, fromTs, untilTs, (at) => {
    history.mask[at] = (history.mask[at] ?? 0) | reason;
  });
}

export function unmaskQuarters(history: History, fromTs: number, untilTs: number, reason: number): void {
  eachQuarter(history, fromTs, untilTs, (at) => {
    history.mask[at] = (history.mask[at] ?? 0) & ~reason;
  });
}

function eachQuarter(history: History, fromTs: number, untilTs: number, visit: (at: number) => void): void {
  if (history.first < 0) return;
  const from = Math.max(history.first, Math.floor(fromTs / QUARTER_SECONDS));
  const until = Math.min(history.next, Math.ceil(untilTs / QUARTER_SECONDS) - 1);
  for (let quarter = from; quarter <= until; quarter++) visit(slot(quarter));
}

/** Weight of minutes in alarm. Not none: what comes every week would raise its alarm every week and never be learnt; real outages are outliers and lose their weight anyway. */
const ALARM_WEIGHT = 0.15;

/** How much a quarter counts in a robust fit: not at all when it is not whole or masked for its day, as a spike or by the user. */
export function learnWeight(history: History, at: number): number {
  if (history.minutes[at] !== 15) return 0;
  const mask = history.mask[at] ?? 0;
  return mask === 0 ? 1 : mask === MASK.alarm ? ALARM_WEIGHT : 0;
}

/** Whole and not masked. */
export function learnable(history: History, at: number): boolean {
  return history.minutes[at] === 15 && history.mask[at] === 0;
}
