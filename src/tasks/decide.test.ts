import { assert, constantFrom, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decision, decide } from "./decide.ts";
import { cronTrouble, slotsOf } from "./slots.ts";
import type { MissedPolicy, Schedule } from "./task.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.UTC(2025, 9, 20, 12);

const every = (minutes: number, missed: MissedPolicy = "once") => ({ schedule: { kind: "every", everyMs: minutes * MINUTE } as Schedule, missed, graceMs: 30_000 });
const cron = (expression: string, timeZone = "UTC", missed: MissedPolicy = "once") => ({ schedule: { kind: "cron", cron: expression, timeZone } as Schedule, missed, graceMs: 30_000 });
const at = (cursorAt: number | null, anchorAt = NOON) => ({ anchorAt, cursorAt });

describe("what is due", () => {
  it("an interval, at its first start at once; a cron expression at its first time", () => {
    expect(decide(every(5), at(null), NOON)).toEqual({ kind: "run", dueAt: NOON, cursorAt: NOON, late: false, missed: 0 });
    // Made known long before it was first started: nothing was missed by that.
    expect(decide(every(5), at(null), NOON + 12 * MINUTE)).toMatchObject({ kind: "run", dueAt: NOON + 10 * MINUTE, late: false, missed: 0 });
    expect(decide(cron("0 13 * * *"), at(null), NOON)).toEqual({ kind: "reset", reason: "first_seen", cursorAt: NOON });
    expect(decide(cron("0 13 * * *"), at(NOON), NOON)).toEqual({ kind: "wait", reason: "not_due", nextAt: NOON + HOUR });
  });

  it("waits, and runs at its time and within the grace after it", () => {
    expect(decide(every(5), at(NOON), NOON + 5 * MINUTE - 1)).toEqual({ kind: "wait", reason: "not_due", nextAt: NOON + 5 * MINUTE });
    expect(decide(every(5), at(NOON), NOON + 5 * MINUTE)).toMatchObject({ kind: "run", dueAt: NOON + 5 * MINUTE, late: false, missed: 0 });
    expect(decide(every(5), at(NOON), NOON + 5 * MINUTE + 30_000)).toMatchObject({ kind: "run", late: false, missed: 0 });
    expect(decide(every(5), at(NOON), NOON + 5 * MINUTE + 30_001)).toMatchObject({ kind: "run", late: true, missed: 1 });
    expect(decide(cron("*/15 * * * *"), at(NOON), NOON + 15 * MINUTE)).toMatchObject({ kind: "run", dueAt: NOON + 15 * MINUTE, late: false });
  });

  it("never, when it is disabled", () => {
    expect(decide({ ...every(5), enabled: false }, at(null), NOON)).toEqual({ kind: "wait", reason: "disabled", nextAt: null });
  });

  it.each<[MissedPolicy, Partial<Decision>]>([
    ["once", { kind: "run", dueAt: NOON + HOUR, cursorAt: NOON + HOUR, late: true, missed: 12 }],
    ["skip", { kind: "skip", dueAt: NOON + HOUR, cursorAt: NOON + HOUR, missed: 12 }],
    ["all", { kind: "run", dueAt: NOON + 5 * MINUTE, cursorAt: NOON + 5 * MINUTE, late: true, missed: 1 }],
  ])("after an hour's pause, missed: %s", (missed, expected) => {
    expect(decide(every(5, missed), at(NOON), NOON + HOUR + 2 * MINUTE)).toMatchObject(expected);
  });

  it("with a run on time among what was missed", () => {
    expect(decide(every(5), at(NOON), NOON + HOUR)).toMatchObject({ kind: "run", dueAt: NOON + HOUR, late: true, missed: 11 });
    expect(decide(every(5, "skip"), at(NOON), NOON + HOUR)).toMatchObject({ kind: "run", dueAt: NOON + HOUR, late: false, missed: 11 });
  });

  it("counts no more than a bound, and comes to the newest all the same", () => {
    const year = NOON + 365 * 24 * HOUR;
    expect(decide(every(1), at(NOON), year)).toMatchObject({ kind: "run", dueAt: year, missed: 1000 });
    expect(decide(cron("* * * * *"), at(NOON), year)).toMatchObject({ kind: "run", dueAt: year, missed: 1000 });
  });

  it("makes up for all, oldest first, then waits", () => {
    const task = every(5, "all");
    const now = NOON + 17 * MINUTE;
    const run: number[] = [];
    let cursorAt = NOON;
    for (let decision = decide(task, at(cursorAt), now); decision.kind === "run"; decision = decide(task, at(cursorAt), now)) {
      run.push((decision.dueAt - NOON) / MINUTE);
      cursorAt = decision.cursorAt;
    }
    expect(run).toEqual([5, 10, 15]);
  });
});

describe("a clock that was set back", () => {
  it("by a little does not run a time twice", () => {
    expect(decide(every(5), at(NOON), NOON - 2000)).toEqual({ kind: "wait", reason: "not_due", nextAt: NOON + 5 * MINUTE });
    expect(decide(cron("15 3 * * *"), at(Date.UTC(2025, 9, 20, 3, 15)), Date.UTC(2025, 9, 20, 1, 15))).toMatchObject({ kind: "wait", nextAt: Date.UTC(2025, 9, 21, 3, 15) });
  });

  it("by more does not stop the task until the clock has caught up", () => {
    expect(decide(every(5), at(NOON), NOON - HOUR)).toEqual({ kind: "reset", reason: "clock_went_back", cursorAt: NOON - HOUR });
    expect(decide(every(5), at(NOON - HOUR), NOON - HOUR + 5 * MINUTE)).toMatchObject({ kind: "run", late: false });
  });

  it("is told from a node whose clock is behind that of the others", () => {
    expect(decide(every(1), at(NOON), NOON - 8 * MINUTE, 10 * MINUTE)).toMatchObject({ kind: "wait" });
    expect(decide(every(1), at(NOON), NOON - 12 * MINUTE, 10 * MINUTE)).toMatchObject({ kind: "reset" });
  });
});

