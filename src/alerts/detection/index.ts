// Detection: closed minutes in, explained alerts out. Knows no database, no clock and no other room.
// Snapshots are of version 4: `createDetector` refuses older ones with a RangeError; push the last 35 days of buckets into a fresh detector instead.

export type { Alert, Evidence, Kind, Metric, Resolution, Severity, Transition } from "./alert.ts";
export type { MinuteBucket, MinuteSlices } from "./bucket.ts";
export { type DayKind, publicHolidays, type SpecialDay } from "./calendar.ts";
export { createDetector, type Detector, type DetectorConfig, type MinuteOptions } from "./detector.ts";
export type { ExpectedStep, UsualFailures } from "./expectation.ts";
export type { Outlook } from "./outlook.ts";
export type { Sensitivity } from "./sensitivity.ts";
