import { z } from "zod";
import { type Clock, type Guard, type Http, isoSeconds, noQuery } from "../platform/index.ts";
import type { Examination, Examiner } from "./examine.ts";

export interface HealthRoutes {
  examiner: Examiner;
  clock: Clock;
  version: string;
  startedAt: number;
  mode: "test" | "live";
  /** The service stands on the built-in sandbox, not on Stripe. */
  sandbox: boolean;
  viewer: Guard;
  /** False while starting up and shutting down. */
  accepting(): boolean;
}

const STATES = z.enum(["ok", "degraded", "down", "unknown"]);
const HEALTH_SHAPE = z.object({
  ok: z.boolean().describe("False when down"),
  status: z.enum(["healthy", "degraded", "down"]),
  ts: z.string(),
  version: z.string(),
  uptime_s: z.number(),
  mode: z.enum(["test", "live"]),
  sandbox: z.boolean().describe("On the built-in sandbox, not on Stripe"),
  checks: z.record(z.string(), z.object({ state: STATES, figure: z.union([z.number(), z.string()]).optional(), since: z.string(), todo: z.string().optional() })),
});

export type SystemHealth = z.output<typeof HEALTH_SHAPE>;

/** The body of `/api/system-health`. */
export function systemHealth(about: Pick<HealthRoutes, "clock" | "version" | "startedAt" | "mode" | "sandbox">, examination: Examination): SystemHealth {
  const now = about.clock.now();
  const checks = Object.entries(examination.checks).map(([name, { state, figure, sinceMs, todo }]) => {
    return [name, { state, ...(figure === undefined ? {} : { figure }), since: isoSeconds(sinceMs), ...(todo === undefined || state === "ok" ? {} : { todo }) }] as const;
  });
  return {
    ok: examination.status !== "down",
    status: examination.status,
    ts: isoSeconds(now),
    version: about.version,
    uptime_s: Math.max(0, Math.floor((now - about.startedAt) / 1000)),
    mode: about.mode,
    sandbox: about.sandbox,
    checks: Object.fromEntries(checks),
  };
}

/** `/api/system-health` behind a key; `/healthz` (alive) and `/readyz` (can serve) without one, telling nothing else. */
export function healthRoutes(http: Http, deps: HealthRoutes): void {
  const bare = { 200: z.object({ ok: z.boolean() }), 503: z.object({ ok: z.boolean() }) };
  http.get("/healthz", { config: { quiet: true }, schema: { summary: "Alive", tags: ["service"], security: [], response: bare } }, async () => ({ ok: true }));
  http.get("/readyz", { config: { quiet: true }, schema: { summary: "Ready to serve", tags: ["service"], security: [], response: bare } }, async (_request, reply) => {
    const ready = deps.accepting() && (await deps.examiner.examine()).ready;
    return await reply.code(ready ? 200 : 503).send({ ok: ready });
  });
  http.get(
    "/api/system-health",
    { onRequest: deps.viewer, schema: { summary: "How the system is, part by part", tags: ["service"], querystring: noQuery, response: { 200: HEALTH_SHAPE, 503: HEALTH_SHAPE } } },
    async (_request, reply) => {
      const health = systemHealth(deps, await deps.examiner.examine());
      return await reply.code(health.ok ? 200 : 503).send(health);
    },
  );
}
