import { Command } from "commander";
import { DERIVE } from "../app/derive.ts";
import { rebuild } from "../metrics/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progress } from "./progress.ts";
import { table } from "./table.ts";

const EXIT_DIFFERENT = 3;

/** `tillwatch rebuild [--check]`. Exit 3 when `--check` finds a difference. */
export function rebuildCommand(context: ServiceContext): Command {
  return new Command("rebuild")
    .description("derive payments and figures anew from the events, beside the live ones, and mend what differs")
    .option("--check", "compare only; exit 3 when anything differs")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nThe service may go on meanwhile. A kill leaves the live tables right.\n\nExample:\n  $ tillwatch rebuild --check")
    .action(async (options: { check?: boolean; json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const bar = progress("Deriving");
        const check = options.check === true;
        const report = await rebuild(db, { check, timeZone: config.merchant.timeZone, consumer: DERIVE, onProgress: bar.show }).finally(bar.end);
        if (options.json === true) context.print(JSON.stringify({ ok: report.same || report.repaired, ...report }));
        else {
          context.print(`${report.events} events derived anew. ${report.same ? "Everything is as it was." : report.repaired ? "What differed was mended." : "There are differences."}`);
          if (!report.same) context.print(table(["TABLE", "MISSING", "TOO MANY", "DIFFERENT"], report.tables.map((one) => [one.table, one.missing, one.extra, one.different])));
        }
        if (check && !report.same) context.setExitCode(EXIT_DIFFERENT);
      });
    });
}
