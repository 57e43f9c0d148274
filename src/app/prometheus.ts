import { sql } from "kysely";
import { collectDefaultMetrics, Gauge, type GaugeConfiguration, Registry } from "prom-client";
import { type Access, requireRole } from "../access/index.ts";
import type { Examiner } from "../health/index.ts";
import { completeness, readGaps } from "../ingest/index.ts";
import type { Clock, Database, Http } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { deriveBacklog } from "./derive.ts";
import { sloGauges } from "./slo.ts";
import { VERSION } from "./version.ts";

interface PrometheusParts {
  readonly clock: Clock;
  readonly db: Database;
  readonly config: Config;
  readonly access: Access;
  readonly health: Examiner;
}

const STATE_VALUE = { ok: 1, degraded: 0.5, unknown: 0.5, down: 0 } as const;

/** A gauge registers itself where its configuration says. */
function gauge<Label extends string>(configuration: GaugeConfiguration<Label>): Gauge<Label> {
  return new Gauge(configuration);
}

/** How the process and the database are; nothing about the business, so it is told without a key. */
function technical({ config, health, db }: PrometheusParts): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  gauge({ name: "tillwatch_info", help: "What runs", labelNames: ["version", "mode", "sandbox", "database"], registers: [registry] }).set(
    { version: VERSION, mode: config.stripe.mode, sandbox: String(config.sandbox), database: db.kind },
    1,
  );
  gauge({
    name: "tillwatch_check",
    help: "Health checks: 1 ok, 0.5 degraded or unknown, 0 down",
    labelNames: ["check"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const [check, finding] of Object.entries((await health.examine()).checks)) this.set({ check }, STATE_VALUE[finding.state]);
    },
  });
  return registry;
}

const DAY_MS = 86_400_000;

/** The last day's events, with Stripe as the witness. */
function completenessGauges({ db, clock }: PrometheusParts, registry: Registry): void {
  const of = async () => await completeness(db.read, null, clock.now() - DAY_MS, clock.now());
  gauge({
    name: "tillwatch_completeness_events",
    help: "Events of the last day by Stripe's list: how many it has, how many came by themselves, how many were recovered",
    labelNames: ["which"],
    registers: [registry],
    async collect() {
      const { events, arrived, recovered } = await of();
      for (const [which, count] of Object.entries({ at_stripe: events, arrived, recovered })) this.set({ which }, count);
    },
  });
  gauge({
    name: "tillwatch_completeness_until_seconds",
    help: "Until when events are compared with Stripe's list, seconds since 1970; 0 before the first comparison",
    registers: [registry],
    async collect() {
      this.set(((await of()).untilMs ?? 0) / 1000);
    },
  });
  gauge({
    name: "tillwatch_completeness_gaps_open",
    help: "Times of which events are still missing whenever Stripe's list is looked at; they are fetched, but do not come by themselves",
    registers: [registry],
    async collect() {
      this.set((await readGaps(db.read, 0, Number.MAX_SAFE_INTEGER, 100)).filter(({ closedAt }) => closedAt === null).length);
    },
  });
}

/** What came in and what was judged: for who has a key. */
function business(parts: PrometheusParts): Registry {
  const { db } = parts;
  const registry = new Registry();
  gauge({
    name: "tillwatch_events_stored",
    help: "Position of the last event in the ledger",
    registers: [registry],
    async collect() {
      const { rows } = await sql<{ n: number | null }>`select max(seq) as n from event`.execute(db.read);
      this.set(rows[0]?.n ?? 0);
    },
  });
  gauge({
    name: "tillwatch_events_waiting",
    help: "Events stored and not yet derived from",
    registers: [registry],
    async collect() {
      this.set(await deriveBacklog(db.read));
    },
  });
  gauge({
    name: "tillwatch_events_set_aside",
    help: "Events that a derivation could not digest",
    registers: [registry],
    async collect() {
      const row = await db.read.selectFrom("event_failure").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst();
      this.set(row?.n ?? 0);
    },
  });
  completenessGauges(parts, registry);
  sloGauges(registry, parts.config, db);
  gauge({
    name: "tillwatch_alerts_open",
    help: "Open alerts by rule and severity",
    labelNames: ["rule", "severity", "state"],
    registers: [registry],
    async collect() {
      this.reset();
      const rows = await db.read.selectFrom("alert").select(["rule", "severity", "state"]).where("resolved_at", "is", null).execute();
      for (const row of rows) this.inc(row, 1);
    },
  });
  return registry;
}

/** `GET /metrics`, Prometheus text: technical figures for everyone, with a key (`X-Dash-Key`) all of them. */
export function metricsRoute(http: Http, parts: PrometheusParts): void {
  const open = technical(parts);
  const all = Registry.merge([open, business(parts)]);
  const viewer = requireRole(parts.access, "viewer");
  http.get("/metrics", { config: { quiet: true }, schema: { summary: "Prometheus text", tags: ["service"], security: [] } }, async (request, reply) => {
    const known = request.headers["x-dash-key"] !== undefined;
    if (known) await viewer(request, reply);
    const registry = known ? all : open;
    return await reply.type(registry.contentType).send(await registry.metrics());
  });
}
