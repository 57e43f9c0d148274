import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { createHttp, virtualClock } from "../platform/index.ts";
import { alertMigrations } from "./migrations/index.ts";
import { alertRoutes } from "./routes.ts";
import { insertAlert, resolveAlert } from "./store.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

async function served(database: TestDatabase) {
  const db = await database.open();
  const http = await createHttp({ clock: virtualClock(NOON), version: "1" });
  alertRoutes(http, { db, viewer: async () => {} });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };
  return { db, ask };
}

onBothDatabases("alerts over HTTP", alertMigrations, (database) => {
  it("lists them newest first, in pages, by state and rule, and shows one", async () => {
    const { db, ask } = await served(database);
    const told = { severity: "CRITICAL", value: 4, summary: "4 failed" } as const;
    await db.write(async (tx) => {
      for (let minute = 0; minute < 5; minute += 1) {
        const at = NOON + minute * 60_000;
        await insertAlert(tx, minute % 2 === 0 ? "webhook_failures" : "payment_errors", { state: "firing", openedAt: at, firedAt: at, recoveringAt: null }, told, at);
        if (minute < 3) await resolveAlert(tx, minute + 1, at + 30_000);
      }
    });
    const ids = (body: Record<string, unknown>) => (body["data"] as { id: number }[]).map((alert) => alert.id);
    const [status, first] = await ask("/api/alerts?limit=3");
    expect([status, first["count"], ids(first)]).toEqual([200, 3, [5, 4, 3]]);
    const [, second] = await ask(`/api/alerts?limit=3&cursor=${String(first["next_cursor"])}`);
    expect([ids(second), second["next_cursor"]]).toEqual([[2, 1], null]);
    expect(ids((await ask("/api/alerts?state=open"))[1])).toEqual([5, 4]);
    expect(ids((await ask("/api/alerts?state=resolved&rule=payment_errors"))[1])).toEqual([2]);
    expect(await ask("/api/alerts/1")).toEqual([
      200,
      { ok: true, data: { id: 1, rule: "webhook_failures", state: "resolved", severity: "CRITICAL", value: 4, summary: "4 failed", opened_at: "2025-10-20T12:00:00.000Z", fired_at: "2025-10-20T12:00:00.000Z", recovering_at: null, resolved_at: "2025-10-20T12:00:30.000Z" } },
    ]);
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
