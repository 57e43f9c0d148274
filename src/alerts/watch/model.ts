import { DAY_MS, MINUTE_MS, type Tx } from "../../platform/index.ts";
import { createDetector, type Detector, publicHolidays, type Resolution, type SpecialDay, type Transition } from "../detection/index.ts";
import type { Scope } from "../inputs.ts";
import type { AlertSettings } from "../settings.ts";
import { dominantValues, type FedMinute, type FeedScope, minuteMarks, readMinutes } from "./feed.ts";
import { keyOf } from "./cases.ts";
import { planStreams, type Stream } from "./stream.ts";

export interface Followed {
  readonly stream: Stream;
  readonly detector: Detector;
}

/** Detectors over the streams of a shop, fed minute by minute. */
export interface Model {
  readonly followed: readonly Followed[];
  readonly firstMs: number;
  /** The next minute to be taken begins here. */
  nextMs(): number;
  /** Takes the minutes that begin in `[nextMs, untilMs)`. Answers how each key that ended in them did. */
  take(tx: Tx, untilMs: number): Promise<ReadonlyMap<string, Resolution>>;
  /** The two halves of `take`: minutes as the streams see them, and taking them. */
  read(tx: Tx, fromMs: number, untilMs: number): Promise<FedMinute[]>;
  push(minutes: readonly FedMinute[]): ReadonlyMap<string, Resolution>;
  /** Corrects whole hours taken before by what the buckets hold now. False when one is too old to be corrected. */
  correct(tx: Tx, fromMs: number, untilMs: number): Promise<boolean>;
  /** Corrects those of the last half hour's minutes in which anything came late. Answers how many there were. */
  correctNewest(tx: Tx): Promise<number>;
  /** Attempts taken, by hour (start, ms UTC). */
  readonly hours: ReadonlyMap<number, number>;
  /** Minutes that a person called expected are not learnt from. */
  markExpected(fromMs: number, untilMs: number): void;
}

const HOUR_MS = 60 * MINUTE_MS;
/** How far back late events are looked for with every new minute. */
const AGAIN_MS = 30 * MINUTE_MS;

/** Public holidays of the configured countries around a time, and the merchant's own days, which win. */
export function specialDays(settings: AlertSettings, fromMs: number, untilMs: number): SpecialDay[] {
  const years: number[] = [];
  for (let year = new Date(fromMs).getUTCFullYear(); year <= new Date(untilMs).getUTCFullYear() + 1; year += 1) years.push(year);
  const holidays = settings.holidays.flatMap((country) => {
    try {
      return publicHolidays(country, years);
    } catch {
      // The merchant's country may be one that the library does not know; one that was configured by name was checked.
      return [];
    }
  });
  return [...holidays, ...settings.days];
}

export function inMaintenance(settings: AlertSettings, startMs: number): boolean {
  return settings.maintenance.some(({ fromMs, untilMs }) => startMs >= fromMs && startMs < untilMs);
}

/**
 * @param firstMs where history begins, a whole minute.
 * @param onTransition hears of everything that opens, changes and ends.
 */
