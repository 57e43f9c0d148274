import { evaluate, type EvaluateOptions } from "../alerts/index.ts";
import type { Clock, Database, Journal } from "../platform/index.ts";
import { applySettings, type TaskDefinition } from "../tasks/index.ts";
import { judgedScope, ruleSetOf } from "./alerts.ts";
import { backupTasks } from "./backup.ts";
import { drillRule, drillTask } from "./alert-drill.ts";
import { ruleOfCheck } from "./check-rules.ts";
import { alertingChecks, healthChecks } from "./checks.ts";
import type { Config } from "./config.ts";
import { catchUp } from "./derive.ts";
import { guardTask } from "./guard.ts";
import { pricingTask } from "./pricing.ts";
import { quarantineTask } from "./quarantine.ts";
import { sloRules } from "./slo.ts";
import { reportTasks } from "./report-tasks.ts";
import { retentionTask } from "./retention.ts";
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
    retentionTask(db, config, clock),
    sweepTask(db, config, clock),
    guardTask(db, config, clock),
    quarantineTask(db, config, clock),
    drillTask(db, config, clock),
    watchdogTask(db, clock, config.watchdog, () => healthChecks({ db, config, clock, tasks: definitions })),
    ...reportTasks({ db, config, clock }),
    ...backupTasks(config),
    pricingTask(config),
  ];
  return applySettings(definitions, config.tasks, config.merchant.timeZone);
}
