import { type Database, MINUTE_MS, type Tx } from "../platform/index.ts";
import { readInputs, type Scope } from "./inputs.ts";
import { advance, type Finding, type LifeRule, type OpenAlert } from "./lifecycle.ts";
import { type Judged, judgeProduction, productionRecord, type ProductionRecord, type ProductionThresholds, type ProductionVerdicts } from "./production.ts";
import { type Alert, dropAlert, insertAlert, openAlerts, resolveAlert, updateAlert } from "./store.ts";

export type ProductionRule = keyof ProductionVerdicts;

/** A breach fires at once; it must stay well for a while before it is over, so that one incident is one alert. */
const LIFE: Readonly<Record<ProductionRule, LifeRule>> = {
  webhook: { pendingMs: 0, recoveryMs: 2 * MINUTE_MS },
  payments: { pendingMs: 0, recoveryMs: 5 * MINUTE_MS },
  revenue: { pendingMs: 0, recoveryMs: 15 * MINUTE_MS },
};

const RULES = Object.keys(LIFE) as ProductionRule[];

/** How rules are called outside this file, and in the database. */
export function ruleName(rule: ProductionRule): string {
  return { webhook: "webhook_failures", payments: "payment_errors", revenue: "revenue_dip" }[rule];
}

function findingOf(rule: ProductionRule, judged: Judged): Finding {
  switch (judged.verdict.kind) {
    case "breach":
      return "breach";
    case "ok":
      return "well";
    case "not_proven":
    case "behind":
      return "unknown";
    case "no_data":
      // With nothing to compare with a new day has begun; no attempts say nothing of whether payments work again.
      return rule === "revenue" ? "well" : "unknown";
  }
}

export interface Transition {
  readonly rule: string;
  readonly kind: "fired" | "relapsed" | "recovering" | "resolved";
  readonly severity: Alert["severity"];
  readonly summary: string;
}

/** A rule of another room: judged there, its alert lives here. */
export interface HandedRule {
  readonly name: string;
  readonly life: LifeRule;
  judge(nowMs: number): Promise<Judged>;
}

export interface EvaluateOptions {
  readonly scope: Scope;
  readonly thresholds: ProductionThresholds;
  readonly handed?: readonly HandedRule[];
}

/** What one rule says now. */
interface Case {
  readonly name: string;
  readonly life: LifeRule;
  readonly judged: Judged;
  readonly finding: Finding;
}

export interface Evaluation {
  readonly record: ProductionRecord;
  /** What changed; a notice for each is put into the outbox in the same transaction, once there is one. */
  readonly transitions: readonly Transition[];
}

async function applyRule(tx: Tx, { name, life, judged, finding }: Case, alert: Alert | undefined, nowMs: number): Promise<Transition | null> {
  const open: OpenAlert | null =
    alert === undefined || alert.state === "resolved" ? null : { state: alert.state, openedAt: alert.openedAt, firedAt: alert.firedAt, recoveringAt: alert.recoveringAt };
  const step = advance(open, finding, life, nowMs);
  const severity = judged.verdict.kind === "breach" ? judged.verdict.severity : (alert?.severity ?? "WARNING");
  const told = { severity, value: judged.value, summary: judged.summary };
  switch (step.kind) {
    case "none":
      // What was last seen of a breach stays readable while it lasts.
      if (alert !== undefined && step.next !== null && finding === "breach") await updateAlert(tx, alert.id, step.next, told, nowMs);
      return null;
    case "opened":
      await insertAlert(tx, name, step.next, told, nowMs);
      return null;
    case "fired":
      if (alert === undefined) await insertAlert(tx, name, step.next, told, nowMs);
      else await updateAlert(tx, alert.id, step.next, told, nowMs);
      return { rule: name, kind: "fired", severity, summary: judged.summary };
    case "relapsed":
    case "recovering":
      if (alert !== undefined) await updateAlert(tx, alert.id, step.next, step.kind === "relapsed" ? told : null, nowMs);
      return { rule: name, kind: step.kind, severity, summary: judged.summary };
    case "resolved":
      if (alert !== undefined) await resolveAlert(tx, alert.id, nowMs);
      return { rule: name, kind: "resolved", severity, summary: judged.summary };
    case "dropped":
      if (alert !== undefined) await dropAlert(tx, alert.id);
      return null;
  }
}

async function handedCase({ name, life, judge }: HandedRule, nowMs: number): Promise<Case> {
  const judged = await judge(nowMs);
  const finding: Finding = judged.verdict.kind === "breach" ? "breach" : judged.verdict.kind === "ok" ? "well" : "unknown";
  return { name, life, judged, finding };
}

/**
 * Judges the literal rules (and those that other rooms hand over) now and moves their alerts on, state and (later) notice in one transaction. When all is well
 * and nothing is open it only reads.
 */
export async function evaluate(db: Database, options: EvaluateOptions, nowMs: number): Promise<Evaluation> {
  const { scope, thresholds } = options;
  const inputs = await readInputs(db.read, scope, nowMs);
  const verdicts = judgeProduction(inputs, thresholds, scope.mainCurrency);
  const record = productionRecord(inputs, verdicts, { nowMs, mode: scope.live ? "live" : "test", timeZone: scope.timeZone });
  const literal = RULES.map((rule): Case => ({ name: ruleName(rule), life: LIFE[rule], judged: verdicts[rule], finding: findingOf(rule, verdicts[rule]) }));
  const cases = [...literal, ...(await Promise.all((options.handed ?? []).map((rule) => handedCase(rule, nowMs))))];
  const quiet = cases.every(({ finding }) => finding !== "breach") && (await openAlerts(db.read)).length === 0;
  if (quiet) return { record, transitions: [] };
  const transitions = await db.write(async (tx) => {
    // Two processes that evaluate at once (the service and the command) must not open the same alert twice.
    await db.dialect.lock(tx, "alerts:evaluate");
    const open = await openAlerts(tx);
    const changed: Transition[] = [];
    for (const one of cases) {
      const transition = await applyRule(tx, one, open.find((alert) => alert.rule === one.name), nowMs);
      if (transition !== null) changed.push(transition);
    }
    return changed;
  });
  return { record, transitions };
}
