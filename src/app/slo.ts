import { sql } from "kysely";
import { Gauge, type Registry } from "prom-client";
import type { HandedRule, Judged } from "../alerts/index.ts";
import { IMPORT_ENDPOINT, TAIL_ENDPOINT, witnessedCounts, witnessedSpan } from "../ingest/index.ts";
import { consumerSeq } from "../ledger/index.ts";
import { asCurrency, minor, moneyText } from "../money/index.ts";
import { type Clock, type Database, type Guard, type Http, MINUTE_MS, type Tx } from "../platform/index.ts";
import { type ApiAnswers, type BurnAlert, burnAlert, lateBefore, type Measured, type MeasureOptions, readHistorySpan, readStandings, recordLife, showSlo, sloRoutes, sourceOf, type Standing, type Waiting } from "../slo/index.ts";
import type { Config } from "./config.ts";
import { DERIVE } from "./derive.ts";

/** Objectives with where their counts come from. */

/** Of what waits, so many events are looked at for those that came by webhook. */
const LOOK = 20_000;

/** Delivered events that wait longer than they should, as far as they are looked at. */
async function lateWaiting(tx: Tx, withinMs: number, nowMs: number): Promise<Waiting | null> {
  const cursor = await consumerSeq(tx, DERIVE);
  const before = lateBefore(nowMs, withinMs, await readHistorySpan(tx));
  const { rows } = await sql<{ from_at: number | null; to_at: number | null; n: number }>`
    select min(received_at) as from_at, max(received_at) as to_at, count(*) as n
    from (select received_at, source_id from event where seq > ${cursor} order by seq limit ${LOOK}) as waiting
    join term on term.id = waiting.source_id and term.value = 'webhook'
    where received_at < ${before}`.execute(tx);
  const [row] = rows;
  return row === undefined || row.n === 0 ? null : { fromMs: row.from_at ?? 0, toMs: row.to_at ?? 0, count: row.n };
}

/** The same for all windows of one measurement, which ask within a moment. */
function lateWaitingOnce(withinMs: number, clock: Clock): (tx: Tx) => Promise<Waiting | null> {
  let last: { at: number; found: Waiting | null } | null = null;
  return async (tx) => {
    const now = clock.now();
    if (last === null || now < last.at || now - last.at > 1000) last = { at: now, found: await lateWaiting(tx, withinMs, now) };
    return last.found;
  };
}

export function measuredSlos(config: Pick<Config, "slo" | "stripe">, clock: Clock): Measured[] {
  const parts = {
    live: config.stripe.mode === "live",
    elsewhere: [IMPORT_ENDPOINT, TAIL_ENDPOINT],
    waiting: lateWaitingOnce(config.slo.processedWithinMs, clock),
    completeness: async (tx: Tx, fromMs: number, toMs: number) => {
      const { events, arrived } = await witnessedCounts(tx, null, fromMs, toMs);
      return { good: arrived, total: events };
    },
    completeUntilMs: async (tx: Tx) => (await witnessedSpan(tx, null))?.untilMs ?? null,
  };
  return config.slo.slos.map((slo) => ({ slo, source: sourceOf(slo, parts) }));
}

export function sloMeasurement(config: Pick<Config, "slo" | "stripe" | "merchant">, clock: Clock): MeasureOptions {
  return { measured: measuredSlos(config, clock), timeZone: config.merchant.timeZone };
}

/** "$12.50"; an amount of a currency nobody knows in plain minor units. */
export function sloMoneyText(code: string, amount: number): string {
  const known = asCurrency(code);
  return known === null ? `${amount} ${code.toUpperCase()} (minor units)` : moneyText(minor(amount), known);
}

/** A page fires at once; it must be well for a while before it is over, for burn rates flutter around their limit. */
const LIFE = { pendingMs: 0, recoveryMs: 5 * MINUTE_MS };

function judged(alert: BurnAlert): Judged {
  const verdict = alert.verdict === "breach" ? ({ kind: "breach", severity: alert.severity } as const) : ({ kind: alert.verdict } as const);
  const { value, summary, title, details, todo, subject, stake } = alert;
  return { value, summary, verdict, title, details, todo, subject, stake };
}

