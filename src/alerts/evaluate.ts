import type { Database, Tx } from "../platform/index.ts";
import type { Alert } from "./alert.ts";
import { applyCase, type Transition } from "./apply.ts";
import { type Case, handedCase, type HandedRule } from "./case.ts";
import { dayParts } from "./day.ts";
import { readInputs, type Scope } from "./inputs.ts";
import type { Finding } from "./lifecycle.ts";
import { heedLiteral, judgedForAlert, type LiteralContext, unusualRevenue } from "./literal-policy.ts";
import { LIFE, type ProductionRule, RULES, ruleName, tellLiteral, WORDS } from "./literal.ts";
import { type Judged, judgeProduction, productionRecord, type ProductionRecord, type ProductionThresholds } from "./production.ts";
import { heedQuietHours } from "./policy.ts";
import { ADAPTIVE, type AlertSettings, DEFAULT_SETTINGS, INGEST_RULE } from "./settings.ts";
import { heldKeys, openAlerts } from "./store.ts";
import { readUsualNow } from "./usual.ts";

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
  readonly settings?: AlertSettings;
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

/** What a rule that is handed over says, unless it is switched off by name. */
async function handedCases({ handed = [], settings = DEFAULT_SETTINGS }: EvaluateOptions, nowMs: number): Promise<Case[]> {
  return await Promise.all(handed.filter(({ name }) => !settings.off.has(name)).map((rule) => handedCase(rule, nowMs)));
}

/**
 * Alerts of rules that are handed over no more (a check that went with its setting, an objective taken out, a rule switched
 * off) would stay open for ever: they are taken back. What the detectors tell of is looked after where they are followed.
 */
function orphanCases(open: readonly Alert[], cases: readonly Case[]): Case[] {
  const judged = new Set(cases.map(({ key }) => key));
  return open
    .filter(({ key, drill }) => !drill && !judged.has(key) && !key.startsWith(ADAPTIVE) && key !== INGEST_RULE)
    .map(({ key, rule }) => ({ key, rule, life: { pendingMs: 0, recoveryMs: 0 }, judged: { value: 0, summary: "this is not judged any more", verdict: { kind: "ok" } }, finding: "well", health: "ok", words: {}, resolution: "withdrawn" }));
}

/** Judges the literal rules (and those that other rooms hand over) now and moves their alerts on. */
export async function evaluate(db: Database, options: EvaluateOptions, nowMs: number): Promise<Evaluation> {
  const { scope, thresholds, settings = DEFAULT_SETTINGS } = options;
  const inputs = await readInputs(db.read, scope, nowMs);
  const verdicts = judgeProduction(inputs, thresholds, scope.mainCurrency);
  const record = productionRecord(inputs, verdicts, { nowMs, mode: scope.live ? "live" : "test", timeZone: scope.timeZone });
  const window = { nowMs, dayFromMs: dayParts(nowMs, scope.timeZone).todayFrom };
  const context: LiteralContext = { inputs, thresholds, settings, usual: await readUsualNow(db.read, nowMs) };
  const unusual = unusualRevenue(context);
  const told = judgeProduction(unusual, thresholds, scope.mainCurrency);
  const opened = await openAlerts(db.read);
  const open = new Set(opened.map(({ key }) => key));
  const literal = RULES.map((rule): Case => {
    const judged = tellLiteral(rule, judgedForAlert(rule, verdicts[rule], told[rule], context), rule === "revenue" && settings.modes.revenue === "adaptive" ? unusual : inputs, thresholds, window);
    const health = judged.verdict.kind === "no_data" && rule !== "revenue" ? "no_data" : "ok";
    const one: Case = { key: ruleName(rule), rule: ruleName(rule), life: LIFE[rule], judged, finding: findingOf(rule, judged), health, words: WORDS[rule] };
    return heedQuietHours(heedLiteral(rule, one, context), settings, scope.timeZone, nowMs, open.has(one.key));
  });
  const cases = [...literal, ...(await handedCases(options, nowMs))];
  // Who hands nothing over (a test, a benchmark) knows nothing of the others' rules.
  const orphans = options.handed === undefined ? [] : orphanCases(opened, cases);
  return { record, transitions: await applyCases(db, [...cases, ...orphans], nowMs) };
}
