import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { DERIVE, deriveEvents } from "../app/derive.ts";
import { migrations } from "../app/migrations.ts";
import { evaluate } from "../alerts/index.ts";
import { openAppend, readHead } from "../ledger/index.ts";
import { type Database, inChunks } from "../platform/index.ts";
import { salesByCurrency } from "../payments/index.ts";
import { rebuild, series, sumBy } from "./index.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const DAY = 86_400_000;
const LARGEST = 999_999_999_999;

/** Stored as charges of Stripe's largest amount, all in one minute: together more than a number holds exactly. */
async function sell(db: Database, count: number): Promise<void> {
  const append = openAppend(db);
  for (const chunk of inChunks(Array.from({ length: count }, (_, index) => index), 1000)) {
    await append(
      chunk.map((index) => {
        const created = NOON / 1000 + (index % 50);
        const event = { id: `evt_${index}`, object: "event", type: "charge.succeeded", created, livemode: true, data: { object: { id: `ch_${index}`, object: "charge", status: "succeeded", amount: LARGEST, amount_captured: LARGEST, amount_refunded: 0, currency: "idr", created } } };
        const head = readHead(event, NOON);
        if (head.kind === "malformed") throw new Error(head.reason);
        return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: NOON, source: "webhook" as const, endpoint: "main" };
      }),
    );
  }
  while ((await deriveEvents(db, "UTC", 1000, NOON)) > 0);
}

onBothDatabases("sums wider than a number", migrations, (database) => {
  it("are read as the most a number holds, and judged, compared and corrected without failing", async () => {
    const db = await database.open();
    await sell(db, 9100);
    const window = { fromMs: NOON, toMs: NOON + 3_600_000 };
    expect((await sumBy(db.read, "currency", window)).get("idr")).toMatchObject({ gross: Number.MAX_SAFE_INTEGER, captures: 9100, attempts: 9100 });
    for (const grain of ["minute", "hour", "day"] as const) {
      expect(await series(db.read, grain, "currency", { fromMs: NOON - DAY, toMs: NOON + DAY }, "idr")).toMatchObject([{ measures: { gross: Number.MAX_SAFE_INTEGER } }]);
    }
    expect((await salesByCurrency(db.read, NOON, NOON + 60_000, true, null)).get("idr")).toMatchObject({ count: 9100, amount: Number.MAX_SAFE_INTEGER });
    const options = { scope: { live: true, timeZone: "UTC", mainCurrency: "idr" }, thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true } };
    expect((await evaluate(db, options, NOON + 50_000)).record).toMatchObject({ event: "production_alerts" });
    expect((await evaluate(db, options, NOON + DAY)).record).toMatchObject({ event: "production_alerts" });
    const { rows } = await sql<{ gross: string }>`select cast(gross as text) as gross from metric where kind = 'currency' and grain = 'd'`.execute(db.read);
    expect(rows).toEqual([{ gross: String(9100n * BigInt(LARGEST)) }]);
    // What is stored is exact: deriving anew is the same, and a wrong row is found and put right.
    expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
    await db.write((tx) => sql`update metric set gross = gross + 1 where kind = 'currency' and grain = 'h'`.execute(tx));
    expect(await rebuild(db, { check: false, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: false, repaired: true });
    expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
  });
});
