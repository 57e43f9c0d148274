import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { ledgerMigrations } from "../ledger/index.ts";
import { metricsMigrations } from "../metrics/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { paymentsMigrations } from "../payments/index.ts";
import { createHttp, HOUR_MS, MINUTE_MS, virtualClock } from "../platform/index.ts";
import { expectationRoutes } from "./expectation-routes.ts";
import { alertMigrations } from "./migrations/index.ts";
import { insertAlert } from "./store.ts";
import { fillMinutes } from "./testing/minutes.ts";
import { toldPlainly } from "./testing/told.ts";
import { type UsualNow, writeUsualDays, writeUsualNow } from "./usual.ts";

/** A Monday. */
const NOON = Date.UTC(2025, 9, 20, 12);
const MIDNIGHT = NOON - 12 * HOUR_MS;
const step = (fromMs: number, attempts: number) => ({ fromMs, attempts, low: attempts - 3, high: attempts + 3, failed: attempts / 20, takings: attempts * 1000, takingsLow: attempts * 800, takingsHigh: attempts * 1200 });
const outlook = { attemptsADay: 240, learningDaysLeft: 0, deadMinutes: 250, halvedMinutes: null };
const USUAL: UsualNow = { judgedUntil: NOON - MINUTE_MS, learningDaysLeft: 0, payments: null, webhooks: null, today: { all: step(MIDNIGHT, 120) }, currencies: { all: "usd" }, outlook: { all: outlook }, open: [], gate: null };

async function served(database: TestDatabase) {
  const db = await database.open();
  const http = await createHttp({ clock: virtualClock(NOON), version: "1" });
  const scope = { live: true, timeZone: "UTC", mainCurrency: "usd", completeness: async () => "312 of 312 events until 11:58 UTC" };
  expectationRoutes(http, { db, clock: virtualClock(NOON), viewer: async () => {}, scope });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    const body = (await response.json()) as { data: Record<string, unknown> };
    return [response.status, body.data] as const;
  };
  /** Ten minutes of sales before noon, and the same the day before. */
  const sell = (sales: number) => fillMinutes(db, [NOON - 10 * MINUTE_MS, NOON - 24 * HOUR_MS].map((at) => ({ ts: at / 1000, attempts: sales + 1, succeeded: sales, failed: 1, revenue_minor: sales * 1000, webhook_ok: 0, webhook_failed: 0 })));
  const follow = async (over: Partial<UsualNow> = {}) => {
    await db.write((tx) => writeUsualNow(tx, { ...USUAL, ...over }, NOON));
    await db.write((tx) => writeUsualDays(tx, "all", { fromMs: MIDNIGHT - 24 * HOUR_MS, stepMs: 600_000, steps: Array.from({ length: 288 }, (_, index) => step(MIDNIGHT - 24 * HOUR_MS + index * 600_000, 2)) }, NOON));
  };
  return { db, ask, sell, follow };
}

onBothDatabases("what is usual, over HTTP", [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations, ...notifyMigrations, ...alertMigrations], (database) => {
  it("puts today and yesterday beside the band, and says how today is", async () => {
    const { ask, sell, follow } = await served(database);
    await sell(90);
    await follow();
    const [status, data] = await ask("/api/expectation");
    expect(status).toBe(200);
    expect(data).toMatchObject({ metric: "revenue", currency: "usd", time_zone: "UTC", step_s: 600, learning_days_left: 0, basis: "learnt", now: { seen: 90_000, low: 96_000, high: 144_000, position: "below", text: "$900.00; usual by now are $960.00 to $1,440.00" } });
    const today = data["today"] as { at: string; seen: number | null; expected: number }[];
    expect(today).toHaveLength(144);
    expect(today[71]).toMatchObject({ at: "2025-10-20T11:50:00Z", seen: 90_000, expected: 2000 });
    expect(today[73]?.seen).toBeNull();
    expect((data["yesterday"] as { seen: number }[])[72]?.seen).toBe(90_000);
    expect((await ask("/api/expectation?metric=success_rate"))[1]).toMatchObject({ currency: null, now: { seen: 90 / 91, expected: 0.95, position: "usual" } });
    expect((await ask("/api/expectation?metric=attempts&currency=USD"))[1]).toMatchObject({ currency: "usd", now: { seen: 91, position: "below" } });
    expect((await ask("/api/expectation?metric=revenue&currency=jpy"))[1]).toMatchObject({ now: { seen: 0, low: null, position: "learning" } });
    expect((await ask("/api/expectation?metric=profit"))[0]).toBe(400);
    await follow({ learningDaysLeft: 13 });
    expect((await ask("/api/expectation"))[1]).toMatchObject({ basis: "guess", now: { low: 96_000, position: "learning", text: "$900.00; what is usual is still being learnt (13 days left); a first guess is $960.00 to $1,440.00" } });
  });

  it("says it in a sentence, with what is open first", async () => {
    const { db, ask, sell, follow } = await served(database);
    expect((await ask("/api/overview/sentence"))[1]).toEqual({ text: "All well. $0.00 so far today. 312 of 312 events until 11:58 UTC.", state: "ok", open_alerts: 0, position: "unfollowed" });
    await sell(120);
    await follow();
    expect((await ask("/api/overview/sentence"))[1]["text"]).toBe("All well. $1,200.00 so far today, usual for a Monday at 12:00: $960.00–$1,440.00. 312 of 312 events until 11:58 UTC.");
    await db.write((tx) => insertAlert(tx, { key: "a", rule: "a" }, { state: "firing", openedAt: NOON, firedAt: NOON, recoveringAt: null }, toldPlainly({ severity: "CRITICAL", summary: "8 of 40 payments failed" }), NOON));
    await follow({ learningDaysLeft: 3 });
    expect((await ask("/api/overview/sentence"))[1]).toEqual({ text: "Payments fail: 8 of 40 payments failed. $1,200.00 so far today. What is usual is still being learnt: 3 days left. 312 of 312 events until 11:58 UTC.", state: "CRITICAL", open_alerts: 1, position: "learning" });
  });

  it("tells how soon trouble would be noticed", async () => {
    const { ask, follow } = await served(database);
    expect((await ask("/api/outlook"))[1]).toMatchObject({ learning_days_left: null, streams: [] });
    await follow();
    expect((await ask("/api/outlook"))[1]).toMatchObject({
      text: "At 240 payment attempts a day a dead checkout is noticed in about 4.2 hours, a halved one cannot be told from chance within days.",
      streams: [{ name: "all", currency: "usd", dead_checkout_minutes: 250, halved_checkout_minutes: null }],
    });
  });
});
