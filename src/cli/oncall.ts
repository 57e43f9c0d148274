import { Command } from "commander";
import { rosterOf } from "../app/notify.ts";
import { duties, showDuty } from "../oncall/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

/** `tillwatch oncall`. */
export function oncallCommand(context: ServiceContext): Command {
  return new Command("oncall")
    .description("who is on call now, until when, and who is next; exit 1 when somewhere nobody is")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch oncall")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const all = await duties(db.read, rosterOf(await context.config()), context.clock.now());
        const data = all.map(showDuty);
        if (data.some(({ now }) => now === null)) context.setExitCode(1);
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No rotation is configured; see docs/oncall.md.");
        else context.print(table(["ROTATION", "NOW", "UNTIL", "NEXT", "GAP"], data.map((one) => [one.rotation, one.now?.name ?? "nobody", one.until, one.next?.name ?? null, one.gap?.starts_at ?? null])));
      });
    });
}
