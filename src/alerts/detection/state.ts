// All that a detector remembers. Plain data: structured clone and `node:v8` serialise it.

import type { Alert, Metric } from "./alert.ts";
import { type Caution, createCaution } from "./caution.ts";
import { createDailyMost, type DailyMost } from "./daily-most.ts";
import { createDispersion, type Dispersion, PHI_PRIOR } from "./dispersion.ts";
import { createHistory, type History } from "./history.ts";
import { createMinuteShape, type MinuteShape } from "./minute-shape.ts";
import type { VolumeProfile } from "./profile.ts";
import type { RateProfile } from "./rates.ts";
import { createRestless, type Restless } from "./restless.ts";
import { createSaleModel, type SaleModel } from "./sale.ts";
import { WINDOWS } from "./sensitivity.ts";
import { createSeries, type Series } from "./series.ts";
import { createSliceBook, type SliceBook } from "./slices.ts";
import { NEAR_WINDOWS, QUICK_WINDOWS, TODAY_WINDOWS } from "./volume.ts";
import type { ZoneSpan } from "./zone.ts";

/** An alert that is open, with what its recovery is measured against. */
export interface OpenAlert {
  alert: Alert;
  /** Minute numbers of the series: last minute before the trouble, minute of firing. */
  from: number;
  fired: number;
  /** Minutes in a row in which it looked over. */
  calm: number;
  /** Evidence that it is over. */
  over: number;
  /** Usual failure rate, and by how much it was exceeded; for volume the share of the expected that was left. */
  usual: number;
  excess: number;
  /** Rate at its worst so far. */
  worst: number;
  sliceKey: string | null;
}

export interface DetectorState {
  /** Changes when old snapshots can no longer be read. */
  readonly version: 4;
  readonly series: Series;
  readonly history: History;
  readonly usual: Dispersion;
  readonly near: Dispersion;
  readonly quick: Dispersion;
  readonly today: Dispersion;
  readonly caution: Caution;
  /** How near ordinary days come to an alarm about failures: of all payments, of a slice; in logarithms of probability over those of alpha. */
  readonly failureMost: DailyMost;
  /** Refunds and disputes over what was expected, by surge and window: who refunds by hand does it in heaps. */
  readonly surgeMost: DailyMost;
  readonly restless: Restless;
  readonly minutes: MinuteShape;
  readonly sales: SaleModel;
  readonly slices: SliceBook;
  volume: VolumeProfile | null;
  rates: RateProfile | null;
  webhookRates: RateProfile | null;
  /** Variance over mean by which the profile is uncertain, of yesterday or today, whichever is known less. */
  vague: number;
  webhooksPerAttempt: number;
  refundsPerAttempt: number;
  disputesPerAttempt: number;
  /** Local time: the span between clock changes that holds the newest minute, and its local day and calendar. */
  span: ZoneSpan | null;
  day: number;
  dayKind: "usual" | "holiday" | "closed" | "promotion" | "maintenance";
  fittedAt: number;
  /** Attempts and expectation of the last hours, fading: the near level. */
  nearSeen: number;
  nearExpected: number;
  /** The same over the last half day, the last hours left out. */
  todaySeen: number;
  todayExpected: number;
  /** The same over the last half hour. */
  quickSeen: number;
  quickExpected: number;
  readonly open: Partial<Record<Metric, OpenAlert>>;
  /** Minute numbers that windows of a metric may not reach behind. */
  readonly floors: Partial<Record<Metric, number>>;
  /** Minute up to which volume was in alarm: not part of the near level. */
  volumeAlarmUntil: number;
  /** Epoch seconds between which the last dips were found, or told until they were over. */
  dips: { from: number; until: number }[];
  /** Start of the last clock change that has been decided. */
  decidedChange: number;
  /** Quarter from which failure rates count after a changed rate was accepted. */
  ratesSince: number;
}

export function createState(): DetectorState {
  return {
    version: 4,
    series: createSeries(), history: createHistory(),
    usual: createDispersion(WINDOWS, PHI_PRIOR.profile), near: createDispersion(NEAR_WINDOWS, PHI_PRIOR.level), quick: createDispersion(QUICK_WINDOWS, PHI_PRIOR.level),
    today: createDispersion(TODAY_WINDOWS, PHI_PRIOR.level),
    caution: createCaution(), failureMost: createDailyMost(2, 1), surgeMost: createDailyMost(2 * WINDOWS.length, 0), restless: createRestless(), minutes: createMinuteShape(), sales: createSaleModel(), slices: createSliceBook(),
    volume: null, rates: null, webhookRates: null, vague: 1, webhooksPerAttempt: 0, refundsPerAttempt: 0, disputesPerAttempt: 0,
    span: null, day: -1, dayKind: "usual", fittedAt: 0,
    nearSeen: 0, nearExpected: 0, todaySeen: 0, todayExpected: 0, quickSeen: 0, quickExpected: 0, open: {}, floors: {}, volumeAlarmUntil: -1, dips: [], ratesSince: -Infinity, decidedChange: -Infinity,
  };
}

/** Whole days of history behind the newest minute. */
export const daysSeen = (state: DetectorState): number => Math.floor(state.series.count / 1440);