describe("daylight saving", () => {
  const next = (expression: string, timeZone: string, from: string, count: number) => {
    const slots = slotsOf({ kind: "cron", cron: expression, timeZone }, 0);
    const found: string[] = [];
    for (let ms = slots.after(Date.parse(from)); ms !== null && found.length < count; ms = slots.after(ms)) found.push(new Date(ms).toISOString().slice(0, 16));
    return found;
  };

  it.each([
    // The time that is left out runs once, at the end of the gap.
    ["Europe/London", "30 1 * * *", "2025-03-29T12:00Z", ["2025-03-30T01:00", "2025-03-31T00:30"]],
    ["America/New_York", "30 2 * * *", "2025-03-08T12:00Z", ["2025-03-09T07:00", "2025-03-10T06:30"]],
    // Half an hour only.
    ["Australia/Lord_Howe", "15 2 * * *", "2025-10-04T10:00Z", ["2025-10-04T15:30", "2025-10-05T15:15"]],
    // The time that comes twice runs once, the first time.
    ["Europe/London", "30 1 * * *", "2025-10-25T12:00Z", ["2025-10-26T00:30", "2025-10-27T01:30"]],
    ["America/New_York", "30 1 * * *", "2025-11-01T12:00Z", ["2025-11-02T05:30", "2025-11-03T06:30"]],
    ["Australia/Lord_Howe", "45 1 * * *", "2025-04-05T10:00Z", ["2025-04-05T14:45", "2025-04-06T15:15"]],
    ["UTC", "30 1 * * *", "2025-03-29T12:00Z", ["2025-03-30T01:30", "2025-03-31T01:30"]],
  ])("%s, %s", (timeZone, expression, from, expected) => {
    expect(next(expression, timeZone, from, expected.length)).toEqual(expected);
  });

  it("does not touch an interval", () => {
    assert(
      property(constantFrom(Date.UTC(2025, 2, 30), Date.UTC(2025, 9, 26)), integer({ min: 1, max: 1440 }), integer({ min: -HOUR, max: 48 * HOUR }), (anchorAt, minutes, offset) => {
        const slots = slotsOf({ kind: "every", everyMs: minutes * MINUTE }, anchorAt);
        const now = anchorAt + offset;
        const [before, after] = [slots.upTo(now) ?? Number.NaN, slots.after(now) ?? Number.NaN];
        expect(before <= now && after > now).toBe(true);
        expect(after - before).toBe(minutes * MINUTE);
      }),
    );
  });
});

describe("every time of a cron expression", () => {
  const zones = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"];

  it("is run exactly once by a node that looks often, whenever it looks", () => {
    const expressions = ["*/5 * * * *", "30 1 * * *", "15 2 * * *", "0 */6 * * *"];
    assert(
      property(tuple(constantFrom(...zones), constantFrom(...expressions)), integer({ min: 0, max: 364 }), integer({ min: 1, max: 29 }), ([timeZone, expression], day, step) => {
        const start = Date.UTC(2025, 0, 1) + day * 24 * HOUR;
        const task = cron(expression, timeZone);
        const slots = slotsOf(task.schedule, start);
        const run: number[] = [];
        let cursorAt = start;
        for (let now = start; now < start + 30 * HOUR; now += step * 1000) {
          const decision = decide(task, at(cursorAt, start), now);
          if (decision.kind === "wait") {
            // Nothing happens before then: look again from there.
            const skip = Math.floor(((decision.nextAt ?? now) - now) / (step * 1000)) - 1;
            now += Math.max(0, skip) * step * 1000;
            continue;
          }
          expect(decision).toMatchObject({ kind: "run", late: false, missed: 0 });
          if (decision.kind === "run") run.push((cursorAt = decision.dueAt));
        }
        const expected: number[] = [];
        for (let slot = slots.after(start); slot !== null && slot < start + 30 * HOUR - step * 1000; slot = slots.after(slot)) expected.push(slot);
        expect(run.slice(0, expected.length)).toEqual(expected);
        expect(run.length - expected.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });

  it("looks the same from before and from behind", () => {
    assert(
      property(constantFrom(...zones), constantFrom("*/5 * * * *", "30 1 * * *", "15 2 * * *", "0 9 * * MON"), integer({ min: 0, max: 525_600 * 60 }), (timeZone, expression, second) => {
        const slots = slotsOf({ kind: "cron", cron: expression, timeZone }, 0);
        const slot = slots.after(Date.UTC(2025, 0, 1) + second * 1000) ?? Number.NaN;
        expect(slots.upTo(slot)).toBe(slot);
        expect(slots.upTo((slots.after(slot) ?? Number.NaN) - 1)).toBe(slot);
        expect(slots.after(slot - 1)).toBe(slot);
      }),
    );
  });

  it.each([["* * * *", /part/], ["61 * * * *", /./], ["0 0 31 2 *", /never/], ["* * * * * *", /part/], ["", /./]])("%j is refused", (expression, text) => {
    expect(cronTrouble(expression)).toMatch(text);
  });

  it("is taken when it is right", () => {
    expect(cronTrouble("*/5 8-18 * * MON-FRI")).toBeNull();
  });
});
