// Detection: closed minutes in, explained alerts out. Knows no database, no clock and no other room.

export type { Alert, Evidence, Kind, Metric, Resolution, Severity, Transition } from "./alert.ts";
export type { MinuteBucket, MinuteSlices } from "./bucket.ts";
export type { DayKind, SpecialDay } from "./calendar.ts";
export type { Detector, DetectorConfig, MinuteOptions } from "./detector.ts";
export type { Outlook } from "./outlook.ts";
export type { Sensitivity } from "./sensitivity.ts";
