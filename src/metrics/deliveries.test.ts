import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { type Append, type AppendItem, ledgerMigrations, openAppend, readHead, retainDeliveries } from "../ledger/index.ts";
import { deliverySeries, foldDeliveries, metricsMigrations, sumDeliveries } from "./index.ts";
import { rebuildDeliveries } from "./rebuild-deliveries.ts";

const START = Date.parse("2025-10-26T00:00:30Z");
const options = { timeZone: "Europe/Berlin" };

function arrival(id: string, receivedAt: number, endpoint: string): AppendItem {
  const body = { id, type: "charge.succeeded", created: 1_760_000_000 };
  const read = readHead(body, receivedAt);
  if (read.kind !== "head") throw new Error(read.reason);
  return { kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(body)), receivedAt, source: "webhook", endpoint };
}

function refusal(outcome: "rejected" | "failed" | "malformed", receivedAt: number, count: number): AppendItem {
  return { kind: "refusal", outcome, receivedAt, endpoint: "main", status: 400, reason: "no", eventId: null, eventType: null, count };
}

onBothDatabases("delivery buckets", [...ledgerMigrations, ...metricsMigrations], (database) => {
  it("count every delivery once, per endpoint, in minutes, hours and local days", async () => {
    const db = await database.open();
    const append: Append = openAppend(db);
    await append([arrival("evt_1", START, "main"), arrival("evt_1", START + 1000, "main"), arrival("evt_2", START + 60_000, "connect")]);
    await append([refusal("rejected", START, 40), refusal("failed", START + 3_600_000, 1), refusal("malformed", START + 25 * 3_600_000, 1)]);
    expect(await foldDeliveries(db, options, 4, START)).toBe(4);
    expect(await foldDeliveries(db, options, 4, START)).toBe(2);
    expect(await foldDeliveries(db, options, 4, START)).toBe(0);
    const none = { accepted: 0, duplicate: 0, variant: 0, malformed: 0, failed: 0, rejected: 0 };
    const minutes = await deliverySeries(db.read, "minute", START - 60_000, START + 120_000);
    expect(minutes).toEqual([
      { startMs: START - 30_000, endpoint: "main", counts: { ...none, accepted: 1, duplicate: 1, rejected: 40 } },
      { startMs: START + 30_000, endpoint: "connect", counts: { ...none, accepted: 1 } },
    ]);
    // The day the clocks go back has 25 hours: only the last delivery is on the next one.
    const days = await deliverySeries(db.read, "day", START - 86_400_000, START + 30 * 3_600_000);
    expect(days.map(({ endpoint, counts }) => [endpoint, counts.failed, counts.malformed])).toEqual([
      ["connect", 0, 0],
      ["main", 1, 0],
      ["main", 0, 1],
    ]);
    expect((await sumDeliveries(db.read, "hour", START - 3_600_000, START + 2 * 3_600_000)).get("main")).toEqual({ ...none, accepted: 1, duplicate: 1, rejected: 40, failed: 1 });
  });

  it("keep what retention made impossible to count again, also of a delivery recorded late", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const DAY = 86_400_000;
    for (const at of [START, START - 100 * DAY, START + 10 * DAY]) await append([refusal("failed", at, 1)]);
    while ((await foldDeliveries(db, options, 10, START)) > 0);
    const right = await db.read.selectFrom("delivery_metric").selectAll().execute();
    for (const before of [START - 90 * DAY, START + DAY, START + 20 * DAY]) {
      await retainDeliveries(db, before, 10);
      expect(await rebuildDeliveries(db, options.timeZone, false)).toEqual({ missing: [], extra: [], different: [] });
    }
    expect(await db.read.selectFrom("delivery_metric").selectAll().execute()).toEqual(right);
    expect(await db.read.selectFrom("delivery").selectAll().execute()).toEqual([]);
  });
});
