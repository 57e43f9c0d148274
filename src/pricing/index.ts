/** Gated price suggestions: facts about what was sold at which price, few suggestions, and a gate that only people open. */
import "./store.ts";

export { carryOutNext } from "./carry-out.ts";
export type { DeclaredTest } from "./facts.ts";
export { approve, type Asker, type GateDeps, needSuggestion, reject, rollBack } from "./gate.ts";
export { pricingMigrations } from "./migrations/index.ts";
export { showFacts, showSuggestion, showTimeline } from "./present.ts";
export type { PriceNotices } from "./notice.ts";
export type { Rails } from "./rails.ts";
export { pricingRoutes } from "./routes.ts";
export { readRun, type RunReport, runPricing } from "./run.ts";
export { listSuggestions, readSteps, readSuggestion } from "./store.ts";
export type { Suggestion } from "./suggestion.ts";
export { worseChanges } from "./watch.ts";
export { chatModel } from "./word-model.ts";
export type { WordModel } from "./wording.ts";
