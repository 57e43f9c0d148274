// After a clock change some traffic keeps to local time (people), some to UTC (cron jobs). Which, is decided for each quarter of
// the day from the first days after it; then the past is relabelled, so that one profile holds for both sides of the change.

import { type History, MASK, QUARTERS, QUARTERS_A_DAY, slot } from "./history.ts";
import type { DetectorState } from "./state.ts";
import { DAY, quarterOfWeek } from "./zone.ts";

/** Days after a change until which it is decided (changes come at night: at the third midnight), and after which it is too late to. */
const UNDECIDED_DAYS = 2.5;
const TOO_LATE_DAYS = 6;
/** Log likelihood ratio at which a quarter of the day is taken to keep to UTC. */
const EVIDENCE = 5;

/** True while the newest clock change is undecided. */
export function clockUndecided(state: DetectorState, ts: number): boolean {
  const { span } = state;
  return span !== null && span.before !== span.offset && state.decidedChange !== span.from && ts - span.from < TOO_LATE_DAYS * DAY;
}

/** At the daily fit: once, when the undecided days are over. */
export function decideClock(state: DetectorState, ts: number, phi: number): void {
  const { span, history, volume } = state;
  if (span === null || volume === null || span.before === span.offset || state.decidedChange === span.from) return;
  const since = ts - span.from;
  if (since < UNDECIDED_DAYS * DAY) return;
  state.decidedChange = span.from;
  const shift = Math.round((span.offset - span.before) / 900);
  // Too late to tell: the detector was started, or was away, long after the change.
  if (since > TOO_LATE_DAYS * DAY || shift === 0) return;
  const changed = Math.floor(span.from / 900);
  if (changed <= history.first) return;
  const keepsUtc = quartersInUtc(history, volume.perMinute, changed, shift, phi);
  relabel(history, changed, shift, keepsUtc);
}

function quartersInUtc(history: History, perMinute: Float64Array, changed: number, shift: number, phi: number): boolean[] {
  const seen = new Float64Array(QUARTERS_A_DAY);
  const local = new Float64Array(QUARTERS_A_DAY);
  const utc = new Float64Array(QUARTERS_A_DAY);
  for (let quarter = changed; quarter < history.next; quarter++) {
    const at = slot(quarter);
    if (((history.mask[at] ?? 0) & MASK.day) !== 0) continue;
    const cell = history.cell[at] ?? 0;
    const place = cell % QUARTERS_A_DAY;
    seen[place] = (seen[place] ?? 0) + (history.attempts[at] ?? 0);
    local[place] = (local[place] ?? 0) + 15 * (perMinute[cell] ?? 0);
    utc[place] = (utc[place] ?? 0) + 15 * (perMinute[wrap(cell - shift)] ?? 0);
  }
  return Array.from({ length: QUARTERS_A_DAY }, (_, place) => {
    let y = 0;
    let byLocal = 0.01;
    let byUtc = 0.01;
    for (const near of [place + 95, place, place + 1]) {
      y += seen[near % QUARTERS_A_DAY] ?? 0;
      byLocal += local[near % QUARTERS_A_DAY] ?? 0;
      byUtc += utc[near % QUARTERS_A_DAY] ?? 0;
    }
    // Poisson log likelihood ratio, divided by the over-dispersion.
    return (y * Math.log(byUtc / byLocal) - (byUtc - byLocal)) / (1 + phi * Math.max(byLocal, byUtc)) > EVIDENCE;
  });
}

function relabel(history: History, changed: number, shift: number, keepsUtc: readonly boolean[]): void {
  const first = Math.max(history.first, history.next - QUARTERS + 1);
  for (let quarter = first; quarter < changed; quarter++) {
    const at = slot(quarter);
    const cell = history.cell[at] ?? 0;
    const moved = wrap(cell + shift);
    if (keepsUtc[moved % QUARTERS_A_DAY] === true) {
      history.cell[at] = moved;
      const place = (cell % QUARTERS_A_DAY) + shift;
      history.day[at] = (history.day[at] ?? 0) + Math.floor(place / QUARTERS_A_DAY);
    } else if (keepsUtc[cell % QUARTERS_A_DAY] === true) {
      history.mask[at] = (history.mask[at] ?? 0) | MASK.day;
    }
  }
}

const CELLS = 672;
const wrap = (cell: number): number => (cell + CELLS) % CELLS;

/** The cell of the other clock at `ts`. */
export const otherCell = (state: DetectorState, ts: number): number => quarterOfWeek(ts + (state.span?.before ?? 0));
