/** A stateful stand-in for Stripe's HTTP API, with realistic traffic and Stripe's way of delivering webhooks. */
export { seededRandom } from "./random.ts";
export type { Random } from "./random.ts";
export { declineNames } from "./cards/decline.ts";
export type { StripeEvent } from "./shapes/event.ts";
export { CURRENT_VERSION, OLD_VERSION } from "./shapes/version.ts";
export type { TrafficMix } from "./traffic/mix.ts";
export { usualMix } from "./traffic/mix.ts";
export { eventStream, someEvents, traffic } from "./traffic/stream.ts";
export type { StreamOptions, Traffic, TrafficOptions } from "./traffic/stream.ts";
export { sign } from "./webhooks/signature.ts";
export { startSandbox } from "./sandbox.ts";
export type { Sandbox, SandboxOptions, TrafficSettings, WebhookOptions } from "./sandbox.ts";
