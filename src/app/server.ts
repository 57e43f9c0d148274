import { type Access, accessRoutes, type Actor, linkRoutes, principalOf, requireEntrance, requireRole } from "../access/index.ts";
import { backupRoutes } from "../backup/index.ts";
import { type Examiner, healthRoutes } from "../health/index.ts";
import { completenessRoutes, forwardRoutes, type Gate, type WebhookRoutes, webhookRoutes } from "../ingest/index.ts";
import { ledgerRoutes } from "../ledger/index.ts";
import { currency } from "../money/index.ts";
import { localDays } from "../metrics/index.ts";
import { operationRoutes, receiptRoutes } from "../operations/index.ts";
import { paymentsRoutes } from "../payments/index.ts";
import { type Clock, createHttp, type Database, type Guard, type Http, type Logger, openapiRoute } from "../platform/index.ts";
import { keptReportRoutes, reportRoutes } from "../reports/index.ts";
import { type TaskDefinition, type TaskRun, taskRoutes } from "../tasks/index.ts";
import { mountAlerts } from "./alerts.ts";
import { backupTargets } from "./backup.ts";
import type { Config } from "./config.ts";
import { DERIVE } from "./derive.ts";
import { forwardNote } from "./forward.ts";
import { exportRoutes } from "./exports.ts";
import { linkPages } from "./links.ts";
import { liveRoute } from "./live.ts";
import { dashboardRoutes, pageFallback } from "./dashboard.ts";
import { overviewRoutes } from "./overview.ts";
import { mountPricing } from "./pricing.ts";
import { reportsDirectory } from "./report-tasks.ts";
import { metricsRoute } from "./prometheus.ts";
import { notifyHttp } from "./notify.ts";
import { receiptDeps } from "./receipts.ts";
import { REPORT_PAGE } from "./reports.ts";
import type { ReportMaker } from "./report-beside.ts";
import { type AnswerCount, mountSlos } from "./slo.ts";
import type { StripeSource } from "./stripe.ts";
import { sweptAccounts } from "./sweep.ts";
import { mountValidation } from "./validate-beside.ts";
import { VERSION } from "./version.ts";

export interface ServerParts {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly access: Access;
  readonly gate: Gate;
  readonly stripe: StripeSource;
  readonly answers: AnswerCount;
  readonly onRefused: WebhookRoutes["onRefused"];
  readonly health: Examiner;
  readonly reports: Pick<ReportMaker, "make">;
  readonly startedAt: number;
  /** False once the service is ending. */
  accepting(): boolean;
  readonly tasks: readonly TaskDefinition[];
  runTask(name: string, actor: Actor, requestId: string): Promise<TaskRun>;
}

/** The HTTP side of the service: every room's routes on one shell. Not listening yet. */
export async function createServer(parts: ServerParts): Promise<Http> {
  const { config, db, clock, access } = parts;
  const http = await createHttp({
    clock,
    version: VERSION,
    log: parts.log,
    limits: { bodyBytes: config.server.bodyLimitBytes, handlerMs: config.server.requestTimeLimitMs },
    tls: config.server.publicUrl?.startsWith("https://") ?? false,
    trustedProxies: config.server.trustedProxies,
    fallback: pageFallback(config),
  });
  parts.answers.watch(http);
  const viewer: Guard = requireRole(access, "viewer");
  const operator: Guard = requireRole(access, "operator");
  accessRoutes(http, access);
  linkRoutes(http, access, linkPages(config, clock));
  webhookRoutes(http, { gate: parts.gate, onRefused: parts.onRefused });
  ledgerRoutes(http, { db, viewer, consumer: DERIVE });
  completenessRoutes(http, { db, clock, viewer, accounts: sweptAccounts(config), dayOf: localDays(config.merchant.timeZone) });
  forwardRoutes(http, { db, clock, viewer, operator, targets: config.ingest.forward, consumer: DERIVE, note: forwardNote(clock) });
  paymentsRoutes(http, { db, viewer, consumer: DERIVE, currency: currency(config.merchant.currency) });
  exportRoutes(http, { db, viewer, admin: requireRole(access, "admin"), currency: currency(config.merchant.currency) });
  liveRoute(http, { db, clock, log: parts.log, viewer });
  operationRoutes(http, { db, clock, viewer, operator, stripe: () => parts.stripe.need(), limits: config.operations.refundLimits, currency: currency(config.merchant.currency) });
  receiptRoutes(http, { ...receiptDeps(config, db, clock, parts.stripe), viewer, operator });
  mountAlerts(http, { db, clock, access, config });
  notifyHttp(http, { db, config, clock, access, log: parts.log });
  mountSlos(http, { ...parts, viewer });
  backupRoutes(http, {
    db,
    viewer,
    admin: requireRole(access, "admin"),
    targets: backupTargets(config).map(({ label }) => label),
    encrypted: config.backup.key !== null,
    begin: (task, request) => parts.runTask(task, principalOf(request), request.id),
  });
  taskRoutes(http, { db, clock, viewer, operator, tasks: parts.tasks, runNow: (name, request) => parts.runTask(name, principalOf(request), request.id) });
  mountPricing(http, parts, { viewer, operator, admin: requireRole(access, "admin") });
  healthRoutes(http, {
    examiner: parts.health,
    clock,
    version: VERSION,
    startedAt: parts.startedAt,
    mode: config.stripe.mode,
    sandbox: config.sandbox,
    viewer,
    accepting: parts.accepting,
  });
  const entrance = requireEntrance({ access, page: REPORT_PAGE, role: "viewer", isPublic: config.reports.public });
  keptReportRoutes(http, { db, clock, viewer, admin: requireRole(access, "admin"), directory: reportsDirectory(config) });
  reportRoutes(http, { clock, viewer, entrance, timeZone: config.merchant.timeZone, make: parts.reports.make });
  mountValidation(http, { access, config, clock, log: parts.log });
  metricsRoute(http, parts);
  await dashboardRoutes(http, config, viewer);
  overviewRoutes(http, { db, config, clock, viewer });
  openapiRoute(http, viewer);
  return http;
}
