/** How events come in: webhooks verified and committed before they are acknowledged, and the mirror file of deliveries. */
import "./store.ts";

export { createForward, deadLetters, type Forward, type ForwardStatus, forwardStatus, replay, retainDeadLetters } from "./forward/forward.ts";
export { type ForwardTarget, sendOver } from "./forward/send.ts";
export { guardEndpoints, type GuardState, guardState } from "./guard/guard.ts";
export { type Finding, WEBHOOK_PATH } from "./guard/judge.ts";
export { ALL_EVENTS, planSetup, type SetupPlan } from "./guard/setup.ts";
export { importBoundary } from "./import/boundary.ts";
export { importFiles } from "./import/import.ts";
export { IMPORT_ENDPOINT } from "./import/made.ts";
export { type ImportReport, totals as importTotals } from "./import/report.ts";
export { admitQuarantined, createQuarantine } from "./quarantine/quarantine.ts";
export { type AskedWindow, type Completeness, completeness, /** @public For reports and objectives. */ completenessSeries, completenessText, retainWitness } from "./sweep/completeness.ts";
export { type Gap, readGaps, retainGaps } from "./sweep/gap.ts";
export { recoverUnmade } from "./sweep/generation.ts";
export { type CompletenessRoutes, completenessRoutes } from "./sweep/routes.ts";
export { judgeClock, judgeSweep, type SweepStatus, sweepStatus, type SweepVerdict } from "./sweep/status.ts";
export { createSweep, type Sweep, type SweepOutcome } from "./sweep/sweep.ts";
export { witnessedCounts, witnessedSpan } from "./sweep/witnessed.ts";
export { type EventsVerified, verifyEvents } from "./sweep/verify.ts";
export { tailStatus, type TailStatus } from "./tail/status.ts";
export { createTail, type Tail } from "./tail/tail.ts";
export { ingestMigrations } from "./migrations/index.ts";
export { type Gate, openGate } from "./gate.ts";
export { type AcceptBatch, createIntake, type Intake, type WebhookAnswer } from "./intake.ts";
export { mirrorDeliveries } from "./mirror.ts";
export type { WebhookRequest } from "./receive.ts";
export { type WebhookRoutes, webhookRoutes } from "./routes.ts";
