import { Command, Option } from "commander";
import { type BackupPlace, drillOptions, PLACES } from "../app/backup.ts";
import { drillRestore, type DrillOutcome, showDrill } from "../backup/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { drillAlertsCommand } from "./drill-alerts.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

const EXIT: Readonly<Record<DrillOutcome, number>> = { verified: 0, failed: 1, inconclusive: 2 };
const MEANS: Readonly<Record<DrillOutcome, string>> = {
  verified: "The newest backup would save you.",
  failed: "The newest backup would NOT save you.",
  inconclusive: "It could not be found out whether the newest backup would save you.",
};

function restoreCommand(context: ServiceContext): Command {
  return new Command("restore")
    .description("restore the newest backup into a scratch place and prove it; exit 0 verified, 1 failed, 2 inconclusive")
    .addOption(new Option("--from <place>", "where it is kept; the farthest place when left out: what a lost disk would leave").choices(PLACES))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nThe service may go on meanwhile, and nothing of its data is touched.\n\nExample:\n  $ tillwatch drill restore --json | jq '.data.outcome, .data.recovery_time_ms'")
    .action(async (options: { from?: BackupPlace; json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const bar = progressBar(1);
        const drill = await drillRestore({ ...drillOptions(config, db, context.clock, options.from), onProgress: (step, share) => bar.update(share, step) }).finally(() => bar.end());
        context.setExitCode(EXIT[drill.outcome]);
        const data = showDrill(drill);
        if (options.json === true) return context.print(JSON.stringify({ ok: drill.outcome === "verified", data }));
        const times = data.recovery_time_ms === null ? "" : `\nUsable after ${(data.recovery_time_ms / 1000).toFixed(1)} s (recovery time); the state was ${Math.round((data.recovery_point_ms ?? 0) / 60_000)} minutes old (recovery point).`;
        context.print(`${drill.outcome.toUpperCase()}. ${MEANS[drill.outcome]}${times}\n\n${table(["STEP", "RESULT", "MS", "FOUND"], data.steps.map(({ step, result, ms, text }) => [step, result, ms, text]))}`);
      });
    });
}

/** `tillwatch drill restore|alerts`. */
export function drillCommand(context: ServiceContext): Command {
  return new Command("drill").description("rehearse: prove that the newest backup can be restored, and that alerts arrive").addHelpText("after", "\nExample:\n  $ tillwatch drill restore").addCommand(restoreCommand(context)).addCommand(drillAlertsCommand(context));
}
