import { HOUR_MS } from "../platform/index.ts";
import { localDays } from "./days.ts";
import type { Grain } from "./store.ts";

export interface Span {
  readonly grain: Grain;
  readonly fromMs: number;
  readonly toMs: number;
}

export function ceil(ms: number, unit: number): number {
  return Math.ceil(ms / unit) * unit;
}

export function floor(ms: number, unit: number): number {
  return Math.floor(ms / unit) * unit;
}

/** Whole minutes as few buckets as there can be without days: hours inside, minutes at the edges. */
function hoursAndMinutes(fromMs: number, toMs: number): Span[] {
  const [first, last] = [ceil(fromMs, HOUR_MS), floor(toMs, HOUR_MS)];
  if (first >= last) return [{ grain: "minute", fromMs, toMs }];
  return [
    { grain: "minute", fromMs, toMs: first },
    { grain: "hour", fromMs: first, toMs: last },
    { grain: "minute", fromMs: last, toMs },
  ];
}

/** Cuts whole minutes into days, hours and minutes, so that a year is a few hundred rows. */
export function cut(fromMs: number, toMs: number, timeZone: string): Span[] {
  const dayOf = localDays(timeZone);
  const begun = dayOf(fromMs);
  const first = begun.startMs === fromMs ? fromMs : begun.endMs;
  const last = dayOf(toMs).startMs;
  const spans: Span[] =
    first >= last ? hoursAndMinutes(fromMs, toMs) : [...hoursAndMinutes(fromMs, first), { grain: "day", fromMs: first, toMs: last }, ...hoursAndMinutes(last, toMs)];
  return spans.filter((span) => span.fromMs < span.toMs);
}
