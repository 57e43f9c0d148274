import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Transition } from "./alert.ts";
import type { MinuteBucket, MinuteSlices } from "./bucket.ts";
import { createDetector } from "./detector.ts";
import { madeUpMinutes, MONDAY } from "./made-up-traffic.ts";
import { DAY, during, minutesAfter, opened, replay, resolved, UTC } from "./testing/played.ts";

describe("what is noticed", () => {
  it("a dead checkout, in minutes at 5,000 a day, with its cost; and its end", () => {
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 5000, days: 23 }, during(22.6, 22.65, (moment) => (moment.rate = 0))));
    const [alert] = opened(transitions);
    expect(opened(transitions)).toHaveLength(1);
    expect(alert).toMatchObject({ metric: "revenue_dip", kind: "silent_checkout", severity: "CRITICAL", scope: null });
    expect(minutesAfter(alert, 22.6)).toBeLessThanOrEqual(8);
    expect(Math.abs((alert?.startedAt ?? 0) / 1000 - (MONDAY + 22.6 * 86_400))).toBeLessThanOrEqual(120);
    expect(alert?.why).toMatch(/^No payment attempt in \d+ minutes: expected \d+-\d+, got 0\. About EUR [\d.,]+ not taken so far\.$/);
    expect(resolved(transitions)).toMatchObject([{ id: alert?.id, resolution: "recovered" }]);
  });

  it("half the checkout within the hour at 20,000 a day", () => {
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 20_000, days: 22 }, during(21.6, 21.7, (moment) => (moment.rate /= 2))));
    const [alert] = opened(transitions);
    expect(alert).toMatchObject({ metric: "revenue_dip", kind: "fewer_attempts" });
    expect(minutesAfter(alert, 21.6)).toBeLessThanOrEqual(25);
  });

  it("ten sales a day gone silent, in two days", () => {
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 10, days: 28 }, during(22, 26, (moment) => (moment.rate = 0))));
    expect(minutesAfter(opened(transitions)[0], 22)).toBeLessThanOrEqual(2 * DAY);
  });

  it("a failing processor", () => {
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 5000, days: 22 }, during(21.5, 21.55, (moment) => (moment.decline = 0.8))));
    const [alert] = opened(transitions);
    expect(alert).toMatchObject({ metric: "payment_error", kind: "failure_rate", severity: "CRITICAL" });
    expect(minutesAfter(alert, 21.5)).toBeLessThanOrEqual(8);
    expect(alert?.why).toMatch(/^\d+ of \d+ payments failed in \d+ minutes \(\d+ %, usual /);
  });

  it("one brand failing, named, while the total hardly moves", () => {
    const minutes = madeUpMinutes({ attemptsADay: 20_000, days: 22 });
    const from = MONDAY + 21.5 * 86_400;
    const slices = ({ ts, attempts, failed }: MinuteBucket): MinuteSlices => {
      const amex = Math.floor(attempts / 8);
      const lost = ts >= from ? amex : Math.floor(failed / 8);
      return { ts, card_brand: { amex: [amex, lost], visa: [attempts - amex, failed - Math.floor(failed / 8)] } };
    };
    const [alert] = opened(replay(minutes, UTC, slices).transitions);
    expect(alert).toMatchObject({ metric: "payment_error", kind: "slice_failing", scope: { dimension: "card_brand", value: "amex" } });
    expect(minutesAfter(alert, 21.5)).toBeLessThanOrEqual(15);
  });

  it("amounts halved at the usual count", () => {
    const { transitions } = replay(madeUpMinutes({ attemptsADay: 5000, days: 23 }, during(22.5, 22.7, (moment) => (moment.meanSale /= 2))));
    expect(opened(transitions)).toMatchObject([{ metric: "revenue_dip", kind: "cheaper_sales" }]);
    expect(minutesAfter(opened(transitions)[0], 22.5)).toBeLessThanOrEqual(60);
  });

  it("cards being tested, not called an outage", () => {
    const minutes = madeUpMinutes({ attemptsADay: 2000, days: 22 }).map((bucket, minute) =>
      minute >= 21.5 * DAY && minute < 21.6 * DAY ? { ...bucket, attempts: bucket.attempts + 12, failed: bucket.failed + 11, succeeded: bucket.succeeded + 1 } : bucket,
    );
    expect(opened(replay(minutes).transitions)).toMatchObject([{ metric: "card_testing", severity: "CRITICAL" }]);
  });

  it("an endpoint that fails, and one that hears nothing", () => {
    const failing = replay(madeUpMinutes({ attemptsADay: 5000, days: 22 }, during(21.5, 21.55, (moment) => (moment.webhookFailure = 0.9))));
    expect(opened(failing.transitions)).toMatchObject([{ metric: "webhook_failure", kind: "webhooks_failing", severity: "CRITICAL" }]);
    const silent = replay(madeUpMinutes({ attemptsADay: 5000, days: 22 }).map((bucket, minute) => (minute >= 21.5 * DAY && minute < 21.6 * DAY ? { ...bucket, webhook_ok: 0, webhook_failed: 0 } : bucket)));
    expect(opened(silent.transitions)).toMatchObject([{ metric: "webhook_failure", kind: "webhooks_silent" }]);
  });

  it.each([
    ["technical", /^\d+ of \d+ payments failed for technical reasons in .*Other causes are normal\. About EUR .* not collected so far\.$/, /deploy/],
    ["risk", /^\d+ of \d+ payments were blocked as a risk in /, /Radar/],
    ["customer", /^\d+ of \d+ payments were declined by the customer's bank or for wrong card data in /, /decline codes/],
  ])("a cause of failure that rises while the total hardly shows it: %s", (cause, why, advice) => {
    const from = MONDAY + 21.5 * 86_400;
    const usual: Record<string, number> = { customer: 0.04, risk: 0.015, technical: 0.01 };
    const slices = ({ ts, attempts }: MinuteBucket): MinuteSlices => ({
      ts, cause: Object.fromEntries(Object.entries(usual).map(([name, rate]) => [name, [attempts, Math.floor(attempts * (name === cause && ts >= from ? rate + 0.09 : rate) + ((ts / 60) % 10) / 10)]])),
    });
    // The failures of all payments are left as they were: only the cause moves.
    const [alert] = opened(replay(madeUpMinutes({ attemptsADay: 60_000, days: 22 }), UTC, slices).transitions);
    expect(alert).toMatchObject({ metric: "payment_error", kind: "slice_failing", scope: { dimension: "cause", value: cause } });
    expect(alert?.why).toMatch(why);
    expect(alert?.advice).toMatch(advice);
    expect(alert?.lossMinor).toBeGreaterThan(0);
    expect(minutesAfter(alert, 21.5)).toBeLessThanOrEqual(30);
  });

  it("a surge of disputes, with what is at stake", () => {
    const minutes = madeUpMinutes({ attemptsADay: 5000, days: 32 }).map((bucket, minute) => ({ ...bucket, refunds: 0, disputes: minute % 1000 === 0 || (minute > 30 * DAY && minute % 60 === 0) ? 1 : 0 }));
    const [alert] = opened(replay(minutes).transitions);
    expect(alert).toMatchObject({ metric: "dispute_surge", severity: "WARNING" });
    expect(alert?.why).toMatch(/^\d+ disputes in .*; usual are \d+-\d+\. About EUR [\d.,]+ more than usual at the mean sale so far\.$/);
    expect(alert?.lossMinor).toBeGreaterThan(0);
  });

  it("a surge of refunds, when they are counted", () => {
    const minutes = madeUpMinutes({ attemptsADay: 5000, days: 22 }).map((bucket, minute) => ({ ...bucket, refunds: minute % 60 === 0 || (minute > 21.5 * DAY && minute % 5 === 0) ? 1 : 0, disputes: 0 }));
    expect(opened(replay(minutes).transitions)).toMatchObject([{ metric: "refund_surge" }]);
  });
});

