import type { HealthCheck } from "../health/index.ts";
import { type Finding, guardEndpoints, type GuardState, guardState, WEBHOOK_PATH } from "../ingest/index.ts";
import { type Clock, type Database, isoSeconds } from "../platform/index.ts";
import { eventLister, STRIPE_API_VERSION, webhookEndpoints } from "../stripe/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { type ReadPace, readPace } from "./read-pace.ts";
import { hasStripe, stripeOf } from "./sweep.ts";

const MINUTE = 60_000;
/** What is wrong is looked at again within this time, whatever is allowed: half-hourly for a week is still within it. */
const WRONG_MS = 30 * MINUTE;
const EVERY_MS = 15 * MINUTE;
/** A task that is begun a moment early, by its own clock, is not turned away. */
const EARLY_MS = MINUTE;

/** Pure. Null: look now. Otherwise when the endpoints are looked at next, ms UTC. */
export function restsUntil(last: Pick<GuardState, "at" | "findings"> | null, pace: Pick<ReadPace, "guardMs">, nowMs: number): number | null {
  if (last === null || last.at > nowMs) return null;
  const wrong = last.findings.some(({ severity }) => severity !== "info");
  const dueAt = last.at + (wrong ? Math.min(WRONG_MS, pace.guardMs) : pace.guardMs);
  return nowMs >= dueAt - EARLY_MS ? null : dueAt;
}

export function wantedEndpoint(config: Pick<Config, "server">): { url: string | null; apiVersion: string } {
  const { publicUrl } = config.server;
  return { url: publicUrl === null ? null : `${publicUrl.replace(/\/+$/, "")}${WEBHOOK_PATH}`, apiVersion: STRIPE_API_VERSION };
}

/** Without the sweep there may be no right to ask Stripe, or no wish to. */
export function guardTask(db: Database, config: Config, clock: Clock): TaskDefinition {
  return {
    name: "endpoint_guard",
    description: "Looks at the webhook endpoints at Stripe: disabled, wrong events, changed, failing",
    schedule: { kind: "every", everyMs: EVERY_MS },
    missed: "once",
    graceMs: MINUTE,
    timeLimitMs: 2 * MINUTE,
    enabled: config.ingest.sweep,
    run: async ({ signal, cause }) => {
      const pace = await readPace(db, config, clock);
      const restUntil = cause === "manual" ? null : restsUntil(await guardState(db.read), pace, clock.now());
      if (restUntil !== null) return { skipped: `next look at ${isoSeconds(restUntil)}: so few payments allow ${pace.allowed} requests a month` };
      if (!(await hasStripe(db, config, clock, signal))) return { skipped: "the sandbox is not running" };
      const api = await stripeOf(db, config, clock);
      const { endpoints, undelivered, findings } = await guardEndpoints({ db, clock, endpoints: webhookEndpoints(api), list: eventLister(api), wanted: wantedEndpoint(config) });
      return { endpoints: endpoints.length, undelivered: undelivered.count, findings: findings.map(({ kind, severity, text }) => ({ kind, severity, text })) };
    },
  };
}

const STATE = { critical: "down", warning: "degraded", info: "ok" } as const satisfies Record<Finding["severity"], string>;

/** Check `endpoints`; none while nothing is asked of Stripe. */
export function guardChecks({ db, config }: { db: Database; config: Config }): HealthCheck[] {
  if (!config.ingest.sweep) return [];
  return [
    {
      name: "endpoints",
      timeoutMs: 3000,
      run: async () => {
        const state = await guardState(db.read);
        if (state === null) return { state: "unknown", figure: "not yet looked at", todo: "the task endpoint_guard does it while the service runs" };
        const [worst] = state.findings;
        const figure = `${state.endpoints.length} at Stripe, ${state.undelivered.count}${state.undelivered.count > 0 && state.undelivered.more ? "+" : ""} events that some endpoint does not take`;
        return worst === undefined ? { state: "ok", figure } : { state: STATE[worst.severity], figure, todo: worst.text };
      },
    },
  ];
}
