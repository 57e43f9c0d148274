import { describe, expect, it } from "vitest";
import type { Case } from "./case.ts";
import { heedLiteral, type LiteralContext, unusualRevenue } from "./literal-policy.ts";
import { heedQuietHours, heedSettings } from "./policy.ts";
import { DEFAULT_SETTINGS, isQuiet, type Mode } from "./settings.ts";
import type { UsualNow } from "./usual.ts";

const NOON = Date.UTC(2025, 9, 20, 12);
const evidence = { measure: "failed", fromMs: 0, untilMs: 1, seen: 8, of: 40, expected: 2, low: 0, high: 5, probability: 1e-6, threshold: null, scope: null, band: null, events: [] };

function breach(severity: "WARNING" | "CRITICAL" = "WARNING", rule = "payment_errors"): Case {
  return { key: rule, rule, life: { pendingMs: 0, recoveryMs: 0 }, judged: { value: 1, summary: "8 of 40", verdict: { kind: "breach", severity }, evidence }, finding: "breach", health: "ok", words: {} };
}

const payments = { tries: 100, failed: 8, expected: 8, low: 4, high: 13 };
const USUAL: UsualNow = { judgedUntil: NOON, learningDaysLeft: 0, payments, webhooks: { tries: 15_000, failed: 4, expected: 7, low: 3, high: 12 }, today: {}, currencies: {}, outlook: {}, open: [], gate: null };
const INPUTS = { webhookFailures5m: 4, webhookRejected5m: 0, attempted1h: 100, failed1h: 10, revenue: [], eventsBehind: 0 };
const THRESHOLDS = { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true };

function context(over: Partial<LiteralContext> = {}): LiteralContext {
  return { inputs: INPUTS, thresholds: THRESHOLDS, settings: DEFAULT_SETTINGS, usual: USUAL, ...over };
}

const withMode = (mode: Mode) => ({ ...DEFAULT_SETTINGS, modes: { webhooks: mode, payments: mode, revenue: mode } });

describe("what becomes of a finding", () => {
  it("a threshold that is passed as usual is no alert, unless it alone is to decide; nothing known, it decides", () => {
    expect(heedLiteral("payments", breach(), context()).finding).toBe("well");
    expect(heedLiteral("payments", breach(), context({ inputs: { ...INPUTS, failed1h: 14 } })).finding).toBe("breach");
    expect(heedLiteral("payments", breach(), context({ usual: null })).finding).toBe("breach");
    expect(heedLiteral("payments", breach(), context({ settings: withMode("threshold") })).finding).toBe("breach");
    expect(heedLiteral("webhook", breach("CRITICAL"), context()).finding).toBe("well");
    expect(heedLiteral("webhook", breach("CRITICAL"), context({ inputs: { ...INPUTS, webhookFailures5m: 13 } })).finding).toBe("breach");
  });

  it("both must agree, once there are two to agree", () => {
    const both = withMode("both_must_agree");
    const learning = { ...USUAL, learningDaysLeft: 3 };
    expect(heedLiteral("payments", breach(), context({ settings: both })).finding).toBe("unknown");
    expect(heedLiteral("payments", breach(), context({ settings: both, usual: { ...USUAL, open: ["slice_failing"] } })).finding).toBe("breach");
    expect(heedLiteral("payments", breach(), context({ settings: both, usual: learning })).finding).toBe("breach");
    expect(heedLiteral("payments", breach(), context({ settings: both, usual: null })).finding).toBe("breach");
  });

  it("revenue is compared with what is usual for such a day, or with the same weekday of last week", () => {
    const day = { currency: "usd", today: 500, salesToday: 50, yesterday: 1000, salesYesterday: 100, unevenness: 1 };
    const step = { fromMs: 0, attempts: 50, low: 40, high: 60, failed: 2, takings: 520, takingsLow: 400, takingsHigh: 640 };
    const left = (over: Partial<LiteralContext>, of = day) => unusualRevenue(context({ inputs: { ...INPUTS, revenue: [of] }, ...over })).revenue.length;
    expect(left({ usual: { ...USUAL, today: { all: step }, currencies: { all: "usd" } } })).toBe(0);
    expect(left({ usual: { ...USUAL, today: { all: { ...step, takingsLow: 501 } }, currencies: { all: "usd" } } })).toBe(1);
    expect(left({ usual: null }, { ...day, lastWeek: 520 } as typeof day)).toBe(0);
    expect(left({ usual: null }, { ...day, lastWeek: 1000 } as typeof day)).toBe(1);
    expect(left({ usual: null }, { ...day, lastWeek: 0 } as typeof day)).toBe(1);
    expect(left({ usual: null })).toBe(1);
  });

  it("a dip while events may be missing is not told as one", () => {
    expect(heedLiteral("revenue", breach("WARNING", "revenue_dip"), context({ usual: { ...USUAL, gate: "the last delivery came at 10:00 UTC" } })).finding).toBe("unknown");
  });

  it("what is switched off ends, what has too little volume does not begin", () => {
    const off = { ...DEFAULT_SETTINGS, off: new Set(["payment_errors", "failure_rate"]) };
    expect(heedLiteral("payments", breach(), context({ settings: off }))).toMatchObject({ finding: "well", resolution: "withdrawn" });
    expect(heedSettings(breach(), "failure_rate", off)).toMatchObject({ finding: "well", resolution: "withdrawn" });
    expect(heedSettings(breach(), "failure_rate", withMode("threshold"))).toMatchObject({ finding: "well", resolution: "withdrawn" });
    expect(heedSettings(breach(), "card_testing", withMode("threshold")).finding).toBe("breach");
    const busy = { ...DEFAULT_SETTINGS, minimumAttempts: 101 };
    expect(heedSettings(breach(), "failure_rate", busy).finding).toBe("unknown");
    expect(heedLiteral("payments", breach(), context({ settings: busy, usual: null })).finding).toBe("unknown");
  });

  it("in quiet hours a warning does not begin; what is open or critical goes on", () => {
    const quiet = { ...DEFAULT_SETTINGS, quietHours: [{ fromMinute: 22 * 60, untilMinute: 6 * 60 }] };
    const at = (hour: number, one = breach(), open = false) => heedQuietHours(one, quiet, "UTC", Date.UTC(2025, 9, 20, hour), open).finding;
    expect([at(21), at(22), at(2), at(6)]).toEqual(["breach", "unknown", "unknown", "breach"]);
    expect([at(23, breach("CRITICAL")), at(23, breach(), true)]).toEqual(["breach", "breach"]);
    expect(isQuiet([{ fromMinute: 60, untilMinute: 120 }], 60)).toBe(true);
    expect(isQuiet([{ fromMinute: 60, untilMinute: 120 }], 120)).toBe(false);
  });
});