describe("state", () => {
  const minutes = madeUpMinutes({ attemptsADay: 3000, days: 22 }, during(20.5, 20.6, (moment) => (moment.rate = 0)));

  it("never looks ahead: cutting the future off changes nothing before", () => {
    const all = replay(minutes).transitions;
    expect(all.length).toBeGreaterThanOrEqual(2);
    for (const { alert } of all) {
      const until = minutes.filter((bucket) => bucket.ts * 1000 < alert.firedAt);
      expect(replay(until).transitions).toEqual(all.slice(0, all.findIndex((other) => other.alert.id === alert.id) + 1));
    }
  });

  it("never looks ahead wherever it is cut, with slices and a calendar", () => {
    const days = [{ date: "2025-09-21", kind: "holiday" }] as const;
    const config = { ...UTC, days, country: "DE" };
    const slices = ({ ts, attempts, failed }: MinuteBucket): MinuteSlices => {
      const amex = Math.floor(attempts / 3);
      return { ts, card_brand: { amex: [amex, ts > MONDAY + 19.3 * 86_400 && ts < MONDAY + 19.4 * 86_400 ? amex : Math.floor(failed / 3)], visa: [attempts - amex, failed - Math.floor(failed / 3)] } };
    };
    const all = replay(minutes, config, slices).transitions;
    expect(new Set(opened(all).map((alert) => alert.metric))).toEqual(new Set(["payment_error", "revenue_dip"]));
    const at = ({ alert, kind }: Transition): number => (kind === "resolved" ? (alert.resolvedAt ?? 0) : alert.firedAt) / 1000;
    fc.assert(
      fc.property(fc.integer({ min: 19 * DAY, max: 22 * DAY }), (cut) => {
        const end = MONDAY + cut * 60;
        // Updates carry no time of their own; opening and closing do.
        const told = (transitions: readonly Transition[]): Transition[] => transitions.filter((one) => one.kind !== "updated" && at(one) <= end);
        expect(told(replay(minutes.slice(0, cut), config, slices).transitions)).toEqual(told(all));
      }),
      { numRuns: 6, seed: 11 },
    );
  });

  it("a snapshot goes on as if nothing had happened", () => {
    const detector = createDetector(UTC);
    const cut = Math.floor(20.55 * DAY);
    const before = minutes.slice(0, cut).flatMap((bucket) => detector.push(bucket));
    expect(detector.open()).toHaveLength(1);
    const restored = createDetector(UTC, detector.snapshot());
    const after = minutes.slice(cut).flatMap((bucket) => restored.push(bucket));
    expect([...before, ...after]).toEqual(replay(minutes).transitions);
  });

  it("late events correct the past without an alarm of their own", () => {
    const detector = createDetector(UTC);
    for (const [minute, bucket] of minutes.slice(0, 20 * DAY).entries()) detector.push(minute >= 20 * DAY - 3 ? { ...bucket, attempts: 0, succeeded: 0, failed: 0, revenue_minor: 0, webhook_ok: 0, webhook_failed: 0 } : bucket);
    for (const bucket of minutes.slice(20 * DAY - 3, 20 * DAY)) expect(detector.amend(bucket)).toBe(true);
    const whole = createDetector(UTC);
    for (const bucket of minutes.slice(0, 20 * DAY)) whole.push(bucket);
    const rest = minutes.slice(20 * DAY);
    expect(rest.flatMap((bucket) => detector.push(bucket)).map(({ alert }) => alert.id)).toEqual(rest.flatMap((bucket) => whole.push(bucket)).map(({ alert }) => alert.id));
    expect(detector.amend({ ...(minutes[0] as MinuteBucket) })).toBe(false);
  });

  it("refuses a minute that is not the next, or impossible", () => {
    const detector = createDetector(UTC);
    const [first, second, third] = minutes as [MinuteBucket, MinuteBucket, MinuteBucket];
    detector.push(first);
    expect(() => detector.push(third)).toThrow(/1 minute\(s\) missing/);
    expect(() => detector.push({ ...second, failed: second.attempts + 1 })).toThrow(RangeError);
    expect(() => createDetector({ timeZone: "Mars/Olympus" })).toThrow(/unknown time zone "Mars\/Olympus"/);
    expect(() => createDetector({ timeZone: "UTC", country: "XX" })).toThrow(/unknown country "XX"/);
  });

  it("after six days half the volume is the new normal; none never is", () => {
    const halved = replay(madeUpMinutes({ attemptsADay: 3000, days: 32 }, during(22, 32, (moment) => (moment.rate /= 2)))).transitions;
    expect(opened(halved)).toHaveLength(1);
    expect(resolved(halved)).toMatchObject([{ resolution: "accepted" }]);
    const dead = replay(madeUpMinutes({ attemptsADay: 3000, days: 32 }, during(22, 32, (moment) => (moment.rate = 0))));
    expect(dead.detector.open()).toHaveLength(1);
  });
});

