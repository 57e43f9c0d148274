/** What is judged: rules over figures, the life of an alert, and its record. */
import "./store.ts";

export { type Act, acknowledgeAlert, commentAlert, judgeAlert, resolveByHand, SILENCE_SCOPES, silenceAlert, type SilenceScope } from "./act.ts";
export { type Alert, FEEDBACK, type Feedback } from "./alert.ts";
export type { Transition } from "./apply.ts";
export type { HandedRule } from "./case.ts";
export { publicHolidays } from "./detection/index.ts";
export { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
export { type ExpectationRoutes, expectationRoutes } from "./expectation-routes.ts";
export { alertsFired } from "./fired.ts";
export { lintRules, type RuleFinding, type RuleSet } from "./lint.ts";
export { alertMigrations } from "./migrations/index.ts";
export type { Judged, ProductionRecord, ProductionThresholds } from "./production.ts";
export { showAlert, showDetail } from "./present.ts";
export { readDetail } from "./read-detail.ts";
export { backtestRoutes, type TrialAsked } from "./replay/routes.ts";
export { backtestStored, type Trial } from "./replay/stored.ts";
export { BACKTEST_SHAPE, picture, showBacktest, type ShownBacktest } from "./replay/summary.ts";
export { alertRoutes, type AlertRoutes } from "./routes.ts";
export { ruleTests, type RuleTestResult, runRuleTest } from "./rule-test/rule-test.ts";
export { type AlertSettings, MODES, RULE_NAMES } from "./settings.ts";
export { listAlerts } from "./store.ts";
export { readUsualNow } from "./usual.ts";
export type { IngestFacts } from "./watch/gate.ts";
export { createWatch, type Watch } from "./watch/watch.ts";
