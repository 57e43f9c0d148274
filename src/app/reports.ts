import type { LinkPage } from "../access/index.ts";
import { currency } from "../money/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { checkReportParams, type ReportSources } from "../reports/index.ts";
import type { Config } from "./config.ts";
import { deriveBacklog } from "./derive.ts";

/** Name of the page in signed links. Never change it: links would die. */
export const REPORT_PAGE = "enterprise_report";

/** What the report is made from, as configured. */
export function reportSources(config: Config, db: Database, onError: ReportSources["onError"]): ReportSources {
  const { merchant, stripe, sandbox, retention, notify } = config;
  return {
    db,
    live: stripe.mode === "live",
    mainCurrency: currency(merchant.currency),
    slos: config.slo.slos,
    taskRunsKeptMs: retention.taskRunsMs,
    noticesKeptMs: notify.keepMs,
    merchant: { name: merchant.name, timeZone: merchant.timeZone },
    mode: sandbox ? "sandbox" : stripe.mode,
    behind: () => deriveBacklog(db.read),
    onError,
  };
}

export function reportLinkPage(config: Pick<Config, "merchant">, clock: Clock): LinkPage {
  return { path: "/api/reports/enterprise/html", title: "the enterprise report", checkParams: (params) => checkReportParams(params, config.merchant.timeZone, clock.now()) };
}