describe("what is usual, told", () => {
  const minutes = madeUpMinutes({ attemptsADay: 3000, days: 29 });
  const { detector } = replay(minutes.slice(0, 28 * DAY));
  const day = minutes.slice(28 * DAY);
  const begin = (day[0]?.ts ?? 0) * 1000;

  it("a day ahead, in steps whose bands hold about nine in ten of what comes", () => {
    const steps = detector.expected(begin, 10, 144) ?? [];
    const seen = steps.map((_, step) => day.slice(step * 10, step * 10 + 10).reduce((sum, bucket) => sum + bucket.attempts, 0));
    const inside = steps.filter(({ low, high }, step) => (seen[step] ?? 0) >= low && (seen[step] ?? 0) <= high).length;
    expect(inside / steps.length).toBeGreaterThan(0.85);
    const [whole] = detector.expected(begin, DAY, 1) ?? [];
    const taken = day.reduce((sum, bucket) => sum + bucket.revenue_minor, 0);
    expect(whole?.takingsLow).toBeLessThan(taken);
    expect(whole?.takingsHigh).toBeGreaterThan(taken);
    expect(steps.reduce((sum, step) => sum + step.attempts, 0)).toBeCloseTo(whole?.attempts ?? 0, 6);
  });

  it("failures of the last hour, and nothing while learning; asking changes nothing", () => {
    const usual = detector.usualFailures("payments", begin - 3_600_000, begin);
    expect(usual?.tries).toBeGreaterThan(20);
    expect((usual?.high ?? 0) / (usual?.tries ?? 1)).toBeLessThan(0.25);
    expect(usual?.low).toBeLessThanOrEqual(usual?.expected ?? 0);
    expect(replay(minutes.slice(0, 5 * DAY)).detector.usualFailures("payments", 0, begin)).toBeNull();
    const before = detector.snapshot();
    detector.expected(begin + 40 * 86_400_000, 60, 24);
    expect(detector.snapshot()).toEqual(before);
  });

  it("from the first payments on, as a guess; nothing before them, and of the time before the shop", () => {
    const young = madeUpMinutes({ attemptsADay: 3000, days: 3, start: MONDAY + 20 * 3600 });
    const first = createDetector({ timeZone: "UTC" });
    expect(first.expected(MONDAY * 1000, 60, 24)).toBeNull();
    for (const bucket of young.slice(0, 120)) first.push(bucket);
    const hours = first.expected(MONDAY * 1000, 60, 24) ?? [];
    expect(hours[12]).toMatchObject({ attempts: 0, low: 0, high: 0, takingsHigh: 0 });
    // About 125 attempts an hour at 40 each, of which nobody knows yet whether they stay so many.
    expect(hours[23]?.attempts).toBeGreaterThan(60);
    expect(hours[23]?.high).toBeGreaterThan(2.5 * (hours[23]?.low ?? Infinity));
    expect(hours[23]?.takings).toBeGreaterThan(200_000);
    // The evening of the first day, fitted alone at midnight, says nothing of the next day's noon: still a guess, with the hours seen so far.
    for (const bucket of young.slice(120, 20 * 60)) first.push(bucket);
    const [soFar] = first.expected((MONDAY + 86_400) * 1000, 16 * 60, 1) ?? [];
    const seen = young.slice(4 * 60, 20 * 60).reduce((sum, { attempts }) => sum + attempts, 0);
    expect(soFar?.low).toBeLessThan(seen);
    expect(soFar?.high).toBeGreaterThan(seen);
    // Learnt from whole days afterwards, and narrower.
    for (const bucket of young.slice(20 * 60)) first.push(bucket);
    const [day] = first.expected((MONDAY + 3 * 86_400) * 1000, DAY, 1) ?? [];
    expect((day?.high ?? Infinity) / (day?.low ?? 0)).toBeLessThan((soFar?.high ?? 0) / (soFar?.low ?? Infinity));
    expect(day?.takingsLow).toBeGreaterThan(0);
  });
});
