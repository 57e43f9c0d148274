import { describe, expect, it } from "vitest";
import { calendarOf, publicHolidays } from "./calendar.ts";
import { assertTimeZone, quarterOfWeek, weekday, zoneSpan } from "./zone.ts";

const at = (iso: string): number => Date.parse(iso) / 1000;

describe("local time", () => {
  it.each([
    ["Europe/London", "2025-03-30T01:00:00Z", 3600, 0],
    ["America/New_York", "2025-11-02T06:00:00Z", -18_000, -14_400],
    ["Australia/Lord_Howe", "2025-10-04T15:30:00Z", 39_600, 37_800],
  ])("%s changes its clock at %s", (zone, change, after, before) => {
    const ts = at(change);
    const span = zoneSpan(zone, ts);
    expect(span).toMatchObject({ from: ts, offset: after, before });
    expect(zoneSpan(zone, ts - 60)).toMatchObject({ until: ts, offset: before });
    expect(zoneSpan(zone, ts + 86_400)).toEqual(span);
  });
  it("UTC never does", () => {
    expect(zoneSpan("UTC", at("2025-06-01T00:00:00Z"))).toEqual({ from: -Infinity, until: Infinity, offset: 0, before: 0 });
    expect(() => assertTimeZone("Europe/Nowhere")).toThrow(RangeError);
  });
  it("weeks begin on Monday", () => {
    expect(weekday(at("2025-09-01T12:00:00Z"))).toBe(0);
    expect(quarterOfWeek(at("2025-09-01T00:00:00Z"))).toBe(0);
    expect(quarterOfWeek(at("2025-09-07T23:59:00Z"))).toBe(671);
    expect(quarterOfWeek(at("1969-12-31T23:50:00Z"))).toBe(2 * 96 + 95);
  });
});

describe("calendar", () => {
  it("knows holidays by country and region", () => {
    const dates = (country: string): string[] => publicHolidays(country, [2026]).map((day) => day.date);
    expect(dates("DE")).toContain("2026-12-25");
    expect(dates("DE-BY")).toContain("2026-01-06");
    expect(dates("DE")).not.toContain("2026-01-06");
    expect(dates("US")).toContain("2026-07-04");
  });
  it("lets an own day win", () => {
    const calendar = calendarOf([...publicHolidays("US", [2026]), { date: "2026-07-04", kind: "promotion" }]);
    expect(calendar.get("2026-07-04")?.kind).toBe("promotion");
  });
});
