import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MINUTE_MS, openMailer } from "../platform/index.ts";
import { digestOf, type PeriodName, type ReportOrder, type ShownReport } from "../reports/index.ts";
import type { Evidence, TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { makeBeside } from "./report-beside.ts";

/** Makes a report; the service's in a process of its own. */
export type MakeReport = (order: ReportOrder, signal: AbortSignal) => Promise<Buffer>;

interface Scheduled {
  readonly task: string;
  /** As people call it. */
  readonly name: string;
  readonly period: PeriodName;
  readonly cron: string;
  readonly enabled: boolean;
}

/** Names of files made by schedule; nothing else in the folder is ever deleted. */
const MADE = /^(weekly|monthly)-\d{4}-\d{2}-\d{2}\.html$/;

export function reportsDirectory({ dataDir }: Pick<Config, "dataDir">): string {
  return join(dataDir, "reports");
}

/** Whole or not at all, and the owner's alone. */
async function keep(directory: string, file: string, content: Uint8Array, most: number): Promise<void> {
  if (mkdirSync(directory, { recursive: true }) !== undefined) chmodSync(directory, 0o700);
  const unfinished = join(directory, `.${file}.${process.pid}.part`);
  await writeFile(unfinished, content, { mode: 0o600 });
  await rename(unfinished, join(directory, file));
  const date = (name: string): string => name.slice(-15);
  const made = (await readdir(directory)).filter((name) => MADE.test(name)).sort((left, right) => (date(left) < date(right) ? 1 : -1));
  for (const old of made.slice(most)) await rm(join(directory, old), { force: true });
}

function addressOf({ server }: Pick<Config, "server">, { period }: ShownReport): string | null {
  if (server.publicUrl === null) return null;
  const query = new URLSearchParams({ from: period.from, to: period.to, tz: period.time_zone, compare: "previous" });
  return `${server.publicUrl.replace(/\/+$/, "")}/api/reports/enterprise/html?${query.toString()}`;
}

/**
 * Mails the digest to each. At least once: a run that is begun anew after a crash mails again, and mail readers know the
 * second by its id. @throws Error that names how many were not taken, so that the run counts as failed.
 */
async function mail(config: Config, report: ShownReport, { name }: Scheduled, file: string, content: Buffer): Promise<number> {
  const { smtp, reports, server } = config;
  if (reports.mailTo.length === 0 || smtp === null || reports.mailFrom === null) return 0;
  const mailer = openMailer(smtp);
  const { subject, text, html } = digestOf(report, name, addressOf({ server }, report));
  const refused: string[] = [];
  for (const to of reports.mailTo) {
    const messageId = `${createHash("sha256").update(JSON.stringify([report.merchant, file, to])).digest("hex").slice(0, 32)}@tillwatch`;
    const outcome = await mailer.send({ from: reports.mailFrom, to, replyTo: null, subject, text, html, messageId, attachments: [{ filename: `enterprise-report-${file}`, contentType: "text/html; charset=utf-8", content }] });
    if (outcome.kind !== "sent") refused.push(outcome.text);
  }
  if (refused.length > 0) throw new Error(`the report is made (${file}), but ${refused.length} of ${reports.mailTo.length} mails were not taken: ${refused[0]}`);
  return reports.mailTo.length;
}

async function run(config: Config, scheduled: Scheduled, make: MakeReport, signal: AbortSignal): Promise<Evidence> {
  const asked = { period: scheduled.period, compare: "previous" } as const;
  const report = JSON.parse((await make({ asked, format: "json", public: false }, signal)).toString()) as ShownReport;
  // By the bounds of the first, so that both speak of the same time, also at midnight.
  const bounds = { from: report.period.from, to: report.period.to, tz: report.period.time_zone, compare: "previous" } as const;
  const content = await make({ asked: bounds, format: "html", public: false }, signal);
  const file = `${scheduled.name}-${Temporal.Instant.from(report.period.from).toZonedDateTimeISO(report.period.time_zone).toPlainDate().toString()}.html`;
  await keep(reportsDirectory(config), file, content, config.reports.keepFiles);
  return { file, bytes: content.length, period: report.period.text, mailed: await mail(config, report, scheduled, file, content) };
}

/** The weekly and the monthly report. Off unless configured, and can be run by hand all the same. */
export function reportTasks(config: Config, make: MakeReport = makeBeside): TaskDefinition[] {
  const all: Scheduled[] = [
    { task: "report_weekly", name: "weekly", period: "last_week", cron: "0 7 * * 1", enabled: config.reports.weekly },
    { task: "report_monthly", name: "monthly", period: "last_month", cron: "0 7 1 * *", enabled: config.reports.monthly },
  ];
  return all.map((scheduled) => ({
    name: scheduled.task,
    description: `Makes the ${scheduled.name} report, keeps it in DATA_DIR/reports and mails its digest`,
    schedule: { kind: "cron", cron: scheduled.cron, timeZone: config.merchant.timeZone },
    missed: "once",
    graceMs: 60 * MINUTE_MS,
    timeLimitMs: 10 * MINUTE_MS,
    enabled: scheduled.enabled,
    run: ({ signal }) => run(config, scheduled, make, signal),
  }));
}
