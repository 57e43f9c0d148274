import { Command, Option } from "commander";
import { productionAlerts } from "../app/node-tasks.ts";
import { listAlerts, type ProductionRecord, showAlert } from "../alerts/index.ts";
import { isoSeconds, openJournal, requireWritableDirectory } from "../platform/index.ts";

import { actCommands, showCommand } from "./alert-acts.ts";
import { backtestCommand } from "./alerts-backtest.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

/** How long the command derives from what is waiting before it judges. */
const CATCH_UP_MS = 10_000;

const EXIT = { OK: 0, WARNING: 1, CRITICAL: 2 } as const;

function worst(record: ProductionRecord): keyof typeof EXIT {
  const all = Object.values(record.severity);
  return all.includes("CRITICAL") ? "CRITICAL" : all.includes("WARNING") ? "WARNING" : "OK";
}

function runCommand(context: ServiceContext): Command {
  return new Command("run")
    .description("judge the production alerts now; prints the record and appends it to production_alerts.ndjson")
    .option("--exit-code", "exit 1 when the worst is WARNING, 2 when CRITICAL")
    .addOption(new Option("--json", "print one JSON document (it always is one)"))
    .addHelpText("after", "\nExample:\n  $ tillwatch alerts run | jq .severity")
    .action(async (options: { exitCode?: boolean }) => {
      const config = await context.config();
      if (config.logDir !== null) requireWritableDirectory(config.logDir, "LOG_DIR");
      await withDatabase(context, async (db) => {
        const journal = openJournal({ dir: config.logDir, clock: context.clock, onTrouble: (trouble) => void process.stderr.write(`tillwatch: the record was not logged: ${JSON.stringify(trouble)}\n`) });
        const { record } = await productionAlerts(db, config, context.clock, journal, CATCH_UP_MS);
        await journal.close();
        context.print(JSON.stringify(record));
        if (options.exitCode === true) context.setExitCode(EXIT[worst(record)]);
      });
    });
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("list alerts, newest first")
    .option("--open", "only those that are not resolved")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch alerts list --open")
    .action(async (options: { open?: boolean; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const { alerts } = await listAlerts(db.read, options.open === true ? { state: "open" } : {}, 100, null);
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: alerts.length, data: alerts.map(showAlert) }));
        else if (alerts.length === 0) context.print(options.open === true ? "No alert is open." : "No alert yet.");
        else
          context.print(
            table(
              ["ID", "RULE", "STATE", "SEVERITY", "OPENED", "RESOLVED", "WHAT"],
              alerts.map((alert) => [alert.id, alert.rule, alert.state, alert.severity, isoSeconds(alert.openedAt), alert.resolvedAt === null ? null : isoSeconds(alert.resolvedAt), alert.summary]),
            ),
          );
      });
    });
}

/** `tillwatch alerts run | list | show | ack | resolve | comment | feedback | backtest`. */
export function alertsCommand(context: ServiceContext): Command {
  const alerts = new Command("alerts")
    .description("judge now, list and act on alerts, replay history")
    .addHelpText("after", "\nExample:\n  $ tillwatch alerts run | jq .")
    .addCommand(runCommand(context))
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(backtestCommand(context));
  for (const command of actCommands(context)) alerts.addCommand(command);
  return alerts;
}
