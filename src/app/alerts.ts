import { type Access, principalOf, recordAudit, requireRole } from "../access/index.ts";
import { type AlertRoutes, alertRoutes, backtestRoutes, createWatch, type ExpectationRoutes, expectationRoutes, type IngestFacts, lintRules, readUsualNow, type RuleFinding, type RuleSet, type Watch } from "../alerts/index.ts";
import { completeness, completenessText, IMPORT_ENDPOINT, sweepStatus } from "../ingest/index.ts";
import { lastDeliveryAt } from "../ledger/index.ts";
import { type Clock, type Database, DAY_MS, type Guard, type Http, type Logger } from "../platform/index.ts";
import { backtestBeside } from "./backtest-beside.ts";
import type { Config } from "./config.ts";
import { DERIVE } from "./derive.ts";

/** What the routes of alerts need of the other rooms: who asks, and the trail of what they did. */
function alertRouteDeps(db: Database, clock: Clock, access: Access, config: Pick<Config, "stripe">): AlertRoutes {
  return {
    db,
    clock,
    live: config.stripe.mode === "live",
    viewer: requireRole(access, "viewer"),
    operator: requireRole(access, "operator"),
    doer: (request) => {
      const { keyId, name } = principalOf(request);
      return { id: keyId, name };
    },
    trail: async (tx, request, action, alert, detail) => {
      const { keyId, name } = principalOf(request);
      await recordAudit(tx, { at: clock.now(), actor: { keyId, name }, action, subject: String(alert.id), detail: { rule: alert.rule, ...detail }, requestId: request.id, outcome: "ok" });
    },
  };
}

function scopeOf(config: Pick<Config, "stripe" | "merchant">) {
  return { live: config.stripe.mode === "live", timeZone: config.merchant.timeZone, mainCurrency: config.merchant.currency, consumer: DERIVE };
}

/** The rule set as it is configured. */
export function ruleSetOf({ alerts }: Pick<Config, "alerts">): RuleSet {
  const { webhookFailures5m, paymentErrorRate1h, revenueChangeDod, evidence, settings } = alerts;
  return { thresholds: { webhookFailures5m, paymentErrorRate1h, revenueChangeDoD: revenueChangeDod, evidence }, settings };
}

/** Rules that can never fire or always would, by the configuration and by this shop's volume; for the command and the validation. */
export async function ruleFindings(db: Database, config: Pick<Config, "alerts">, nowMs: number): Promise<RuleFinding[]> {
  return lintRules(ruleSetOf(config), await readUsualNow(db.read, nowMs), nowMs);
}

/** Whose minutes are judged. */
export function judgedScope(config: Pick<Config, "stripe" | "merchant">) {
  const scope = scopeOf(config);
  return { scope, feed: { live: scope.live, foreignEndpoints: [IMPORT_ENDPOINT] } };
}

/** What is usual, for the pages. */
function expectationDeps(db: Database, clock: Clock, viewer: Guard, config: Pick<Config, "stripe" | "merchant" | "ingest">): ExpectationRoutes {
  const complete = async (nowMs: number): Promise<string | null> => {
    if (!config.ingest.sweep) return null;
    const figure = await completeness(db.read, null, nowMs - DAY_MS, nowMs);
    return figure.untilMs === null ? null : completenessText(figure);
  };
  return { db, clock, viewer, scope: { ...scopeOf(config), completeness: complete } };
}

/** Everything about alerts and what is usual, over HTTP. */
export function mountAlerts(http: Http, { db, clock, access, config }: { readonly db: Database; readonly clock: Clock; readonly access: Access; readonly config: Config }): void {
  alertRoutes(http, alertRouteDeps(db, clock, access, config));
  expectationRoutes(http, expectationDeps(db, clock, requireRole(access, "viewer"), config));
  backtestRoutes(http, { operator: requireRole(access, "operator"), run: backtestBeside() });
}

/** How events come in, for the gate: a dip is not believed while they may be what is missing. */
async function ingestFacts(db: Database, config: Pick<Config, "ingest">): Promise<IngestFacts> {
  const delivered = await lastDeliveryAt(db.read, IMPORT_ENDPOINT);
  // What a followed file brings are no deliveries.
  const read = config.ingest.tail.length === 0 ? undefined : await db.read.selectFrom("event").select("received_at").orderBy("seq", "desc").limit(1).executeTakeFirst();
  const sweep = config.ingest.sweep ? await sweepStatus(db.read, null) : null;
  return {
    lastDeliveryAt: delivered === null && read === undefined ? null : Math.max(delivered ?? 0, read?.received_at ?? 0),
    comparedUntil: config.ingest.sweep ? (sweep?.checkpointMs ?? 0) : null,
    trouble: sweep?.trouble?.text ?? null,
  };
}

/**
 * Follows the minutes on this node, when no other does.
 *
 * @param sweepNow asks Stripe for what is missing without waiting for the next five minutes; while a dip is held.
 */
export function watchOf(config: Config, db: Database, clock: Clock, log: Logger, node: string, sweepNow: () => void): Watch {
  return createWatch({
    db,
    clock,
    node,
    ...judgedScope(config),
    settings: config.alerts.settings,
    facts: () => ingestFacts(db, config),
    onTransition: (transition) => log.warn(transition, "alert"),
    onHeld: config.ingest.sweep ? sweepNow : () => {},
  });
}
