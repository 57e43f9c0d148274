import { createHash } from "node:crypto";
import { join } from "node:path";
import { inform } from "../notify/index.ts";
import { type Clock, type Database, MINUTE_MS, openMailer } from "../platform/index.ts";
import { digestOf, headlinesOf, keepReport, type PeriodName, type ReportOrder, type ShownReport } from "../reports/index.ts";
import type { Evidence, TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { informedOf } from "./notify-settings.ts";
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

export function reportsDirectory({ dataDir }: Pick<Config, "dataDir">): string {
  return join(dataDir, "reports");
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

/** Puts its headlines into the notices of the configured channels. Answers how many will hear of it. */
async function tell({ db, config, clock }: ReportTasks, report: ShownReport, { name }: Scheduled): Promise<number> {
  const { channels } = config.reports;
  if (channels.length === 0) return 0;
  const { root, channels: known } = informedOf(config);
  const address = addressOf(config, report);
  const what = { key: `report/${name}`, rule: "report", subject: `${name} report`, labels: {}, title: digestOf(report, name, address).subject, lines: [...headlinesOf(report), ...(address === null ? [] : [`The whole report: ${address}`])] };
  // To whom is said by reports.channels alone: no route of an alert has to know of it.
  const route = { ...root, matchers: [], routes: [], channels };
  return await db.write((tx) => inform(tx, { root: route, channels: known }, what, clock.now()));
}

async function run(deps: ReportTasks, scheduled: Scheduled, make: MakeReport, signal: AbortSignal): Promise<Evidence> {
  const { config } = deps;
  const asked = { period: scheduled.period, compare: "previous" } as const;
  const report = JSON.parse((await make({ asked, format: "json", public: false }, signal)).toString()) as ShownReport;
  // By the bounds of the first, so that both speak of the same time, also at midnight.
  const bounds = { from: report.period.from, to: report.period.to, tz: report.period.time_zone, compare: "previous" } as const;
  const content = await make({ asked: bounds, format: "html", public: false }, signal);
  const id = `${scheduled.name}-${Temporal.Instant.from(report.period.from).toZonedDateTimeISO(report.period.time_zone).toPlainDate().toString()}`;
  const file = `${id}.html`;
  await keepReport(reportsDirectory(config), id, content, config.reports.keepFiles);
  const told = await tell(deps, report, scheduled);
  return { file, bytes: content.length, period: report.period.text, told, mailed: await mail(config, report, scheduled, file, content) };
}

export interface ReportTasks {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
}

/** The weekly and the monthly report. Off unless configured, and can be run by hand all the same. */
export function reportTasks(deps: ReportTasks, make: MakeReport = makeBeside): TaskDefinition[] {
  const { config } = deps;
  const all: Scheduled[] = [
    { task: "report_weekly", name: "weekly", period: "last_week", cron: "0 7 * * 1", enabled: config.reports.weekly },
    { task: "report_monthly", name: "monthly", period: "last_month", cron: "0 7 1 * *", enabled: config.reports.monthly },
  ];
  return all.map((scheduled) => ({
    name: scheduled.task,
    description: `Makes the ${scheduled.name} report, keeps it in DATA_DIR/reports, mails its digest and tells its headlines to channels`,
    schedule: { kind: "cron", cron: scheduled.cron, timeZone: config.merchant.timeZone },
    missed: "once",
    graceMs: 60 * MINUTE_MS,
    timeLimitMs: 10 * MINUTE_MS,
    enabled: scheduled.enabled,
    run: ({ signal }) => run(deps, scheduled, make, signal),
  }));
}
