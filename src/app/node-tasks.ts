import { evaluate, type EvaluateOptions } from "../alerts/index.ts";
import { retainDeadLetters, retainGaps, retainSignatures, retainWitness } from "../ingest/index.ts";
import { retainDeliveries, retainEvents } from "../ledger/index.ts";
import { retainMetrics } from "../metrics/index.ts";
import type { Clock, Database, Journal } from "../platform/index.ts";
import { retainSloCounts } from "../slo/index.ts";
import { applySettings, retainTaskRuns, type TaskDefinition } from "../tasks/index.ts";
import { judgedScope, ruleSetOf } from "./alerts.ts";
import { backupTasks } from "./backup.ts";
import { drillRule, drillTask } from "./alert-drill.ts";
import { ruleOfCheck } from "./check-rules.ts";
import { alertingChecks, healthChecks } from "./checks.ts";
import type { Config } from "./config.ts";
import { catchUp, DERIVE } from "./derive.ts";
import { guardTask } from "./guard.ts";
import { pricingTask } from "./pricing.ts";
import { forgetNotices } from "./notify.ts";
import { quarantineTask } from "./quarantine.ts";
import { sloRules } from "./slo.ts";
import { reportTasks } from "./report-tasks.ts";
import { sweepTask } from "./sweep.ts";
import { taskRules } from "./task-alarms.ts";
import { watchdogTask } from "./watchdog.ts";

export const PRODUCTION_ALERTS_LOG = "production_alerts.ndjson";

const MINUTE = 60_000;

/** What the literal rules are judged by, and the checks that are rules too. */
export function evaluationOf(config: Config, db: Database, clock: Clock): EvaluateOptions {
  return {
    scope: judgedScope(config).scope,
    thresholds: ruleSetOf(config).thresholds,
    handed: [drillRule(db), ...alertingChecks({ db, config, clock }).map(ruleOfCheck), ...sloRules(config, db), ...taskRules(db, taskDefinitions(db, config, clock, { append: () => {} }), clock)],
    settings: config.alerts.settings,
  };
}

/**
 * Judges now and appends the record. The command derives from what is waiting first; the service leaves that to its own
 * loop, which keeps to its share of the thread, and the record says how far it is.
 */
export async function productionAlerts(db: Database, config: Config, clock: Clock, journal: Pick<Journal, "append">, upToMs = 0): ReturnType<typeof evaluate> {
  if (upToMs > 0) await catchUp(db, config.merchant.timeZone, clock, upToMs, config.slo.processedWithinMs);
  const evaluation = await evaluate(db, evaluationOf(config, db, clock), clock.now());
  journal.append(PRODUCTION_ALERTS_LOG, [evaluation.record]);
  return evaluation;
}

/** Repeats a small deletion until there is nothing left, giving way in between. */
async function repeat(signal: AbortSignal, step: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const gone = await step();
    total += gone;
    if (gone === 0 || signal.aborted) return total;
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }
}

async function retention(db: Database, config: Config, nowMs: number, signal: AbortSignal): Promise<Record<string, number>> {
  const { retention: keep } = config;
  const step = async (keepMs: number | null, forget: (beforeMs: number) => Promise<number>) => (keepMs === null ? 0 : await repeat(signal, () => forget(nowMs - keepMs)));
  return {
    events: await step(keep.eventsMs, (before) => retainEvents(db, before, 500)),
    deliveries: await step(keep.deliveriesMs, (before) => retainDeliveries(db, before, 1000)),
    minutes: await step(keep.minutesMs, (before) => retainMetrics(db, "minute", before, 1000, DERIVE)),
    hours: await step(keep.hoursMs, (before) => retainMetrics(db, "hour", before, 1000, DERIVE)),
    slo_counts: await repeat(signal, () => db.write((tx) => retainSloCounts(tx, nowMs, 1000))),
    notices: await step(config.notify.keepMs, (before) => forgetNotices(db, before)),
    task_runs: await step(keep.taskRunsMs, (before) => db.write((tx) => retainTaskRuns(tx, before, 1000))),
    witness: await step(keep.completenessMs, (before) => retainWitness(db, before, 1000)),
    signatures: await step(7 * 24 * 60 * MINUTE, (before) => retainSignatures(db, before, 1000)),
    gaps: await step(keep.completenessMs, (before) => retainGaps(db, before, 500)),
    dead_letters: await step(keep.deliveriesMs, (before) => retainDeadLetters(db, before, 500)),
  };
}

/** The scheduled tasks, as configured. */
export function taskDefinitions(db: Database, config: Config, clock: Clock, journal: Pick<Journal, "append">): TaskDefinition[] {
  const definitions: TaskDefinition[] = [
    {
      name: "production_alerts",
      description: "Judges the production alerts and appends the record to production_alerts.ndjson",
      schedule: { kind: "every", everyMs: 5 * MINUTE },
      missed: "once",
      graceMs: MINUTE,
      timeLimitMs: MINUTE,
      alsoLogAs: "alerts_run",
      run: async () => {
        const { record } = await productionAlerts(db, config, clock, journal);
        return { webhook_failures: record.webhook_failures_5m, payment_error_rate: record.payment_error_rate_1h, revenue_change: record.revenue_change_DoD };
      },
    },
    {
      name: "retention",
      description: "Deletes what is older than the retention settings, in small steps",
      schedule: { kind: "cron", cron: "20 3 * * *", timeZone: config.merchant.timeZone },
      missed: "once",
      graceMs: 60 * MINUTE,
      timeLimitMs: 4 * 60 * MINUTE,
      atStartup: true,
      run: ({ signal }) => retention(db, config, clock.now(), signal),
    },
    sweepTask(db, config, clock),
    guardTask(db, config, clock),
    quarantineTask(db, config, clock),
    drillTask(db, config, clock),
    watchdogTask(db, clock, config.watchdog, () => healthChecks({ db, config, clock, tasks: definitions })),
    ...reportTasks(config),
    ...backupTasks(config),
    pricingTask(config),
  ];
  return applySettings(definitions, config.tasks, config.merchant.timeZone);
}
