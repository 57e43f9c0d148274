import type { Database, Tx } from "../platform/index.ts";
import { applyCase, type Transition } from "./apply.ts";
import { type Case, handedCase, type HandedRule } from "./case.ts";
import { dayParts } from "./day.ts";
import { readInputs, type Scope } from "./inputs.ts";
import type { Finding } from "./lifecycle.ts";
import { LIFE, type ProductionRule, RULES, ruleName, tellLiteral, WORDS } from "./literal.ts";
import { type Judged, judgeProduction, productionRecord, type ProductionRecord, type ProductionThresholds } from "./production.ts";
import { heldKeys, openAlerts } from "./store.ts";

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

export interface EvaluateOptions {
  readonly scope: Scope;
  readonly thresholds: ProductionThresholds;
  readonly handed?: readonly HandedRule[];
}

export interface Evaluation {
  readonly record: ProductionRecord;
  /** What changed; the notice of each was put into the outbox in the same transaction. */
  readonly transitions: readonly Transition[];
}

/**
 * Moves the alerts of these cases on, state, history and notice in one transaction. When all is well and nothing is open
 * it only reads. Alerts of rules that are not among the cases stay as they are.
 */
export async function applyCases(db: Database, cases: readonly Case[], nowMs: number): Promise<Transition[]> {
  if (cases.every(({ finding }) => finding !== "breach") && (await nothingToDo(db.read, cases))) return [];
  return await db.write(async (tx) => {
    // Two processes that evaluate at once (the service and the command) must not open the same alert twice.
    await db.dialect.lock(tx, "alerts:evaluate");
    const open = new Map((await openAlerts(tx)).map((alert) => [alert.key, alert]));
    const held = await heldKeys(tx);
    const changed: Transition[] = [];
    for (const one of cases) {
      const transition = await applyCase(tx, one, open.get(one.key), held.get(one.key), nowMs);
      if (transition !== null) changed.push(transition);
    }
    return changed;
  });
}

async function nothingToDo(tx: Tx, cases: readonly Case[]): Promise<boolean> {
  const keys = new Set(cases.map(({ key }) => key));
  return (await openAlerts(tx)).every(({ key }) => !keys.has(key)) && [...(await heldKeys(tx)).keys()].every((key) => !keys.has(key));
}

/** Judges the literal rules (and those that other rooms hand over) now and moves their alerts on. */
export async function evaluate(db: Database, options: EvaluateOptions, nowMs: number): Promise<Evaluation> {
  const { scope, thresholds } = options;
  const inputs = await readInputs(db.read, scope, nowMs);
  const verdicts = judgeProduction(inputs, thresholds, scope.mainCurrency);
  const record = productionRecord(inputs, verdicts, { nowMs, mode: scope.live ? "live" : "test", timeZone: scope.timeZone });
  const window = { nowMs, dayFromMs: dayParts(nowMs, scope.timeZone).todayFrom };
  const literal = RULES.map((rule): Case => {
    const judged = tellLiteral(rule, verdicts[rule], inputs, thresholds, window);
    const health = judged.verdict.kind === "no_data" && rule !== "revenue" ? "no_data" : "ok";
    return { key: ruleName(rule), rule: ruleName(rule), life: LIFE[rule], judged, finding: findingOf(rule, judged), health, words: WORDS[rule] };
  });
  const cases = [...literal, ...(await Promise.all((options.handed ?? []).map((rule) => handedCase(rule, nowMs))))];
  return { record, transitions: await applyCases(db, cases, nowMs) };
}
