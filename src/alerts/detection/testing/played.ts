import type { Alert, Transition } from "../alert.ts";
import type { MinuteBucket, MinuteSlices } from "../bucket.ts";
import { createDetector, type Detector, type DetectorConfig } from "../detector.ts";
import { MONDAY, type Moment } from "../made-up-traffic.ts";

export const UTC: DetectorConfig = { timeZone: "UTC", currency: "EUR" };
/** Minutes. */
export const DAY = 1440;

export function replay(minutes: readonly MinuteBucket[], config: DetectorConfig = UTC, slices?: (bucket: MinuteBucket) => MinuteSlices): { detector: Detector; transitions: Transition[] } {
  const detector = createDetector(config);
  const transitions: Transition[] = [];
  for (const bucket of minutes) transitions.push(...detector.push(bucket, slices?.(bucket)));
  return { detector, transitions };
}

export const opened = (transitions: readonly Transition[]): Alert[] => transitions.filter(({ kind }) => kind === "opened").map(({ alert }) => alert);
export const resolved = (transitions: readonly Transition[]): Alert[] => transitions.filter(({ kind }) => kind === "resolved").map(({ alert }) => alert);
/** Changes the minutes of [from, until), given in days. */
export const during = (from: number, until: number, change: (moment: Moment) => void) => (moment: Moment, minute: number): void => {
  if (minute >= from * DAY && minute < until * DAY) change(moment);
};
/** Minutes from an instant, given in days since the start, to the alert. */
export const minutesAfter = (alert: Alert | undefined, day: number): number => ((alert?.firedAt ?? NaN) / 1000 - MONDAY) / 60 - day * DAY;
