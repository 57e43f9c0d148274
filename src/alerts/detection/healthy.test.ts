import { expect, it } from "vitest";
import type { Alert } from "./alert.ts";
import { createDetector } from "./detector.ts";
import { madeUpMinutes, MONDAY, type Moment, usualRate } from "./made-up-traffic.ts";
import { zoneSpan } from "./zone.ts";

/**
 * Ninety days of an ordinary shop: weekends at half level, two days of promotion that end hard, a public holiday, deploys that fail for a minute or two, a decline
 * rate that wanders, and Berlin's clocks going back on day 55. The goal is 0.05 false alarms a month, so that three months of one shop allow none.
 * The full matrix of shapes, noises and traps is bench/detection.
 */
const DAY = 1440;
const ZONE = "Europe/Berlin";

function ordinary(attemptsADay: number) {
  let span = zoneSpan(ZONE, MONDAY);
  return (moment: Moment, minute: number, ts: number): void => {
    if (ts >= span.until) span = zoneSpan(ZONE, ts);
    const local = ts + span.offset;
    const weekend = new Date(local * 1000).getUTCDay() % 6 === 0;
    moment.rate = usualRate(attemptsADay, local) * (weekend ? (0.5 * 1.1) / 0.7 : 1);
    if (minute >= 50 * DAY + 600 && minute < 52 * DAY + 600) Object.assign(moment, { rate: moment.rate * 2.5, meanSale: moment.meanSale * 0.85 });
    if (new Date(local * 1000).toISOString().startsWith("2025-10-03")) moment.rate *= 0.35;
    moment.decline *= 1 + 0.3 * Math.sin(minute / 3000);
    if (minute % 4001 < 1 + (minute % 2)) moment.webhookFailure = 1;
  };
}

it.each([10, 200, 5000, 100_000, 2_000_000])("no rule fires in 90 days of an ordinary shop of %i payments a day", (attemptsADay) => {
  const detector = createDetector({ timeZone: ZONE, country: "DE" });
  const opened: Alert[] = [];
  for (const bucket of madeUpMinutes({ attemptsADay, days: 90 }, ordinary(attemptsADay))) {
    for (const { kind, alert } of detector.push({ ...bucket, refunds: Math.floor(bucket.succeeded / 30 + ((bucket.ts / 60) % 31) / 31), disputes: 0 })) if (kind === "opened") opened.push(alert);
  }
  expect(opened).toEqual([]);
}, 60_000);
