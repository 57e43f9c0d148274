import type { Case } from "./case.ts";
import type { Kind } from "./detection/index.ts";
import type { ProductionRule } from "./literal.ts";
import { type Judged, type ProductionInputs, type ProductionThresholds, revenueChange } from "./production.ts";
import { type AlertSettings, KIND_GROUPS, type RuleGroup } from "./settings.ts";
import type { UsualNow } from "./usual.ts";

/** What a literal threshold is read against before it becomes an alert. The record keeps the plain verdict. */
export interface LiteralContext {
  readonly inputs: ProductionInputs;
  readonly thresholds: ProductionThresholds;
  readonly settings: AlertSettings;
  /** Null: nobody follows the minutes, or too little is known; the threshold decides alone. */
  readonly usual: UsualNow | null;
}

const GROUP: Readonly<Record<ProductionRule, RuleGroup>> = { webhook: "webhooks", payments: "payments", revenue: "revenue" };

function percent(rate: number): string {
  return `${Math.round(rate * 1000) / 10} %`;
}

/**
 * Currencies whose revenue so far is no dip for this shop: inside what was learnt for such a day, or not below the same
 * weekday of last week. The others are what the rule is about.
 */
export function unusualRevenue({ inputs, thresholds, usual }: LiteralContext): ProductionInputs {
  const revenue = inputs.revenue.filter((day) => {
    const stream = Object.entries(usual?.currencies ?? {}).find(([, currency]) => currency === day.currency)?.[0];
    const step = stream === undefined ? undefined : usual?.today[stream];
    if (step !== undefined && usual?.learningDaysLeft === 0 && step.takings > 0) return day.today < step.takingsLow;
    return day.lastWeek === undefined || day.lastWeek <= 0 || revenueChange({ ...day, yesterday: day.lastWeek }) < thresholds.revenueChangeDoD;
  });
  return { ...inputs, revenue };
}

/** In words why a breach of the threshold is usual for this shop; null when it is not. */
function usualWords(rule: ProductionRule, { inputs, usual }: LiteralContext): string | null {
  switch (rule) {
    case "payments": {
      const range = usual?.payments ?? null;
      if (range === null || inputs.attempted1h === 0) return null;
      const high = range.high / range.tries;
      return inputs.failed1h / inputs.attempted1h <= high ? `usual for this shop are up to ${percent(high)}` : null;
    }
    case "webhook": {
      const range = usual?.webhooks ?? null;
      return range !== null && inputs.webhookFailures5m <= range.high ? `usual among ${range.tries} deliveries are up to ${range.high}` : null;
    }
    case "revenue":
      return null;
  }
}

function well(one: Case, why: string): Case {
  return { ...one, finding: "well", judged: { ...one.judged, summary: `${one.judged.summary}; ${why}` } };
}

function unknown(one: Case, why: string): Case {
  return { ...one, finding: "unknown", judged: { ...one.judged, summary: `${one.judged.summary}; ${why}` } };
}

/** Does what was learnt say the same? Null while it cannot say. */
function agrees(group: RuleGroup, usual: UsualNow | null): boolean | null {
  if (usual === null || usual.learningDaysLeft > 0) return null;
  return usual.open.some((kind: Kind) => KIND_GROUPS[kind] === group);
}

/** Whether a literal breach becomes an alert, by the mode of its rule and by what is usual. */
export function heedLiteral(rule: ProductionRule, one: Case, context: LiteralContext): Case {
  const { settings, usual, inputs } = context;
  if (settings.off.has(one.rule)) return { ...one, finding: "well", resolution: "withdrawn" };
  if (one.finding !== "breach") return one;
  if (rule === "payments" && inputs.attempted1h < settings.minimumAttempts) return unknown(one, `fewer than ${settings.minimumAttempts} attempts`);
  const gate = usual?.gate ?? null;
  if (rule === "revenue" && gate !== null) return unknown(one, `events may be missing: ${gate}`);
  switch (settings.modes[GROUP[rule]]) {
    case "threshold":
      return one;
    case "adaptive": {
      const why = usualWords(rule, context);
      return why === null ? one : well(one, why);
    }
    case "both_must_agree":
      return agrees(GROUP[rule], usual) === false ? unknown(one, "what was learnt of this shop does not agree") : one;
  }
}

/** The revenue rule judged without the currencies for which it is usual; any other rule as it is. */
export function judgedForAlert(rule: ProductionRule, plain: Judged, unusual: Judged, { settings }: Pick<LiteralContext, "settings">): Judged {
  return rule === "revenue" && settings.modes.revenue === "adaptive" && plain.verdict.kind === "breach" && unusual.verdict.kind !== "breach"
    ? { ...plain, verdict: { kind: "ok" }, summary: `${plain.summary}; usual for such a day` }
    : rule === "revenue" && settings.modes.revenue === "adaptive" && unusual.verdict.kind === "breach"
      ? unusual
      : plain;
}
