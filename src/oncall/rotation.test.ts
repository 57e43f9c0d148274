import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS } from "../platform/index.ts";
import { type Layer, onCallAt, type Rotation, shifts } from "./rotation.ts";

const layer = (over: Partial<Layer> = {}): Layer => ({ people: ["ann", "bob", "cy"], handover: { everyDays: 7, at: [540], from: "2025-10-20" }, only: [], ...over });
const rotation = (timeZone: string, ...layers: Layer[]): Rotation => ({ name: "primary", timeZone, layers });
const at = (text: string): number => Date.parse(text);
const who = (one: Rotation, text: string): string | null => onCallAt(one, [], at(text)).person;

describe.each([
  ["UTC", "09:00:00Z", "09:00:00Z"],
  ["Europe/London", "08:00:00Z", "09:00:00Z"],
  // Daylight saving ends on 2025-10-26 in London, on 2025-11-02 in New York, begins on 2025-10-05 in Lord Howe (by half an hour).
  ["America/New_York", "13:00:00Z", "13:00:00Z"],
  ["Australia/Lord_Howe", "22:00:00Z", "22:00:00Z"],
])("a weekly hand-over at 09:00 in %s", (zone, summer, winter) => {
  const weekly = rotation(zone, layer());
  const day = zone === "Australia/Lord_Howe" ? ["2025-10-19", "2025-10-26"] : ["2025-10-20", "2025-10-27"];

  it("is at 09:00 there, before and after daylight saving changes", () => {
    const first = at(`${day[0]}T${summer}`);
    const second = at(`${day[1]}T${winter}`);
    expect([first - 1, first, second - 1, second].map((ms) => onCallAt(weekly, [], ms).person)).toEqual([null, "ann", "ann", "bob"]);
  });
});

describe("rotations", () => {
  it("take turns for ever, daily, weekly and every so many days", () => {
    const daily = rotation("UTC", layer({ handover: { everyDays: 1, at: [0], from: "2025-10-20" } }));
    expect(["2025-10-19T23:59:59Z", "2025-10-20T00:00:00Z", "2025-10-21T00:00:00Z", "2025-10-22T12:00:00Z", "2025-10-23T00:00:00Z"].map((text) => who(daily, text))).toEqual([null, "ann", "bob", "cy", "ann"]);
    const fortnight = rotation("UTC", layer({ handover: { everyDays: 14, at: [540], from: "2025-10-20" } }));
    expect(["2025-11-03T08:59:00Z", "2025-11-03T09:00:00Z", "2025-11-17T09:00:00Z", "2025-12-01T09:00:00Z"].map((text) => who(fortnight, text))).toEqual(["ann", "bob", "cy", "ann"]);
  });

  it("may have several shifts a day", () => {
    const shiftly = rotation("UTC", layer({ people: ["day", "night"], handover: { everyDays: 1, at: [480, 1200], from: "2025-10-20" } }));
    expect(["2025-10-20T08:00:00Z", "2025-10-20T20:00:00Z", "2025-10-21T07:59:00Z", "2025-10-21T08:00:00Z"].map((text) => who(shiftly, text))).toEqual(["day", "night", "night", "day"]);
  });

  it("are covered by the last layer that has somebody, and by nobody in a gap", () => {
    const office = { timeZone: "UTC", weekdays: [1, 2, 3, 4, 5], hours: [{ from: 540, to: 1020 }], dates: [] };
    const night = { timeZone: "UTC", weekdays: [], hours: [{ from: 1320, to: 360 }], dates: [] };
    const both = rotation("UTC", layer({ people: ["office"], only: [office] }), layer({ people: ["night"], only: [night] }));
    expect(["2025-10-20T12:00:00Z", "2025-10-20T18:00:00Z", "2025-10-20T23:00:00Z", "2025-10-21T05:59:00Z", "2025-10-21T06:00:00Z", "2025-10-25T12:00:00Z"].map((text) => who(both, text))).toEqual(["office", null, "night", "night", null, null]);
    const day = shifts(both, [], at("2025-10-21T00:00:00Z"), at("2025-10-22T00:00:00Z"));
    expect(day.map(({ person, startsAt, endsAt }) => [person, (startsAt - at("2025-10-21T00:00:00Z")) / HOUR_MS, (endsAt - at("2025-10-21T00:00:00Z")) / HOUR_MS])).toEqual([["night", 0, 6], [null, 6, 9], ["office", 9, 17], [null, 17, 22], ["night", 22, 24]]);
  });

  it("are stood in for by the override made last", () => {
    const weekly = rotation("UTC", layer());
    const monday = at("2025-10-20T12:00:00Z");
    const overrides = [
      { id: 1, rotation: "primary", person: "dee", startsAt: monday, endsAt: monday + 2 * HOUR_MS },
      { id: 2, rotation: "primary", person: "eve", startsAt: monday + HOUR_MS, endsAt: monday + 3 * HOUR_MS },
      { id: 3, rotation: "another", person: "fay", startsAt: 0, endsAt: Number.MAX_SAFE_INTEGER },
    ];
    expect(shifts(weekly, overrides, monday - HOUR_MS, monday + 4 * HOUR_MS).map(({ person, override }) => [person, override])).toEqual([["ann", null], ["dee", 1], ["eve", 2], ["ann", null]]);
  });

  it("have at every moment of any time exactly the shift that says who is on", () => {
    const zones = fc.constantFrom("UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe");
    const handover = fc.oneof(fc.record({ everyDays: fc.integer({ min: 2, max: 20 }), at: fc.integer({ min: 0, max: 1439 }).map((minute) => [minute]) }), fc.record({ everyDays: fc.constant(1), at: fc.uniqueArray(fc.integer({ min: 0, max: 1439 }), { minLength: 1, maxLength: 3 }).map((all) => all.sort((a, b) => a - b)) }));
    const start = at("2025-10-01T00:00:00Z");
    fc.assert(
      fc.property(zones, handover, fc.integer({ min: 0, max: 60 * DAY_MS }), fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 5, maxLength: 5 }), (zone, given, offset, looks) => {
        const one = rotation(zone, layer({ handover: { ...given, from: "2025-10-10" } }));
        const [from, to] = [start + offset, start + offset + 20 * DAY_MS];
        const all = shifts(one, [], from, to);
        expect(all[0]?.startsAt).toBe(from);
        expect(all.at(-1)?.endsAt).toBe(to);
        all.forEach((shift, index) => expect(shift.startsAt).toBe(index === 0 ? from : all[index - 1]?.endsAt));
        for (const look of looks) {
          const ms = Math.floor(from + look * (to - from));
          expect(all.find(({ startsAt, endsAt }) => startsAt <= ms && ms < endsAt)?.person).toBe(onCallAt(one, [], ms).person);
        }
      }),
      { numRuns: 60 },
    );
  });
});
