import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../platform/index.ts";
import { binsOf, type PeriodAsked, PERIODS, periodText, resolvePeriod } from "./period.ts";

const ZONES = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"];
const NOW = Date.parse("2026-03-11T09:41:27Z");
const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString().slice(0, 16));

function resolved(asked: PeriodAsked, zone = "UTC", now = NOW) {
  const { period, previous } = resolvePeriod(asked, zone, now);
  return { from: iso(period.fromMs), to: iso(period.toMs), complete: period.complete, text: periodText(period), previous: previous === null ? null : [iso(previous.fromMs), iso(previous.toMs)] };
}

describe("the period of a report", () => {
  it("begins and ends with days of its zone, whatever the clocks do", () => {
    // New York changed on 8 March 2026: that day has 23 hours.
    expect(resolved({ from: "2026-03-08", to: "2026-03-08", tz: "America/New_York" })).toMatchObject({ from: "2026-03-08T05:00", to: "2026-03-09T04:00", text: "8 Mar 2026" });
    expect(resolved({ from: "2025-10-26", to: "2025-10-26", tz: "Europe/London" })).toMatchObject({ from: "2025-10-25T23:00", to: "2025-10-27T00:00" });
    expect(resolved({ period: "last_month" }, "Asia/Kolkata")).toMatchObject({ from: "2026-01-31T18:30", to: "2026-02-28T18:30", text: "1 Feb 2026 – 28 Feb 2026", complete: true });
    expect(resolved({})).toMatchObject({ from: "2026-02-09T00:00", to: "2026-03-11T00:00" });
    expect(resolved({ from: "2026-03-10T12:00:00Z" })).toMatchObject({ from: "2026-03-10T12:00", to: "2026-03-11T09:41", text: "10 Mar 2026, 12:00 – 11 Mar 2026, 09:41" });
  });

  it("is compared with as much before: months with months, days with days, a part with a part", () => {
    expect(resolved({ period: "last_month", compare: "previous" }).previous).toEqual(["2026-01-01T00:00", "2026-02-01T00:00"]);
    expect(resolved({ from: "2025-01-01", to: "2025-12-31", compare: "previous" }).previous).toEqual(["2024-01-01T00:00", "2025-01-01T00:00"]);
    expect(resolved({ from: "2026-03-02", to: "2026-03-08", tz: "America/New_York", compare: "previous" }).previous).toEqual(["2026-02-23T05:00", "2026-03-02T05:00"]);
    expect(resolved({ from: "2026-03-01T00:00:00Z", to: "2026-03-01T06:00:00Z", compare: "previous" }).previous).toEqual(["2026-02-28T18:00", "2026-03-01T00:00"]);
    // Ten days and 9:41 of March with as much of February, not with all of it.
    expect(resolved({ period: "month_to_date", compare: "previous" })).toMatchObject({ complete: false, from: "2026-03-01T00:00", to: "2026-03-11T09:41", previous: ["2026-02-01T00:00", "2026-02-11T09:41"] });
    // The same time of day on both sides of a change of the clocks.
    expect(resolved({ period: "week_to_date", compare: "previous", tz: "America/New_York" }, "UTC", Date.parse("2026-03-11T16:00:00Z")).previous).toEqual(["2026-03-02T05:00", "2026-03-04T17:00"]);
  });

  it.each([
    [{ from: "2026-02-30" }, "from: must be a date"],
    [{ from: "yesterday" }, "from: must be a date"],
    [{ from: "2026-01-01T00:00:00" }, "from: must be a date"],
    [{ to: "2026-13-01" }, "to: must be a date"],
    [{ from: "2026-02-02", to: "2026-02-01" }, "from: must be before to"],
    [{ from: "2027-01-01", to: "2027-01-02" }, "from: must be in the past"],
    [{ from: "1999-01-01" }, "from: must be 2000-01-01 or later"],
    [{ from: "2010-01-01", to: "2026-01-01" }, "at most 10 years"],
    [{ tz: "Mars/Olympus" }, "tz: must be the name of a time zone"],
    [{ tz: "+01:00" }, "tz: must be the name of a time zone"],
    [{ period: "last_week", from: "2026-01-01" }, "period: give period, or from and to"],
  ] as const)("refuses %j", (asked, text) => {
    expect(() => resolvePeriod(asked, "UTC", NOW)).toThrow(AppError);
    expect(() => resolvePeriod(asked, "UTC", NOW)).toThrow(text);
  });

  it("knows every name it offers, and ends it by now", () => {
    for (const period of PERIODS) {
      for (const zone of ZONES) {
        const found = resolvePeriod({ period, compare: "previous" }, zone, NOW);
        expect(found.period.toMs).toBeLessThanOrEqual(NOW);
        expect(found.previous?.toMs).toBeLessThanOrEqual(found.period.fromMs);
        expect(found.previous?.fromMs).toBeLessThan(found.previous?.toMs ?? 0);
      }
    }
  });

  it("is cut into pieces without gap or overlap, not too many, whatever it is", () => {
    const minute = fc.integer({ min: Date.UTC(2016, 0, 1) / 60_000, max: Math.floor(NOW / 60_000) - 1 });
    fc.assert(
      fc.property(minute, fc.integer({ min: 1, max: 10 * 365 * 1440 }), fc.constantFrom(...ZONES), (from, length, timeZone) => {
        const [fromMs, toMs] = [from * 60_000, Math.min(from + length, Math.floor(NOW / 60_000)) * 60_000];
        const bins = binsOf({ fromMs, toMs, timeZone, complete: true });
        expect(bins.length).toBeGreaterThan(0);
        expect(bins.length).toBeLessThanOrEqual(64);
        let at = fromMs;
        for (const bin of bins) {
          expect(bin.fromMs).toBe(at);
          expect(bin.toMs).toBeGreaterThan(at);
          at = bin.toMs;
        }
        expect(at).toBe(toMs);
      }),
      { numRuns: 150 },
    );
  });
});
