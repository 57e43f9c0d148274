import { z } from "zod";
import { anyHolds, type Clock, DAY_MS, edges, type Guard, type Http, isoSeconds, noQuery, type TimeInterval } from "../platform/index.ts";
import { MATCHER, showMatcher } from "./present.ts";
import type { Maintenance, NotifySettings, Policy, Route } from "./settings.ts";

/** What stands in the configuration and nowhere in the database: recurring maintenance windows, and who is turned to when nobody answers. */
export interface ConfiguredRoutes {
  readonly clock: Clock;
  readonly settings: Pick<NotifySettings, "maintenance" | "policies" | "root">;
  readonly viewer: Guard;
}

const OK = z.literal(true);
const SPAN = z.object({ starts_at: z.string(), ends_at: z.string().nullable().describe("Null: not within the next 14 days") }).nullable();
const INTERVAL = z.object({ time_zone: z.string(), weekdays: z.array(z.number()).describe("1 Monday to 7 Sunday; none: every day"), hours: z.array(z.string()).describe("None: the whole day"), dates: z.array(z.string()) });
const MAINTENANCE = z.object({ name: z.string(), matchers: z.array(MATCHER), times: z.array(INTERVAL), active: z.boolean(), next: SPAN.describe("The one under way, else the next within 14 days") });
const POLICY = z.object({
  name: z.string(),
  rounds: z.number(),
  steps: z.array(z.object({ notify: z.array(z.object({ kind: z.enum(["rotation", "person", "channel"]), name: z.string() })), wait_s: z.number() })),
  routes: z.array(z.string()).describe("Which routes use it"),
});

const AHEAD_MS = 14 * DAY_MS;

/** The time that holds now, else the next one that does; times in ms UTC. */
export function nextSpan(times: readonly TimeInterval[], nowMs: number): { readonly startsAt: number; readonly endsAt: number | null } | null {
  const changes = [...new Set(times.flatMap((interval) => edges(interval, nowMs, nowMs + AHEAD_MS)))].sort((one, other) => one - other);
  const startsAt = [nowMs, ...changes].find((at) => anyHolds(times, at));
  if (startsAt === undefined) return null;
  return { startsAt, endsAt: changes.find((at) => at > startsAt && !anyHolds(times, at)) ?? null };
}

const clockText = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

function showMaintenance({ name, matchers, times }: Maintenance, nowMs: number): z.output<typeof MAINTENANCE> {
  const span = nextSpan(times, nowMs);
  return {
    name,
    matchers: matchers.map(showMatcher),
    times: times.map(({ timeZone, weekdays, hours, dates }) => ({ time_zone: timeZone, weekdays: [...weekdays], hours: hours.map(({ from, to }) => `${clockText(from)}-${clockText(to)}`), dates: [...dates] })),
    active: anyHolds(times, nowMs),
    next: span === null ? null : { starts_at: isoSeconds(span.startsAt), ends_at: span.endsAt === null ? null : isoSeconds(span.endsAt) },
  };
}

function routesWith(route: Route, policy: string): string[] {
  return [...(route.escalate === policy ? [route.path] : []), ...route.routes.flatMap((child) => routesWith(child, policy))];
}

function showPolicy({ name, rounds, steps }: Policy, root: Route): z.output<typeof POLICY> {
  return { name, rounds, steps: steps.map(({ targets, waitMs }) => ({ notify: targets.map((target) => ({ ...target })), wait_s: waitMs / 1000 })), routes: routesWith(root, name) };
}

/** `/api/maintenance`, `/api/escalations`: read alone, since they are changed in tillwatch.yaml. */
export function configuredRoutes(http: Http, { clock, settings, viewer }: ConfiguredRoutes): void {
  http.get(
    "/api/maintenance",
    { onRequest: viewer, schema: { summary: "Recurring maintenance windows, as configured, and when each is next", tags: ["silences"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(MAINTENANCE) }) } } },
    async () => {
      const data = settings.maintenance.map((one) => showMaintenance(one, clock.now()));
      return { ok: true as const, count: data.length, data };
    },
  );
  http.get(
    "/api/escalations",
    { onRequest: viewer, schema: { summary: "Escalation policies, as configured: who is turned to, and how long they have", tags: ["on-call"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(POLICY) }) } } },
    async () => {
      const data = settings.policies.map((policy) => showPolicy(policy, settings.root));
      return { ok: true as const, count: data.length, data };
    },
  );
}
