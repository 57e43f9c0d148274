import { describe, expect, it } from "vitest";
import { dayParts } from "./day.ts";
import { judgeProduction, type ProductionInputs, productionRecord, round4 } from "./production.ts";

const thresholds = { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true };
const calm: ProductionInputs = { webhookFailures5m: 0, webhookRejected5m: 0, attempted1h: 0, failed1h: 0, revenue: [], eventsBehind: 0 };
const usd = (today: number, salesToday: number, yesterday: number, salesYesterday: number) => ({ currency: "usd", today, salesToday, yesterday, salesYesterday, unevenness: 1 });

function record(inputs: Partial<ProductionInputs>, evidence = true) {
  const all = { ...calm, ...inputs };
  return productionRecord(all, judgeProduction(all, { ...thresholds, evidence }, "usd"), { nowMs: Date.UTC(2025, 9, 20, 18, 25, 24, 999), mode: "test", timeZone: "UTC" });
}

describe("the production-alerts record", () => {
  it("begins with the older system's keys, in its order", () => {
    const keys = '{"ts":"2025-10-20T18:25:24Z","event":"production_alerts","webhook_failures_5m":0,"payment_error_rate_1h":0,"revenue_change_DoD":0,"severity":{"webhook":"OK","payments":"OK","revenue":"OK"}';
    expect(JSON.stringify(record({})).startsWith(keys)).toBe(true);
  });

  it.each([
    [3, "OK"],
    [4, "CRITICAL"],
  ])("%i webhook failures in 5 minutes: %s", (failures, severity) => {
    expect(record({ webhookFailures5m: failures }).severity.webhook).toBe(severity);
  });

  it("does not count forgeries as failures", () => {
    expect(record({ webhookRejected5m: 1000 })).toMatchObject({ webhook_failures_5m: 0, webhook_rejected_5m: 1000, severity: { webhook: "OK" } });
  });

  it("reports the literal rate and asks for evidence before it is critical", () => {
    expect(record({ attempted1h: 1, failed1h: 1 })).toMatchObject({ payment_error_rate_1h: 1, severity: { payments: "OK" }, verdict: { payments: "not_proven" } });
    expect(record({ attempted1h: 1, failed1h: 1 }, false).severity.payments).toBe("CRITICAL");
    expect(record({ attempted1h: 30, failed1h: 10 })).toMatchObject({ payment_error_rate_1h: 0.3333, severity: { payments: "CRITICAL" } });
    expect(record({ attempted1h: 100, failed1h: 5 })).toMatchObject({ payment_error_rate_1h: 0.05, severity: { payments: "OK" } });
    expect(record({})).toMatchObject({ verdict: { payments: "no_data" } });
  });

  it("reports the literal change of the main currency, and warns for any", () => {
    expect(record({ revenue: [usd(5000, 1, 10_000, 2)] })).toMatchObject({ revenue_change_DoD: -0.5, severity: { revenue: "OK" }, verdict: { revenue: "not_proven" } });
    expect(record({ revenue: [usd(50_000, 50, 100_000, 100)] })).toMatchObject({ revenue_change_DoD: -0.5, severity: { revenue: "WARNING" } });
    const eur = { ...usd(10_000, 10, 100_000, 100), currency: "eur" };
    expect(record({ revenue: [usd(100_000, 100, 100_000, 100), eur] })).toMatchObject({ revenue_change_DoD: 0, severity: { revenue: "WARNING" } });
    expect(record({ revenue: [eur] }).revenue_change_DoD).toBe(-0.9);
    expect(record({ revenue: [usd(5000, 2, 0, 0)] })).toMatchObject({ revenue_change_DoD: 0, severity: { revenue: "OK" } });
  });

  it("does not take figures that are behind for a dip", () => {
    expect(record({ revenue: [usd(50_000, 50, 100_000, 100)], eventsBehind: 5000 })).toMatchObject({ revenue_change_DoD: -0.5, severity: { revenue: "OK" }, verdict: { revenue: "behind" }, events_behind: 5000 });
  });

  it("rounds to four decimals and knows no minus zero", () => {
    expect([round4(1 / 3), Object.is(round4(-0.00001), 0)]).toEqual([0.3333, true]);
  });
});

describe("equal parts of the day", () => {
  const at = (text: string) => Date.parse(text);
  it.each([
    ["UTC", "2026-03-10T09:00:00Z", "2026-03-10T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-09T09:00:00Z", "2026-03-03T00:00:00Z", "2026-03-03T09:00:00Z"],
    // Clocks went forward that night: 09:00 is eight hours after midnight.
    ["Europe/London", "2026-03-29T08:00:00Z", "2026-03-29T00:00:00Z", "2026-03-28T00:00:00Z", "2026-03-28T09:00:00Z", "2026-03-22T00:00:00Z", "2026-03-22T09:00:00Z"],
    ["America/New_York", "2026-11-01T17:00:00Z", "2026-11-01T04:00:00Z", "2026-10-31T04:00:00Z", "2026-10-31T16:00:00Z", "2026-10-25T04:00:00Z", "2026-10-25T16:00:00Z"],
    // Half an hour of daylight saving.
    ["Australia/Lord_Howe", "2026-10-04T01:00:00Z", "2026-10-03T13:30:00Z", "2026-10-02T13:30:00Z", "2026-10-03T01:30:00Z", "2026-09-26T13:30:00Z", "2026-09-27T01:30:00Z"],
    ["Asia/Kolkata", "2026-03-10T00:00:00Z", "2026-03-09T18:30:00Z", "2026-03-08T18:30:00Z", "2026-03-09T00:00:00Z", "2026-03-02T18:30:00Z", "2026-03-03T00:00:00Z"],
  ])("%s at %s", (zone, now, todayFrom, yesterdayFrom, yesterdayTo, lastWeekFrom, lastWeekTo) => {
    expect(dayParts(at(now), zone)).toEqual({ todayFrom: at(todayFrom), yesterdayFrom: at(yesterdayFrom), yesterdayTo: at(yesterdayTo), lastWeekFrom: at(lastWeekFrom), lastWeekTo: at(lastWeekTo) });
  });
});
