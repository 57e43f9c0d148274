import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { createHttp, virtualClock } from "../platform/index.ts";
import { ledgerMigrations } from "../ledger/index.ts";
import { metricsMigrations } from "../metrics/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { alertMigrations } from "./migrations/index.ts";
import { alertRoutes } from "./routes.ts";
import { insertAlert, resolveAlert } from "./store.ts";
import { toldPlainly } from "./testing/told.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

async function served(database: TestDatabase) {
  const db = await database.open();
  const http = await createHttp({ clock: virtualClock(NOON), version: "1" });
  const trail: string[] = [];
  alertRoutes(http, {
    db,
    clock: virtualClock(NOON),
    live: true,
    viewer: async () => {},
    operator: async () => {},
    doer: () => ({ id: "k1", name: "Ada" }),
    trail: async (_tx, _request, action, alert) => void trail.push(`${action} ${alert.id}`),
  });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };
  const send = async (path: string, body?: unknown) => {
    const response = await fetch(url + path, { method: "POST", ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }) });
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };
  return { db, ask, send, trail };
}

onBothDatabases("alerts over HTTP", [...ledgerMigrations, ...metricsMigrations, ...notifyMigrations, ...alertMigrations], (database) => {
  it("lists them newest first, in pages, by state and rule, and shows one", async () => {
    const { db, ask } = await served(database);
    const told = toldPlainly({ severity: "CRITICAL", value: 4, summary: "4 failed" });
    await db.write(async (tx) => {
      for (let minute = 0; minute < 5; minute += 1) {
        const at = NOON + minute * 60_000;
        const rule = minute % 2 === 0 ? "webhook_failures" : "payment_errors";
        await insertAlert(tx, { key: rule, rule }, { state: "firing", openedAt: at, firedAt: at, recoveringAt: null }, told, at);
        if (minute < 3) await resolveAlert(tx, minute + 1, "recovered", at + 30_000);
      }
    });
    const ids = (body: Record<string, unknown>) => (body["data"] as { id: number }[]).map((alert) => alert.id);
    const [status, first] = await ask("/api/alerts?limit=3");
    expect([status, first["count"], ids(first)]).toEqual([200, 3, [5, 4, 3]]);
    const [, second] = await ask(`/api/alerts?limit=3&cursor=${String(first["next_cursor"])}`);
    expect([ids(second), second["next_cursor"]]).toEqual([[2, 1], null]);
    expect(ids((await ask("/api/alerts?state=open"))[1])).toEqual([5, 4]);
    expect(ids((await ask("/api/alerts?state=resolved&rule=payment_errors"))[1])).toEqual([2]);
    expect(await ask("/api/alerts/1")).toMatchObject([
      200,
      { ok: true, data: { id: 1, rule: "webhook_failures", state: "resolved", severity: "CRITICAL", value: 4, summary: "4 failed", opened_at: "2025-10-20T12:00:00.000Z", fired_at: "2025-10-20T12:00:00.000Z", recovering_at: null, resolved_at: "2025-10-20T12:00:30.000Z" } },
    ]);
  });

  it("lets a person take it on, comment, judge and end it; each stands in its time line, in the trail, and is told", async () => {
    const { db, ask, send, trail } = await served(database);
    const evidence = { measure: "failed", fromMs: NOON - 3_600_000, untilMs: NOON, seen: 8, of: 40, expected: 2, low: 0, high: 5, probability: 1e-6, threshold: null, scope: null, band: null, events: ["evt_1"] };
    await db.write((tx) => insertAlert(tx, { key: "payment_errors", rule: "payment_errors" }, { state: "firing", openedAt: NOON, firedAt: NOON, recoveringAt: null }, toldPlainly({ stake: { currency: "usd", minor: 4210 }, evidence }), NOON));
    expect(await send("/api/alerts/1/ack", { note: "on it" })).toMatchObject([200, { data: { state: "firing", acknowledged: { by: "Ada", note: "on it" }, stake: { currency: "usd", minor: 4210, text: "$42.10" } } }]);
    expect((await send("/api/alerts/1/ack"))[0]).toBe(200);
    expect((await send("/api/alerts/1/comment", { text: "asked the bank" }))[0]).toBe(200);
    expect(await send("/api/alerts/1/feedback", { feedback: "expected", note: "a promotion" })).toMatchObject([200, { data: { feedback: "expected" } }]);
    expect(await send("/api/alerts/1/silence", { minutes: 30, reason: "we know" })).toMatchObject([201, { data: { matchers: ["alert=1"], author: "Ada", ends_at: "2025-10-20T12:30:00.000Z" } }]);
    expect(await send("/api/alerts/1/silence", { scope: "rule", reason: "we know" })).toMatchObject([201, { data: { matchers: ["rule=payment_errors"], ends_at: null } }]);
    expect(await send("/api/alerts/1/resolve", { reason: "the bank is back" })).toMatchObject([200, { data: { state: "resolved", resolution: "by_hand" } }]);
    expect(await send("/api/alerts/1/resolve", { reason: "again" })).toMatchObject([409, { code: "alert_resolved" }]);
    expect(await send("/api/alerts/1/ack")).toMatchObject([409, { code: "alert_resolved" }]);
    expect(trail).toEqual(["alert.acknowledge 1", "alert.acknowledge 1", "alert.comment 1", "alert.feedback 1", "alert.silence 1", "alert.silence 1", "alert.resolve 1"]);
    const [, { data }] = await ask("/api/alerts/1");
    expect(data).toMatchObject({
      timeline: [
        { kind: "acknowledged", by: "Ada", reason: "on it" },
        { kind: "acknowledged", by: "Ada", reason: null },
        { kind: "commented", by: "Ada", reason: "asked the bank" },
        { kind: "feedback", by: "Ada", reason: "expected: a promotion" },
        { kind: "silenced", by: "Ada", reason: "alert until 2025-10-20T12:30:00.000Z: we know" },
        { kind: "silenced", by: "Ada", reason: "rule until it is resolved: we know" },
        { kind: "resolved", by: "Ada", reason: "the bank is back" },
      ],
      notices: [],
      evidence: { seen: 8, of: 40, low: 0, high: 5, events: ["evt_1"], from: "2025-10-20T11:00:00.000Z" },
      series: { step_s: 60 },
      previous: [],
    });
    expect((await db.read.selectFrom("notify_news").select("change").orderBy("id").execute()).map(({ change }) => change)).toEqual(["acknowledged", "acknowledged", "resolved"]);
  });

  it.each([
    ["ack", { note: "" }, 400],
    ["ack", { note: "a\nb" }, 400],
    ["ack", { who: "me" }, 400],
    ["resolve", undefined, 400],
    ["resolve", { reason: "  " }, 400],
    ["comment", { text: "x".repeat(1001) }, 400],
    ["feedback", { feedback: "good" }, 400],
    ["silence", { minutes: 0, reason: "x" }, 400],
    ["silence", { minutes: 5, until: "2025-10-20T13:00:00Z", reason: "x" }, 400],
    ["silence", { minutes: 5 }, 400],
    ["comment", { text: "hello" }, 404],
    ["feedback", { feedback: "real" }, 404],
  ])("refuses %s with %j: %i", async (verb, body, status) => {
    const { send } = await served(database);
    expect((await send(`/api/alerts/7/${verb}`, body))[0]).toBe(status);
  });

  it.each([
    ["/api/alerts?limit=500", 200],
    ["/api/alerts?limit=0", 400],
    ["/api/alerts?limit=1e1", 400],
    ["/api/alerts?limit=0x10", 400],
    ["/api/alerts?limit=%2B5", 400],
    ["/api/alerts?limt=5", 400],
    ["/api/alerts?state=closed", 400],
    ["/api/alerts?cursor=abc", 400],
    ["/api/alerts/1e1", 400],
    ["/api/alerts/0x10", 400],
    ["/api/alerts/1", 404],
    ["/api/alerts/1?verbose=1", 400],
  ])("answers %s with %i", async (path, status) => {
    const { ask } = await served(database);
    expect((await ask(path))[0]).toBe(status);
  });
});
