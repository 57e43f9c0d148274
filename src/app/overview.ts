import { z } from "zod";
import { type Alert, listAlerts } from "../alerts/index.ts";
import { type Completeness, completeness, completenessText } from "../ingest/index.ts";
import { type DeliveryCounts, deliverySeries, localDays, type Measures, series, sumBy, sumWindow } from "../metrics/index.ts";
import { asCurrency, type Currency, exponent, majorNumber, minor, moneyText } from "../money/index.ts";
import { listOperations } from "../operations/index.ts";
import { type Clock, type Database, DAY_MS, type Guard, HOUR_MS, type Http, isoSeconds, noQuery, type Tx } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { deriveBacklog } from "./derive.ts";

const WANTS_SHAPE = z.object({ alerts: z.number().describe("Alerts that fire"), approvals: z.number().describe("Operations that wait for a second person") });

const MAJOR = z.number().describe("Major units");
const ATTEMPTS_SHAPE = z.object({ attempts: z.number(), succeeded: z.number(), failed: z.number(), failed_customer: z.number(), failed_risk: z.number(), failed_technical: z.number() });
const DELIVERIES_SHAPE = z.object({ accepted: z.number(), duplicate: z.number(), variant: z.number(), malformed: z.number(), failed: z.number(), rejected: z.number() });

const REVENUE_SHAPE = z.object({
  currency: z.string(),
  today: MAJOR.describe("Captured since the day began, gross"),
  today_minor: z.number(),
  today_text: z.string(),
  captures: z.number(),
  refunded: MAJOR,
  refunded_text: z.string(),
  yesterday: MAJOR.describe("Captured yesterday until the same time of day"),
  yesterday_text: z.string(),
});

const OVERVIEW_SHAPE = z.object({
  ts: z.string(),
  time_zone: z.string(),
  currency: z.string().describe("The merchant's main currency"),
  minor_per_major: z.number().describe("Minor units in one major unit of it"),
  day: z.object({ from: z.string(), to: z.string() }),
  behind: z.number().describe("Events stored and not yet in these figures"),
  first_event_at: z.string().nullable().describe("Null while no event has come in"),
  revenue: z.array(REVENUE_SHAPE).describe("Per currency, the main one first; never added up"),
  marks: z.array(z.object({ id: z.number(), title: z.string(), severity: z.string(), state: z.string(), at: z.string(), until: z.string().nullable() })).describe("Alerts that fired today"),
  days: z.array(z.object({ start: z.string(), gross: MAJOR })).describe("Main currency, the last 14 whole days"),
  payments: z.object({ today: ATTEMPTS_SHAPE, hour: ATTEMPTS_SHAPE, hours: z.array(z.object({ start: z.string(), attempts: z.number(), succeeded: z.number() })) }),
  webhooks: z.object({ today: DELIVERIES_SHAPE, hours: z.array(z.object({ start: z.string(), processed: z.number(), failed: z.number() })) }),
  completeness: z.object({ text: z.string(), events: z.number(), arrived: z.number(), recovered: z.number(), until: z.string().nullable() }).describe("Of the last 24 hours, with Stripe as the witness"),
  alerts: z.array(z.object({ id: z.number(), rule: z.string(), title: z.string(), summary: z.string(), severity: z.string(), state: z.string(), since: z.string(), acknowledged: z.boolean() })),
  approvals: z.array(z.object({ id: z.string(), kind: z.string(), text: z.string(), asked_by: z.string(), asked_by_key: z.string(), created: z.string() })),
});

type Overview = z.output<typeof OVERVIEW_SHAPE>;

/** Counts and lists up to here. */
const MOST = 100;
const SPARK_DAYS = 14;
const SPARK_HOURS = 24;
/** Several people looking cost no more than one. */
const FRESH_MS = 2000;

async function readWants(tx: Tx): Promise<z.output<typeof WANTS_SHAPE>> {
  const open = await listAlerts(tx, { state: "open" }, MOST, null);
  const waiting = await listOperations(tx, { state: "awaiting_approval", limit: MOST });
  return { alerts: open.alerts.filter(({ state }) => state === "firing").length, approvals: waiting.operations.length };
}

function attemptsOf(measures: Measures): z.output<typeof ATTEMPTS_SHAPE> {
  const { attempts, succeeded, failed, failed_customer, failed_risk, failed_technical } = measures;
  return { attempts, succeeded, failed, failed_customer, failed_risk, failed_technical };
}

