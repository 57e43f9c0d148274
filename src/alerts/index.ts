/** What is judged: rules over figures, the life of an alert, and its record. */
import "./store.ts";

export type { Alert } from "./alert.ts";
export type { Transition } from "./apply.ts";
export type { HandedRule } from "./case.ts";
export { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
export { alertsFired } from "./fired.ts";
export { alertMigrations } from "./migrations/index.ts";
export type { Judged, ProductionRecord, ProductionThresholds } from "./production.ts";
export { alertRoutes, type AlertRoutes } from "./routes.ts";
export { listAlerts } from "./store.ts";
