import { expect, it } from "vitest";
import { lintRules, type RuleSet } from "./lint.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import type { UsualNow } from "./usual.ts";

const NOW = Date.UTC(2025, 9, 20, 12);
const SET: RuleSet = { thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true }, settings: DEFAULT_SETTINGS };
const usualOf = (attemptsADay: number, over: Partial<UsualNow> = {}): UsualNow => ({
  judgedUntil: NOW,
  learningDaysLeft: 0,
  payments: { tries: 100, failed: 8, expected: 8, low: 4, high: 13 },
  webhooks: { tries: 15_000, failed: 7, expected: 7, low: 3, high: 12 },
  today: {},
  currencies: { all: "usd" },
  outlook: { all: { attemptsADay, learningDaysLeft: 0, deadMinutes: 10, halvedMinutes: 60 } },
  open: [],
  gate: null,
  ...over,
});
const found = (set: RuleSet, usual: UsualNow | null = null) => lintRules(set, usual, NOW).map(({ rule, problem }) => `${rule} ${problem}`);
const thresholds = (over: Partial<RuleSet["thresholds"]>): RuleSet => ({ ...SET, thresholds: { ...SET.thresholds, ...over } });
const settings = (over: Partial<RuleSet["settings"]>): RuleSet => ({ ...SET, settings: { ...SET.settings, ...over } });

it("finds nothing in what ships", () => {
  expect(found(SET)).toEqual([]);
  expect(found(SET, usualOf(3000))).toEqual([]);
});

it.each<[string, RuleSet, string[]]>([
  ["a share that cannot be passed", thresholds({ paymentErrorRate1h: 1 }), ["payment_errors never_fires"]],
  ["a fall by more than everything", thresholds({ revenueChangeDoD: -1 }), ["revenue_dip never_fires"]],
  ["any fall at all", thresholds({ revenueChangeDoD: 0 }), ["revenue_dip always_fires"]],
  ["any failure at all", thresholds({ paymentErrorRate1h: 0, evidence: false }), ["payment_errors always_fires"]],
  ["nothing that could agree", settings({ modes: { ...DEFAULT_SETTINGS.modes, payments: "both_must_agree" }, off: new Set(["failure_rate", "slice_failing"]) }), ["payment_errors never_fires"]],
  ["nothing that tells", settings({ modes: { ...DEFAULT_SETTINGS.modes, webhooks: "threshold" }, off: new Set(["webhook_failures"]) }), ["webhook_failures nobody_told"]],
  ["no hour that is not quiet", settings({ quietHours: [{ fromMinute: 0, untilMinute: 720 }, { fromMinute: 720, untilMinute: 0 }] }), ["* never_fires"]],
  ["a rule that is none", settings({ off: new Set(["revenu_dip", "check_sweep"]) }), ["revenu_dip unknown_rule"]],
  ["weeks of maintenance", settings({ maintenance: [{ fromMs: NOW - 1, untilMs: NOW + 8 * 86_400_000 }] }), ["* odd"]],
])("finds %s", (_, set, expected) => {
  expect(found(set)).toEqual(expected);
});

it("knows what this shop's volume makes of a limit, once it is learnt", () => {
  expect(found(settings({ minimumAttempts: 50 }), usualOf(100))).toEqual(["payment_errors never_fires"]);
  expect(found(thresholds({ paymentErrorRate1h: 0.9 }), usualOf(100))).toEqual(["payment_errors never_fires"]);
  const plain = settings({ modes: { webhooks: "threshold", payments: "threshold", revenue: "threshold" } });
  expect(found(plain, usualOf(3000))).toEqual(["payment_errors always_fires", "webhook_failures always_fires"]);
  expect(found(plain, usualOf(3000, { learningDaysLeft: 2 }))).toEqual([]);
});