const major = (amount: number, currency: Currency): number => majorNumber(minor(amount), currency);

/** What was taken per currency today and in the same part of yesterday. */
async function readRevenue(tx: Tx, main: Currency, live: boolean, today: { fromMs: number; toMs: number }, yesterday: { fromMs: number; toMs: number }): Promise<Overview["revenue"]> {
  const [now, then] = [await sumBy(tx, "currency", { ...today, live }), await sumBy(tx, "currency", { ...yesterday, live })];
  const known = [...new Set([main, ...now.keys(), ...then.keys()])].map(asCurrency).filter((code) => code !== null);
  const shown = known.map((currency) => {
    const [gross, refunded, before] = [now.get(currency)?.gross ?? 0, now.get(currency)?.refunded ?? 0, then.get(currency)?.gross ?? 0];
    return {
      currency,
      today: major(gross, currency),
      today_minor: gross,
      today_text: moneyText(minor(gross), currency),
      captures: now.get(currency)?.captures ?? 0,
      refunded: major(refunded, currency),
      refunded_text: moneyText(minor(refunded), currency),
      yesterday: major(before, currency),
      yesterday_text: moneyText(minor(before), currency),
    };
  });
  return shown.sort((one, other) => Number(other.currency === main) - Number(one.currency === main) || other.captures - one.captures);
}

function hoursBefore(nowMs: number): number[] {
  const last = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  return Array.from({ length: SPARK_HOURS }, (_, index) => last - (SPARK_HOURS - 1 - index) * HOUR_MS);
}

async function paymentHours(tx: Tx, live: boolean, nowMs: number): Promise<Overview["payments"]["hours"]> {
  const starts = hoursBefore(nowMs);
  const found = new Map((await series(tx, "hour", "all", { fromMs: starts[0] ?? nowMs, toMs: nowMs, live })).map(({ startMs, measures }) => [startMs, measures]));
  return starts.map((start) => ({ start: isoSeconds(start), attempts: found.get(start)?.attempts ?? 0, succeeded: found.get(start)?.succeeded ?? 0 }));
}

const NO_DELIVERIES: DeliveryCounts = { accepted: 0, duplicate: 0, variant: 0, malformed: 0, failed: 0, rejected: 0 };

function addDeliveries(one: DeliveryCounts, other: DeliveryCounts): DeliveryCounts {
  return Object.fromEntries(Object.entries(one).map(([name, count]) => [name, count + other[name as keyof DeliveryCounts]])) as unknown as DeliveryCounts;
}

async function readWebhooks(tx: Tx, dayMs: number, nowMs: number): Promise<Overview["webhooks"]> {
  const starts = hoursBefore(nowMs);
  const hours = new Map<number, DeliveryCounts>();
  let today = NO_DELIVERIES;
  for (const { startMs, counts } of await deliverySeries(tx, "hour", Math.min(dayMs - HOUR_MS, starts[0] ?? nowMs), nowMs)) {
    hours.set(startMs, addDeliveries(hours.get(startMs) ?? NO_DELIVERIES, counts));
  }
  for (const { counts } of await deliverySeries(tx, "day", dayMs, nowMs)) today = addDeliveries(today, counts);
  const shown = starts.map((start) => {
    const counts = hours.get(start) ?? NO_DELIVERIES;
    return { start: isoSeconds(start), processed: counts.accepted + counts.duplicate + counts.variant, failed: counts.failed + counts.malformed };
  });
  return { today: { ...today }, hours: shown };
}

function showCompleteness(figure: Completeness): Overview["completeness"] {
  return { text: completenessText(figure), events: figure.events, arrived: figure.arrived, recovered: figure.recovered, until: figure.untilMs === null ? null : isoSeconds(figure.untilMs) };
}

function showOpen(alert: Alert): Overview["alerts"][number] {
  const { id, rule, title, summary, severity, state } = alert;
  return { id, rule, title, summary, severity, state, since: isoSeconds(alert.startedAt ?? alert.openedAt), acknowledged: alert.acknowledged !== null };
}

/** What fired since the day began, for the marks on the time axis. */
async function readMarks(tx: Tx, fromMs: number): Promise<Overview["marks"]> {
  const { alerts } = await listAlerts(tx, {}, MOST, null);
  return alerts
    .filter(({ firedAt }) => firedAt !== null && firedAt >= fromMs)
    .map(({ id, title, severity, state, firedAt, openedAt, resolvedAt }) => ({ id, title, severity, state, at: isoSeconds(firedAt ?? openedAt), until: resolvedAt === null ? null : isoSeconds(resolvedAt) }));
}

