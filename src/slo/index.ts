/** Objectives, error budgets in events and in money, and burn rates; measured from buckets, told to whoever judges alerts. */
import "./store.ts";

export { type ApiAnswers, addCounts, recordLife, retainSloCounts, type Tally } from "./count.ts";
export { exportOpenSlo, exportPrometheus } from "./export.ts";
export { lateBefore, noteHistory, readHistorySpan, waitedMs } from "./history.ts";
export { type Measured, type MeasureOptions, measureSlos, standingOf } from "./measure.ts";
export { sloMigrations } from "./migrations/index.ts";
export { type BurnLimit, type Cause, DEFAULT_LIMITS, INDICATORS, type Indicator, MILLION, type SliceOf, type Slo, unreachableLimits } from "./objective.ts";
export { showSlo, type ShownSlo } from "./present.ts";
export { type BurnAlert, burnAlert } from "./rule.ts";
export { type SloRoutes, sloRoutes } from "./routes.ts";
export { type SourceParts, sourceOf, type Waiting } from "./source.ts";
export { type DayStanding, readDays, readStandings, type Standing } from "./store.ts";
