/** How events come in: webhooks verified and committed before they are acknowledged, and the mirror file of deliveries. */
export { type Gate, openGate } from "./gate.ts";
export { type AcceptBatch, createIntake, type Intake, type WebhookAnswer } from "./intake.ts";
export { deliveryLine, mirrorDeliveries } from "./mirror.ts";
export type { WebhookRequest } from "./receive.ts";
export { webhookRoutes } from "./routes.ts";
