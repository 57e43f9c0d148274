/** What is judged: rules over figures, the life of an alert, and its record. */
export { evaluate, type EvaluateOptions, type Evaluation, type HandedRule, type Transition } from "./evaluate.ts";
export { alertMigrations } from "./migrations/index.ts";
export type { Judged, ProductionRecord, ProductionThresholds } from "./production.ts";
export { alertRoutes } from "./routes.ts";
export { type Alert, listAlerts } from "./store.ts";