/** Two rules per objective: what pages, and what can wait until the morning. They read the last measurement. */
export function sloRules(config: Pick<Config, "slo">, db: Database): HandedRule[] {
  const severities = ["page", "ticket"] as const;
  return config.slo.slos.flatMap((slo) =>
    severities
      .filter((severity) => slo.limits.some((limit) => limit.severity === severity))
      .map((severity): HandedRule => ({
        name: `slo_${slo.name}_${severity}`,
        subject: `slo:${slo.name}`,
        labels: { kind: "slo", slo: slo.name },
        life: LIFE,
        judge: async (nowMs) => {
          const alert = burnAlert(slo, severity, (await readStandings(db.read)).get(slo.name), nowMs);
          return alert === null ? { value: 0, summary: `${slo.name} has no such limit`, verdict: { kind: "ok" } } : judged(alert);
        },
      })),
  );
}

export function mountSlos(http: Http, { config, db, clock, viewer }: { config: Config; db: Database; clock: Clock; viewer: Guard }): void {
  sloRoutes(http, { db, clock, viewer, measured: measuredSlos(config, clock), timeZone: config.merchant.timeZone, moneyText: sloMoneyText });
}

/** Stripe's failures are its own; a health answer that says "down" is an answer that works. */
const NOT_OURS = 502;
const NOT_COUNTED = "/api/system-health";

/** Counts what the API answers, in memory, until a sign of life takes it into the database; a kill loses seconds of it. */
export interface AnswerCount {
  /** To be called before the routes are added. */
  watch(http: Http): void;
  /** Writes what was counted with a sign of life, in its transaction. What cannot be written is kept for the next one. */
  record(db: Database, beat: (also: (tx: Tx) => Promise<void>) => Promise<void>, everyMs: number, nowMs: number): Promise<void>;
}

export function answerCount(): AnswerCount {
  let counted: ApiAnswers = { answered: 0, failed: 0 };
  return {
    watch: (http) => {
      http.addHook("onResponse", (request, reply, done) => {
        const route = request.routeOptions.url;
        if (route?.startsWith("/api/") === true && route !== NOT_COUNTED && reply.statusCode !== NOT_OURS) {
          counted = { answered: counted.answered + 1, failed: counted.failed + (reply.statusCode >= 500 ? 1 : 0) };
        }
        done();
      });
    },
    record: async (db, beat, everyMs, nowMs) => {
      const taken = counted;
      await beat((tx) => recordLife(tx, db.dialect.lock, taken, everyMs, nowMs));
      counted = { answered: counted.answered - taken.answered, failed: counted.failed - taken.failed };
    },
  };
}

function windowName(ms: number): string {
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
  return ms % day === 0 ? `${ms / day}d` : ms % hour === 0 ? `${ms / hour}h` : `${ms / minute}m`;
}

/** The gauges that exported objectives and rules read. */
export function sloGauges(registry: Registry, config: Pick<Config, "slo">, db: Database): void {
  const add = (name: string, help: string, labelNames: string[], set: (gauge: Gauge, slo: Config["slo"]["slos"][number], standing: Standing | undefined) => void): void => {
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      async collect() {
        this.reset();
        const standings = await readStandings(db.read);
        for (const slo of config.slo.slos) set(this, slo, standings.get(slo.name));
      },
    });
    registry.registerMetric(gauge);
  };
  add("tillwatch_slo_objective", "Objective: the share of events that should be good", ["slo"], (gauge, slo) => gauge.set({ slo: slo.name }, slo.objectivePpm / 1_000_000));
  add("tillwatch_slo_attainment", "Share of good events in the rolling period", ["slo"], (gauge, slo, standing) => {
    const { attainment } = showSlo(slo, standing, sloMoneyText);
    if (attainment !== null) gauge.set({ slo: slo.name }, attainment);
  });
  add("tillwatch_slo_budget_left", "What is left of the error budget: 1 all, 0 nothing, below that overspent", ["slo"], (gauge, slo, standing) => {
    const { left } = showSlo(slo, standing, sloMoneyText).budget;
    if (left !== null) gauge.set({ slo: slo.name }, left);
  });
  add("tillwatch_slo_burn_rate", "How many times as fast as allowed the budget burned within a window", ["slo", "window"], (gauge, slo, standing) => {
    for (const { ms, good, total } of standing?.windows ?? []) {
      if (total > 0) gauge.set({ slo: slo.name, window: windowName(ms) }, ((total - good) * 1_000_000) / (total * (1_000_000 - slo.objectivePpm)));
    }
  });
  add("tillwatch_slo_events", "Events within a window that ends now: good, and all that count", ["slo", "window", "which"], (gauge, slo, standing) => {
    if (standing === undefined) return;
    for (const { ms, good, total } of [...standing.windows, { ms: slo.windowDays * 86_400_000, ...standing.period }]) {
      gauge.set({ slo: slo.name, window: windowName(ms), which: "good" }, good);
      gauge.set({ slo: slo.name, window: windowName(ms), which: "total" }, total);
    }
  });
}
