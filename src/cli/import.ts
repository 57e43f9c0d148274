import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { importBoundary, importFiles, importTotals, type ImportReport } from "../ingest/index.ts";
import { AppError, type Database, errorText, isoSeconds } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

interface Options {
  dryRun?: boolean;
  json?: boolean;
  until?: string;
  mode?: "live" | "test";
}

/** Also finds what is missing or no file before anything is taken. */
function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new AppError("invalid", `${path} is not a file; name the files themselves (logs/*.ndjson)`, { code: "not_a_file" });
    return found.size;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("not_found", `cannot read ${path}: ${errorText(error)}`, { code: "file_not_read", cause: error });
  }
}

function untilOf(given: string): number | null {
  if (given === "all") return null;
  const ms = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(given) ? given : `${given}${given.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(ms)) throw new AppError("invalid", `--until is ${JSON.stringify(given)}; right would be a time like 2025-10-01 or 2025-10-01T12:00:00Z, or all`, { code: "until_invalid" });
  return ms;
}

export function showImport(report: ImportReport, dryRun: boolean): Record<string, unknown> {
  const sum = importTotals(report);
  return {
    ok: true,
    dry_run: dryRun,
    lines: sum.lines,
    taken: sum.taken,
    already_there: sum.alreadyThere,
    skipped: sum.skipped,
    bad: sum.bad,
    skipped_because: [...report.reasons].map(([reason, count]) => ({ reason, count })),
    bad_lines: report.badLines,
    files: report.files.map(({ alreadyThere, ...file }) => ({ ...file, already_there: alreadyThere })),
  };
}

function readable(report: ImportReport, dryRun: boolean): string {
  const parts = [table(["FILE", "LINES", dryRun ? "WOULD TAKE" : "TAKEN", "ALREADY THERE", "SKIPPED", "BAD"], report.files.map((file) => [file.file, file.lines, file.taken, file.alreadyThere, file.skipped, file.bad]))];
  if (report.reasons.size > 0) parts.push(`Skipped:\n${[...report.reasons].map(([reason, count]) => `  ${count} × ${reason}`).join("\n")}`);
  if (report.badLines.length > 0) {
    const more = importTotals(report).bad - report.badLines.length;
    parts.push(`Bad lines:\n${report.badLines.map(({ file, line, reason }) => `  ${file}:${line}: ${reason}`).join("\n")}${more > 0 ? `\n  and ${more} more` : ""}`);
  }
  if (dryRun) parts.push("Nothing was stored (--dry-run).");
  return parts.join("\n\n");
}

async function runImport(context: ServiceContext, db: Database, files: readonly string[], options: Options): Promise<ImportReport> {
  const config = await context.config();
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const bar = progressBar(total);
  let done = 0;
  const nowMs = context.clock.now();
  const untilMs = options.until === undefined ? (config.sandbox ? null : await importBoundary(db, nowMs, options.dryRun !== true)) : untilOf(options.until);
  try {
    return await importFiles(db, {
      files,
      dryRun: options.dryRun === true,
      nowMs,
      timeZone: config.merchant.timeZone,
      live: (options.mode ?? config.stripe.mode) === "live",
      untilMs,
      onProgress: (bytes) => {
        done += bytes;
        bar.update(done, `${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`);
      },
    });
  } finally {
    bar.end();
    if (untilMs !== null && options.json !== true) process.stderr.write(`Money without an id of Stripe's is taken from before ${isoSeconds(untilMs)}; from then on Stripe's own events tell of it (--until changes this).\n`);
  }
}

/** `tillwatch import FILE…`. Ctrl-C leaves whole transactions; running it again goes on where it ended. */
export function importCommand(context: ServiceContext): Command {
  return new Command("import")
    .description("take the files of the older system, or exports from Stripe (events as JSON, payments and refunds as CSV)")
    .argument("<files...>", "stripe_webhooks.ndjson, payments_*.ndjson, refunds.ndjson, *.json, *.csv; each also as .gz")
    .option("--dry-run", "read and decide everything, store nothing")
    .option("--until <time>", "take money lines without an id of Stripe's only from before this time, or all")
    .addOption(new Option("--mode <mode>", "for lines that do not say theirs").choices(["live", "test"]))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nHowever often it is run, each line is taken once.\n\nExample:\n  $ tillwatch import logs/*.ndjson --dry-run\n  $ tillwatch import logs/*.ndjson")
    .action(async (files: string[], options: Options) => {
      for (const file of files) sizeOf(file);
      await withDatabase(context, async (db) => {
        const report = await runImport(context, db, files, options);
        context.print(options.json === true ? JSON.stringify(showImport(report, options.dryRun === true)) : readable(report, options.dryRun === true));
      });
    });
}
