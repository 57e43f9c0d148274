import type { HealthCheck } from "../health/index.ts";
import { type Finding, guardEndpoints, guardState, WEBHOOK_PATH } from "../ingest/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { eventLister, STRIPE_API_VERSION, webhookEndpoints } from "../stripe/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { hasStripe, stripeOf } from "./sweep.ts";

const MINUTE = 60_000;
const EVERY_MS = 15 * MINUTE;

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
    run: async ({ signal }) => {
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
        if (state === null) return { state: "unknown", figure: "not yet looked at", todo: "the task endpoint_guard does it every quarter of an hour while the service runs" };
        const [worst] = state.findings;
        const figure = `${state.endpoints.length} at Stripe, ${state.undelivered.count}${state.undelivered.more ? "+" : ""} events not delivered everywhere`;
        return worst === undefined ? { state: "ok", figure } : { state: STATE[worst.severity], figure, todo: worst.text };
      },
    },
  ];
}
