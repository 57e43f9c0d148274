import { proveRateAbove } from "./evidence.ts";
import type { ProductionThresholds } from "./production.ts";
import { type AlertSettings, isQuiet, KIND_GROUPS, LITERAL_RULES, RULE_NAMES, type RuleGroup } from "./settings.ts";
import type { UsualNow } from "./usual.ts";

/** Something about a rule set that is probably not meant. */
export interface RuleFinding {
  readonly rule: string;
  readonly problem: "never_fires" | "always_fires" | "nobody_told" | "unknown_rule" | "odd";
  readonly text: string;
  readonly todo: string;
}

export interface RuleSet {
  readonly thresholds: ProductionThresholds;
  readonly settings: AlertSettings;
}

const LITERAL: Readonly<Record<RuleGroup, (typeof LITERAL_RULES)[number]>> = { webhooks: "webhook_failures", payments: "payment_errors", revenue: "revenue_dip" };
const GROUPS = Object.keys(LITERAL) as RuleGroup[];
const DAY_MINUTES = 1440;
const MOST_PROOF = 200;
const UNREACHED = 100_000;

/** Attempts of which all must fail to prove a rate above the limit. */
function leastProof(limit: number): number {
  for (let attempts = 1; attempts <= MOST_PROOF; attempts += 1) if (proveRateAbove(attempts, attempts, limit)) return attempts;
  return MOST_PROOF;
}

function thresholdFindings({ thresholds, settings }: RuleSet): RuleFinding[] {
  const { webhookFailures5m: failures, paymentErrorRate1h: rate, revenueChangeDoD: change, evidence } = thresholds;
  const found: RuleFinding[] = [];
  if (failures >= UNREACHED) found.push({ rule: "webhook_failures", problem: "never_fires", text: `alerts.webhook_failures_5m is ${failures}: so many deliveries do not come in 5 minutes`, todo: "set a count such as 3" });
  if (rate >= 1) found.push({ rule: "payment_errors", problem: "never_fires", text: "alerts.payment_error_rate_1h is 1: no more than all payments can fail", todo: "set a share below 1, such as 0.05" });
  if (rate === 0 && !evidence) found.push({ rule: "payment_errors", problem: "always_fires", text: "alerts.payment_error_rate_1h is 0 and evidence is off: every failed payment fires", todo: "set a share such as 0.05, or evidence: on" });
  if (change <= -1) found.push({ rule: "revenue_dip", problem: "never_fires", text: "alerts.revenue_change_dod is -1: revenue cannot fall by more than all of it", todo: "set a change above -1, such as -0.3" });
  if (change >= 0) found.push({ rule: "revenue_dip", problem: "always_fires", text: "alerts.revenue_change_dod is 0: every second ordinary day is below the one before", todo: "set a change such as -0.3" });
  if (settings.modes.payments === "threshold" && settings.minimumAttempts === 0 && !evidence) found.push({ rule: "payment_errors", problem: "odd", text: "one failed payment of one is 100 %: with mode threshold, evidence off and no minimum a quiet night fires", todo: "set alerts.minimum_attempts, or evidence: on" });
  return found;
}

function modeFindings({ settings }: RuleSet): RuleFinding[] {
  const found: RuleFinding[] = [];
  for (const group of GROUPS) {
    const literal = LITERAL[group];
    const kinds = Object.entries(KIND_GROUPS).filter(([, of]) => of === group).map(([kind]) => kind);
    const literalOff = settings.off.has(literal);
    const allOff = kinds.every((kind) => settings.off.has(kind));
    const mode = settings.modes[group];
    if (mode === "both_must_agree" && allOff) found.push({ rule: literal, problem: "never_fires", text: `alerts.mode.${group} is both_must_agree, and every adaptive rule about it is off: nothing can agree`, todo: `set the mode to threshold, or take ${kinds.join(", ")} out of alerts.off` });
    else if (literalOff && (mode !== "adaptive" || allOff)) found.push({ rule: literal, problem: "nobody_told", text: `with mode ${mode} and ${literal} off nothing tells of trouble with ${group}`, todo: `take ${literal} out of alerts.off, or set the mode to adaptive` });
  }
  return found;
}

