// After a clock change some traffic keeps to local time (people), some to UTC (cron jobs). Which, is decided for each quarter of
// the day from the first days after it; then the past is relabelled, so that one profile holds for both sides of the change.

import { type History, MASK, QUARTERS, QUARTERS_A_DAY, slot } from "./history.ts";
import type { MinuteShape } from "./minute-shape.ts";
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
  moveMinutes(state.minutes, shift, keepsUtc);
}

/** By quarter of the day: does UTC explain the days since the change better, on most of them and by far in all? */
function quartersInUtc(history: History, perMinute: Float64Array, changed: number, shift: number, phi: number): boolean[] {
  const total = new Float64Array(QUARTERS_A_DAY);
  const won = new Uint8Array(QUARTERS_A_DAY);
  const lost = new Uint8Array(QUARTERS_A_DAY);
  for (let from = changed; from < history.next; from += QUARTERS_A_DAY) {
    const day = evidenceOfDay(history, perMinute, from, Math.min(history.next, from + QUARTERS_A_DAY), shift, phi);
    day.forEach((evidence, place) => {
      total[place] = (total[place] ?? 0) + evidence;
      // A day with an outage speaks for whichever clock expects less; the other days outvote it.
      if (evidence > 0) won[place] = (won[place] ?? 0) + 1;
      else if (evidence < 0) lost[place] = (lost[place] ?? 0) + 1;
    });
  }
  return Array.from(total, (evidence, place) => evidence > EVIDENCE && (won[place] ?? 0) >= 2 && (won[place] ?? 0) > 2 * (lost[place] ?? 0));
}

/** Log likelihood of UTC over local time for each quarter of a day with its neighbours: Poisson, divided by the over-dispersion. */
function evidenceOfDay(history: History, perMinute: Float64Array, from: number, until: number, shift: number, phi: number): Float64Array {
  const seen = new Float64Array(QUARTERS_A_DAY);
  const local = new Float64Array(QUARTERS_A_DAY);
  const utc = new Float64Array(QUARTERS_A_DAY);
  for (let quarter = from; quarter < until; quarter++) {
    const at = slot(quarter);
    if (((history.mask[at] ?? 0) & MASK.day) !== 0) continue;
    const cell = history.cell[at] ?? 0;
    const place = cell % QUARTERS_A_DAY;
    seen[place] = history.attempts[at] ?? 0;
    local[place] = 15 * (perMinute[cell] ?? 0);
    utc[place] = 15 * (perMinute[wrap(cell - shift)] ?? 0);
  }
  // A promotion, or a slow day, is no clock: only the day's shape counts.
  const level = Math.max(0.25, Math.min(4, sum(seen) / Math.max(1, sum(local))));
  return seen.map((_, place) => {
    let y = 0;
    let byLocal = 0.01;
    let byUtc = 0.01;
    for (const near of [place + 95, place, place + 1]) {
      y += seen[near % QUARTERS_A_DAY] ?? 0;
      byLocal += level * (local[near % QUARTERS_A_DAY] ?? 0);
      byUtc += level * (utc[near % QUARTERS_A_DAY] ?? 0);
    }
    return (y * Math.log(byUtc / byLocal) - (byUtc - byLocal)) / (1 + phi * Math.max(byLocal, byUtc));
  });
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

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

/** The minutes' shape of what keeps to UTC moves along; what it leaves behind is forgotten. */
function moveMinutes(shape: MinuteShape, shift: number, keepsUtc: readonly boolean[]): void {
  const old = { seen: shape.seen.slice(), expected: shape.expected.slice() };
  for (let week = 0; week < 2; week++) {
    for (let place = 0; place < QUARTERS_A_DAY; place++) {
      const source = (place - shift + QUARTERS_A_DAY) % QUARTERS_A_DAY;
      const moves = keepsUtc[place] === true;
      if (!moves && keepsUtc[(place + shift + QUARTERS_A_DAY) % QUARTERS_A_DAY] !== true) continue;
      for (let minute = 0; minute < 15; minute++) {
        const to = week * 1440 + place * 15 + minute;
        const from = week * 1440 + source * 15 + minute;
        shape.seen[to] = moves ? (old.seen[from] ?? 0) : 0;
        shape.expected[to] = moves ? (old.expected[from] ?? 0) : 0;
      }
    }
  }
}

const CELLS = 672;
const wrap = (cell: number): number => (cell + CELLS) % CELLS;

/** The cell of the other clock at `ts`. */
export const otherCell = (state: DetectorState, ts: number): number => quarterOfWeek(ts + (state.span?.before ?? 0));
