import { describe, expect, it } from "vitest";
import { createDetector } from "./detector.ts";
import { madeUpMinutes, type Moment } from "./made-up-traffic.ts";
import { DAY, during, minutesAfter, opened, replay, UTC } from "./testing/played.ts";

describe("what is no alarm", () => {
  it("an ordinary store with weekends, a promotion and a clock change", () => {
    const change = (moment: Moment, minute: number): void => {
      if (minute >= 35 * DAY && minute < 36.5 * DAY) moment.rate *= 2.5;
    };
    for (const attemptsADay of [20, 3000]) {
      // Berlin's clocks go back on 26 October 2025, day 55; this traffic keeps to UTC and so seems to move.
      expect(opened(replay(madeUpMinutes({ attemptsADay, days: 70 }, change), { timeZone: "Europe/Berlin" }).transitions)).toEqual([]);
    }
  });

  it("refunds that are made at any hour, and disputes that come weeks after the sales", () => {
    const minutes = madeUpMinutes({ attemptsADay: 700, days: 40 }).map((bucket, minute) => ({ ...bucket, refunds: minute % 71 === 0 || minute % 103 === 0 ? 1 : 0, disputes: minute > 17 * DAY && minute % 400 === 0 ? 1 : 0 }));
    expect(opened(replay(minutes).transitions)).toEqual([]);
  });

  it("a holiday at a third of the volume, known beforehand; the same unannounced is one", () => {
    const minutes = madeUpMinutes({ attemptsADay: 5000, days: 32 }, during(30, 31, (moment) => (moment.rate *= 0.33)));
    const days = [{ date: "2025-10-01", kind: "holiday" }] as const;
    expect(opened(replay(minutes, { ...UTC, days }).transitions)).toEqual([]);
    expect(opened(replay(minutes).transitions)).toMatchObject([{ metric: "revenue_dip" }]);
  });

  it("deploys: a minute in which deliveries, or checkouts, fail", () => {
    const blip = (moment: Moment, minute: number): void => {
      if (minute > 20 * DAY && minute % 997 === 0) Object.assign(moment, { webhookFailure: 1, rate: moment.rate });
      if (minute > 20 * DAY && minute % 1009 === 0) moment.rate = 0;
    };
    expect(opened(replay(madeUpMinutes({ attemptsADay: 20_000, days: 34 }, blip)).transitions)).toEqual([]);
  });

  it("a gap that comes every day from now on: told twice, then it is a habit", () => {
    const gap = (moment: Moment, minute: number): void => {
      if (minute >= 22 * DAY && minute % DAY >= 840 && minute % DAY < 885) moment.rate = 0;
    };
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 20_000, days: 32 }, gap));
    expect(opened(transitions).map((alert) => Math.floor(minutesAfter(alert, 0) / DAY))).toEqual([22, 23]);
  });

  it("a holiday of which a tenth is left; that it dies altogether is told even so", () => {
    const days = [{ date: "2025-10-01", kind: "holiday" }] as const;
    const tenth = (dead: boolean) => (moment: Moment, minute: number): void => {
      if (minute >= 30 * DAY && minute < 31 * DAY) moment.rate *= dead && minute >= 30.5 * DAY ? 0 : 0.1;
    };
    expect(opened(replay(madeUpMinutes({ attemptsADay: 20_000, days: 32 }, tenth(false)), { ...UTC, days }).transitions)).toEqual([]);
    expect(opened(replay(madeUpMinutes({ attemptsADay: 20_000, days: 32 }, tenth(true)), { ...UTC, days }).transitions)).toMatchObject([{ metric: "revenue_dip" }]);
  });

  it("planned maintenance, and minutes that our own ingest did not see", () => {
    const minutes = madeUpMinutes({ attemptsADay: 5000, days: 32 }, during(30, 31, (moment) => (moment.rate = 0)));
    expect(opened(replay(minutes, { ...UTC, days: [{ date: "2025-10-01", kind: "maintenance" }] }).transitions)).toEqual([]);
    const detector = createDetector(UTC);
    const transitions = minutes.flatMap((bucket, minute) => detector.push(bucket, undefined, { observed: minute < 30 * DAY || minute >= 31 * DAY }));
    expect(opened(transitions)).toEqual([]);
  });

  it("what came in during maintenance, or while nothing was seen: no surge afterwards, late or not", () => {
    const minutes = madeUpMinutes({ attemptsADay: 5000, days: 33 }).map((bucket, minute) => ({ ...bucket, refunds: minute % 60 === 0 ? 1 : 0, disputes: minute % 1000 === 0 ? 1 : 0 }));
    const metrics = ["revenue_dip", "payment_error", "webhook_failure", "revenue_spike", "refund_surge", "dispute_surge"] as const;
    const asked = createDetector({ ...UTC, metrics, days: [{ date: "2025-10-01", kind: "maintenance" }] });
    const unseen = createDetector({ ...UTC, metrics });
    const transitions = minutes.flatMap((bucket, minute) => {
      const late = minute === 31 * DAY + 5 ? minutes.slice(minute - 30, minute - 10) : [];
      for (const one of late) asked.amend({ ...one, attempts: one.attempts + 40, failed: one.failed + 40 });
      return [...asked.push(bucket), ...unseen.push(bucket, undefined, { observed: minute < 30 * DAY || minute >= 31 * DAY })];
    });
    expect(opened(transitions)).toEqual([]);
  });

  it("the first week, in which no weekend has been seen", () => {
    const weekdaysOnly = (moment: Moment, _minute: number, ts: number): void => {
      if (new Date(ts * 1000).getUTCDay() % 6 === 0) moment.rate = 0;
    };
    const { detector, transitions } = replay(madeUpMinutes({ attemptsADay: 3000, days: 9 }, weekdaysOnly));
    expect(opened(transitions)).toEqual([]);
    expect(detector.outlook().learningDaysLeft).toBe(5);
  });
});