function calendarFindings({ settings }: RuleSet, nowMs: number): RuleFinding[] {
  const found: RuleFinding[] = [];
  if (Array.from({ length: DAY_MINUTES }, (_, minute) => minute).every((minute) => isQuiet(settings.quietHours, minute))) {
    found.push({ rule: "*", problem: "never_fires", text: "alerts.quiet_hours cover the whole day: no WARNING can ever begin", todo: "leave an hour in which somebody may be told" });
  }
  for (const { fromMs, untilMs } of settings.maintenance) {
    if (nowMs >= fromMs && nowMs < untilMs && untilMs - fromMs > 7 * 86_400_000) found.push({ rule: "*", problem: "odd", text: `alerts.maintenance judges nothing until ${new Date(untilMs).toISOString()}`, todo: "shorten it when the work is done" });
  }
  for (const rule of settings.off) {
    if (!RULE_NAMES.includes(rule) && !/^(check_|slo|task)/.test(rule)) found.push({ rule, problem: "unknown_rule", text: `alerts.off names ${rule}, and there is no such rule`, todo: `rules are ${RULE_NAMES.join(", ")}` });
  }
  return found;
}

/** What the shop's own volume says of a limit. */
function volumeFindings({ thresholds, settings }: RuleSet, usual: UsualNow): RuleFinding[] {
  const found: RuleFinding[] = [];
  const anHour = (usual.outlook["all"]?.attemptsADay ?? 0) / 24;
  const { payments, webhooks } = usual;
  if (usual.learningDaysLeft > 0 || anHour <= 0) return found;
  const text = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US"));
  if (settings.minimumAttempts > 4 * anHour) found.push({ rule: "payment_errors", problem: "never_fires", text: `alerts.minimum_attempts is ${settings.minimumAttempts}, and this shop has about ${text(anHour)} attempts an hour`, todo: "lower it, or leave the judgement to the adaptive rules (minimum_attempts: 0)" });
  const proof = thresholds.evidence ? leastProof(thresholds.paymentErrorRate1h) : 1;
  if (proof > 4 * anHour) found.push({ rule: "payment_errors", problem: "never_fires", text: `to prove more than ${thresholds.paymentErrorRate1h * 100} % at least ${proof} attempts must fail within an hour, and this shop has about ${text(anHour)}`, todo: "the adaptive rules look at longer windows; nothing has to be done while alerts.mode.payments is adaptive" });
  if (settings.modes.payments === "threshold" && payments !== null && payments.expected / payments.tries > thresholds.paymentErrorRate1h) {
    found.push({ rule: "payment_errors", problem: "always_fires", text: `usually ${Math.round((payments.expected / payments.tries) * 1000) / 10} % of this shop's payments fail, and the limit is ${thresholds.paymentErrorRate1h * 100} %`, todo: "raise alerts.payment_error_rate_1h, or set alerts.mode.payments to adaptive" });
  }
  if (webhooks !== null && settings.modes.webhooks === "threshold" && webhooks.expected > thresholds.webhookFailures5m) {
    found.push({ rule: "webhook_failures", problem: "always_fires", text: `usually ${text(webhooks.expected)} of ${webhooks.tries} deliveries in 5 minutes fail, and the limit is ${thresholds.webhookFailures5m}`, todo: "raise alerts.webhook_failures_5m, or set alerts.mode.webhooks to adaptive" });
  }
  return found;
}

/**
 * Rules that can never fire, would always fire, or leave trouble untold. Pure.
 *
 * @param usual what is known of the shop's volume; null: only what the rule set says by itself.
 */
export function lintRules(rules: RuleSet, usual: UsualNow | null, nowMs: number): RuleFinding[] {
  return [...thresholdFindings(rules), ...modeFindings(rules), ...calendarFindings(rules, nowMs), ...(usual === null ? [] : volumeFindings(rules, usual))];
}