async function readApprovals(tx: Tx): Promise<Overview["approvals"]> {
  const { operations } = await listOperations(tx, { state: "awaiting_approval", limit: MOST });
  return operations.map(({ id, kind, amount, currency, actor, createdAt }) => ({
    id,
    kind,
    text: amount === null || currency === null ? kind : moneyText(amount, currency),
    asked_by: actor.name,
    asked_by_key: actor.keyId,
    created: isoSeconds(createdAt),
  }));
}

async function firstEventAt(tx: Tx): Promise<string | null> {
  const row = await tx.selectFrom("event").select("received_at").orderBy("received_at").orderBy("seq").limit(1).executeTakeFirst();
  return row === undefined ? null : isoSeconds(row.received_at);
}

/** Every figure from buckets and short walks of an index: it costs the same at ten million events as at ten. */
async function readOverview(tx: Tx, config: Config, now: number): Promise<Overview> {
  const zone = config.merchant.timeZone;
  const dayOf = localDays(zone);
  const main = asCurrency(config.merchant.currency) ?? ("usd" as Currency);
  const live = config.stripe.mode === "live";
  const day = dayOf(now);
  const before = dayOf(day.startMs - 1);
  const sameTime = Math.min(before.startMs + (now - day.startMs), before.endMs);
  const days = await series(tx, "day", "currency", { fromMs: day.startMs - (SPARK_DAYS + 1) * DAY_MS, toMs: day.startMs, live }, main);
  const open = (await listAlerts(tx, { state: "open" }, MOST, null)).alerts.filter(({ state }) => state !== "pending");
  return {
    ts: isoSeconds(now),
    time_zone: zone,
    currency: main,
    minor_per_major: 10 ** exponent(main),
    day: { from: isoSeconds(day.startMs), to: isoSeconds(day.endMs) },
    behind: await deriveBacklog(tx),
    first_event_at: await firstEventAt(tx),
    revenue: await readRevenue(tx, main, live, { fromMs: day.startMs, toMs: now + 1 }, { fromMs: before.startMs, toMs: sameTime + 1 }),
    marks: await readMarks(tx, day.startMs),
    days: days.slice(-SPARK_DAYS).map(({ startMs, measures }) => ({ start: isoSeconds(startMs), gross: major(measures.gross, main) })),
    payments: { today: attemptsOf(await sumWindow(tx, { fromMs: day.startMs, toMs: now + 1, live })), hour: attemptsOf(await sumWindow(tx, { fromMs: now - HOUR_MS, toMs: now + 1, live })), hours: await paymentHours(tx, live, now) },
    webhooks: await readWebhooks(tx, day.startMs, now),
    completeness: showCompleteness(await completeness(tx, null, now - DAY_MS, now)),
    alerts: open.map(showOpen),
    approvals: await readApprovals(tx),
  };
}

export interface OverviewRoutes {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly viewer: Guard;
}

/** `/api/overview`: the first ten seconds; `/api/wants`: what waits for a person. */
export function overviewRoutes(http: Http, { db, config, clock, viewer }: OverviewRoutes): void {
  let last: { at: number; answer: Promise<Overview> } | null = null;
  http.get(
    "/api/overview",
    { onRequest: viewer, schema: { summary: "Today at a glance: revenue, payments, webhooks, completeness, what fires, what waits", tags: ["service"], querystring: noQuery, response: { 200: z.object({ ok: z.literal(true), data: OVERVIEW_SHAPE }) } } },
    async () => {
      const now = clock.now();
      if (last === null || now < last.at || now - last.at >= FRESH_MS) {
        const answer = readOverview(db.read, config, now);
        last = { at: now, answer };
        // A failure is told to who asked, and not kept for the next.
        answer.catch(() => (last = null));
      }
      return { ok: true as const, data: await last.answer };
    },
  );
  http.get(
    "/api/wants",
    { onRequest: viewer, schema: { summary: "How many things wait for a person", tags: ["service"], querystring: noQuery, response: { 200: z.object({ ok: z.literal(true), data: WANTS_SHAPE }) } } },
    async () => ({ ok: true as const, data: await readWants(db.read) }),
  );
}