export async function createModel(tx: Tx, scope: Scope, given: FeedScope, settings: AlertSettings, firstMs: number, nowMs: number, onTransition?: (stream: Stream, transition: Transition) => void): Promise<Model> {
  const streams = await planStreams(tx, scope, nowMs);
  const feed: FeedScope = { ...given, dominant: await dominantValues(tx, scope.live, nowMs - 28 * DAY_MS, nowMs) };
  // A year ahead: the model is made anew long before.
  const days = specialDays(settings, firstMs, nowMs + 366 * DAY_MS);
  const followed = streams.map((stream): Followed => ({
    stream,
    detector: createDetector({ timeZone: scope.timeZone, currency: (stream.currency ?? scope.mainCurrency).toUpperCase(), days, sensitivity: settings.sensitivity, drop: settings.drop, metrics: stream.metrics }),
  }));
  const hours = new Map<number, number>();
  /** Of the newest minutes: what they held when they were taken. */
  const taken = new Map<number, { mark: string; attempts: number }>();
  let nextMs = firstMs;

  const count = (startMs: number, attempts: number): void => {
    const hour = Math.floor(startMs / HOUR_MS) * HOUR_MS;
    hours.set(hour, (hours.get(hour) ?? 0) + attempts);
  };
  const push = (minute: FedMinute, ended: Map<string, Resolution>): void => {
    const observed = !inMaintenance(settings, nextMs);
    for (const [index, { stream, detector }] of followed.entries()) {
      const bucket = minute.buckets[index];
      if (bucket === undefined) continue;
      const transitions: Transition[] = detector.push(bucket, stream.name === "all" ? minute.slices : undefined, { observed });
      for (const transition of transitions) onTransition?.(stream, transition);
      for (const { kind, alert } of transitions) if (kind === "resolved" && alert.resolution !== null) ended.set(keyOf(stream, alert.metric), alert.resolution);
    }
    count(nextMs, minute.buckets[0]?.attempts ?? 0);
    remember(nextMs, minute);
    taken.delete(nextMs - AGAIN_MS);
    nextMs += MINUTE_MS;
  };
  const remember = (startMs: number, { mark, buckets }: FedMinute): void => {
    taken.set(startMs, { mark, attempts: buckets[0]?.attempts ?? 0 });
  };
  const amend = ({ buckets }: FedMinute): boolean => {
    let all = true;
    for (const [index, { detector }] of followed.entries()) {
      const bucket = buckets[index];
      if (bucket !== undefined && !inMaintenance(settings, bucket.ts * 1000) && !detector.amend(bucket)) all = false;
    }
    return all;
  };

  const pushAll = (minutes: readonly FedMinute[]): ReadonlyMap<string, Resolution> => {
    const ended = new Map<string, Resolution>();
    for (const minute of minutes) push(minute, ended);
    for (const [hour] of hours) if (hour < nextMs - 36 * DAY_MS) hours.delete(hour);
    return ended;
  };

  return {
    followed,
    firstMs,
    hours,
    nextMs: () => nextMs,
    read: (reading, fromMs, untilMs) => readMinutes(reading, feed, streams, fromMs, untilMs),
    push: pushAll,
    take: async (reading, untilMs) => (untilMs <= nextMs ? new Map() : pushAll(await readMinutes(reading, feed, streams, nextMs, untilMs))),
    correct: async (reading, fromMs, untilMs) => {
      const from = Math.max(fromMs, firstMs);
      const minutes = await readMinutes(reading, feed, streams, from, Math.min(untilMs, nextMs));
      let all = true;
      for (const [place, minute] of minutes.entries()) {
        if (!amend(minute)) all = false;
        const startMs = from + place * MINUTE_MS;
        if (taken.has(startMs)) remember(startMs, minute);
        const hour = Math.floor(startMs / HOUR_MS) * HOUR_MS;
        // The sum of an hour is set anew by its first minute and added to by the others.
        if (startMs === hour) hours.set(hour, 0);
        if (hour >= from) count(startMs, minute.buckets[0]?.attempts ?? 0);
      }
      return all && fromMs >= firstMs;
    },
    correctNewest: async (reading) => {
      const from = Math.max(firstMs, nextMs - AGAIN_MS);
      if (from >= nextMs) return 0;
      const changed = [...(await minuteMarks(reading, feed, from, nextMs))].filter(([startMs, mark]) => taken.get(startMs)?.mark !== mark).map(([startMs]) => startMs);
      const [first, last] = [changed[0], changed.at(-1)];
      if (first === undefined || last === undefined) return 0;
      for (const [place, minute] of (await readMinutes(reading, feed, streams, first, last + MINUTE_MS)).entries()) {
        const startMs = first + place * MINUTE_MS;
        amend(minute);
        count(startMs, (minute.buckets[0]?.attempts ?? 0) - (taken.get(startMs)?.attempts ?? 0));
        remember(startMs, minute);
      }
      return changed.length;
    },
    markExpected: (fromMs, untilMs) => {
      for (const { detector } of followed) detector.markExpected(fromMs, untilMs);
    },
  };
}
