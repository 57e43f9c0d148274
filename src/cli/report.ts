import { chmodSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { reportSources } from "../app/reports.ts";
import { VERSION } from "../app/version.ts";
import { AppError } from "../platform/index.ts";
import { findBrowser, fulfil, type PeriodAsked, PERIODS, type Report, REPORT_FORMATS, type ReportFormat, renderReport } from "../reports/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";

interface Options extends PeriodAsked {
  format: ReportFormat;
  pdf?: boolean;
  json?: boolean;
  public?: boolean;
  paper: "a4" | "letter";
  output?: string;
}

const EXTENSION: Readonly<Record<ReportFormat, string>> = { json: "json", html: "html", csv: "zip", pdf: "pdf" };

function nameOf({ period: { fromMs, toMs, timeZone }, public: isPublic }: Report, format: ReportFormat): string {
  const day = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate().toString();
  return `enterprise-${day(fromMs)}-${day(toMs - 1)}${isPublic ? "-public" : ""}.${EXTENSION[format]}`;
}

/** Whole or not at all: what is there under the name is never half a report. Only the owner reads it. */
async function write(path: string, content: Uint8Array): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  try {
    const made = await mkdir(dirname(path), { recursive: true });
    if (made !== undefined) chmodSync(made, 0o700);
    await writeFile(unfinished, content, { mode: 0o600 });
    await rename(unfinished, path);
  } catch (error) {
    throw new AppError("unavailable", `cannot write ${path} (${error instanceof Error ? error.message : String(error)}); give another place with --output`, { code: "report_not_written", cause: error });
  }
}

async function enterprise(context: ServiceContext, options: Options): Promise<void> {
  const config = await context.config();
  const { from, to, tz, period, compare } = options;
  const warn = (section: string, error: unknown): void => void process.stderr.write(`tillwatch: the part ${section} could not be read: ${error instanceof Error ? error.message : String(error)}\n`);
  await withDatabase(context, async (db) => {
    const report = await fulfil(reportSources(config, db, warn), { asked: { from, to, tz, period, compare }, public: options.public === true }, context.clock.now());
    const format = options.json === true ? "json" : options.pdf === true ? "pdf" : options.format;
    const content = await renderReport(report, format, { version: VERSION, browser: findBrowser(process.env), paper: options.paper });
    const toStdout = options.output === "-" || (options.output === undefined && format === "json");
    if (toStdout) {
      await new Promise<void>((done, failed) => process.stdout.write(format === "json" ? `${Buffer.from(content).toString()}\n` : content, (error) => (error ? failed(error) : done())));
      return;
    }
    const path = options.output === undefined ? join(config.dataDir, "reports", nameOf(report, format)) : resolve(options.output);
    await write(path, content);
    context.print(path);
  });
}

/** `tillwatch report enterprise`. */
export function reportCommand(context: ServiceContext): Command {
  const command = new Command("enterprise")
    .description("revenue, payments, refunds, disputes, webhooks, alerts, tasks and changes of a period; writes a page and prints its path")
    .option("--from <time>", "a date as 2026-01-01, or a time with its zone")
    .option("--to <time>", "the last day, or a time with its zone; now when left out")
    .addOption(new Option("--period <name>", "instead of --from and --to; last_30_days when nothing is given").choices([...PERIODS]))
    .option("--tz <zone>", "time zone such as Europe/Berlin; the merchant's when left out")
    .addOption(new Option("--compare <with>", "show beside each figure that of as long a time before").choices(["previous"]))
    .addOption(new Option("--format <format>", "what to make; csv is a ZIP archive of the tables").choices([...REPORT_FORMATS]).default("html"))
    .option("--pdf", "the same as --format pdf; needs Chromium")
    .addOption(new Option("--paper <size>", "of a PDF").choices(["a4", "letter"]).default("a4"))
    .option("--public", "the public version: totals only")
    .option("--output <path>", "where to write; - for standard output")
    .option("--json", "print the data as one JSON document")
    .addHelpText("after", "\nExamples:\n  $ tillwatch report enterprise --period last_month --compare previous\n  $ tillwatch report enterprise --from 2026-01-01 --to 2026-03-31 --pdf\n  $ tillwatch report enterprise --json | jq '.sections[] | select(.id == \"revenue\") | .figures'")
    .action((options: Options) => enterprise(context, options));
  return new Command("report").description("reports over a period").addHelpText("after", "\nExample:\n  $ tillwatch report enterprise").addCommand(command);
}
