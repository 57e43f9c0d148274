import { expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { ledgerMigrations } from "../../ledger/index.ts";
import { metricsMigrations } from "../../metrics/index.ts";
import { paymentsMigrations } from "../../payments/index.ts";
import { DAY_MS } from "../../platform/index.ts";
import { madeUpMinutes, MONDAY } from "../detection/made-up-traffic.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { fillMinutes } from "../testing/minutes.ts";
import { backtestStored, type Trial } from "./stored.ts";
import { BACKTEST_SHAPE, picture, showBacktest } from "./summary.ts";

const SCOPE = { live: true, timeZone: "UTC", mainCurrency: "usd" };
const FEED = { live: true, foreignEndpoints: [] };
const TRIAL: Trial = { settings: DEFAULT_SETTINGS, thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.15, revenueChangeDoD: -0.5, evidence: true } };
const DAYS = 17;
const NOW = (MONDAY + DAYS * 86_400) * 1000;

onBothDatabases("a rule set on the stored history", [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations], (database) => {
  it("tells what would have fired, when, and what another limit would do; the past alone decides", { timeout: 240_000 }, async () => {
    const db = await database.open();
    // On the last day but one an hour in which most payments fail.
    const minutes = madeUpMinutes({ attemptsADay: 4000, days: DAYS }, (moment, minute) => {
      if (minute >= 15.5 * 1440 && minute < 15.5 * 1440 + 60) moment.decline = 0.7;
    });
    await fillMinutes(db, minutes.map((bucket) => ({ ...bucket, webhook_ok: 0, webhook_failed: 0 })));
    const run = (trial: Trial, days: number, nowMs = NOW) => backtestStored(db.read, SCOPE, FEED, trial, days, nowMs);
    const whole = await run(TRIAL, 2);
    expect(whole).toMatchObject({ fromMs: NOW - 2 * DAY_MS, untilMs: NOW, minutes: 2880, learntDays: 15 });
    const parts = whole.firings.map(({ part, rule }) => `${part} ${rule}`);
    expect(parts.sort()).toEqual(["adaptive slice_failing", "threshold payment_errors"]);
    const begin = (MONDAY + 15.5 * 86_400) * 1000;
    for (const { firedAt, resolvedAt } of whole.firings) {
      expect(firedAt - begin).toBeGreaterThan(0);
      expect(firedAt - begin).toBeLessThan(20 * 60_000);
      expect(resolvedAt).toBeGreaterThan(firedAt);
    }
    // Cutting the future off changes nothing of what was told before.
    const cut = await run(TRIAL, 2, begin + 30 * 60_000);
    expect(cut.firings.map(({ rule, firedAt, why }) => ({ rule, firedAt, why }))).toEqual(whole.firings.map(({ rule, firedAt, why }) => ({ rule, firedAt, why })));
    const strict = await run({ ...TRIAL, thresholds: { ...TRIAL.thresholds, paymentErrorRate1h: 0.9 } }, 2);
    expect(strict.firings.map(({ part }) => part)).toEqual(["adaptive"]);
    // More days than are kept: as many as there are.
    expect((await run(TRIAL, 60)).fromMs).toBeLessThanOrEqual(MONDAY * 1000 + 3_600_000);

    const shown = showBacktest(whole, "UTC");
    expect(BACKTEST_SHAPE.parse(shown)).toEqual(shown);
    expect(shown).toMatchObject({ alerts: 2, by_rule: { payment_errors: 1, slice_failing: 1 }, by_weekday: { Tuesday: 2, Wednesday: 0 }, by_day: [{ date: "2025-09-16", criticals: 2 }, { date: "2025-09-17", criticals: 0 }] });
    expect(shown.at_stake).toMatchObject([{ currency: "usd" }]);
    expect(picture(shown)).toBe("2025-09-16   #.");
  });
});
