/** What is judged: rules over figures, the life of an alert, and its record. */
import "./store.ts";

export type { Alert } from "./alert.ts";
export type { Transition } from "./apply.ts";
export type { HandedRule } from "./case.ts";
export { publicHolidays } from "./detection/index.ts";
export { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
export { type ExpectationRoutes, expectationRoutes } from "./expectation-routes.ts";
export { alertsFired } from "./fired.ts";
export { alertMigrations } from "./migrations/index.ts";
export type { Judged, ProductionRecord, ProductionThresholds } from "./production.ts";
export { alertRoutes, type AlertRoutes } from "./routes.ts";
export { type AlertSettings, MODES, RULE_NAMES } from "./settings.ts";
export { listAlerts } from "./store.ts";
export type { IngestFacts } from "./watch/gate.ts";
export { createWatch, type Watch } from "./watch/watch.ts";
