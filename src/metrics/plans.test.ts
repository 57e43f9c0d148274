import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { watched } from "../../test/plans.ts";
import { paymentsMigrations } from "../payments/index.ts";
import { type Database, migrate, openSqlite } from "../platform/index.ts";
import { DELIVERY_OUTCOMES, deliverySeries, MEASURES, metricsMigrations, retainMetrics, series, sumBy, sumDeliveries } from "./index.ts";

const DAY = 86_400_000;
const AT = Math.floor(1_760_000_000_000 / DAY) * DAY;
/** Edges inside a minute, an hour and a day, so that every kind of piece is asked for. */
const YEAR = { fromMs: AT - 365 * DAY + 7, toMs: AT + 5_000_011 };

async function filled(): Promise<Database> {
  const db = openSqlite(join(temporaryDirectory(), "test.db"));
  onTestFinished(() => db.close());
  await migrate(db, [...paymentsMigrations, ...metricsMigrations], 0);
  const measures = Object.fromEntries(MEASURES.map((measure) => [measure, 1])) as Record<(typeof MEASURES)[number], number>;
  const outcomes = Object.fromEntries(DELIVERY_OUTCOMES.map((outcome) => [outcome, 1])) as Record<(typeof DELIVERY_OUTCOMES)[number], number>;
  await db.write(async (tx) => {
    for (const grain of ["m", "h", "d"]) {
      await tx.insertInto("metric").values({ grain, live: 1, account: "", kind: "all", start: AT, value: "", ...measures }).execute();
      await tx.insertInto("delivery_metric").values({ grain, start: AT, endpoint: "main", ...outcomes }).execute();
    }
  });
  return db;
}

const METRIC = "SEARCH metric USING PRIMARY KEY (grain=? AND live=? AND account=? AND kind=? AND start>? AND start<?)";
const ATTEMPT = "SEARCH attempt USING INDEX attempt_at (live=? AND at>? AND at<?)";
const DELIVERY = "SEARCH delivery_metric USING PRIMARY KEY (grain=? AND start>? AND start<?)";

/** PostgreSQL reads tables this small from end to end, and says so; its keys are the same. */
describe("queries of metrics walk a key and no table", () => {
  it.each<[string, readonly string[], (db: Database) => Promise<unknown>]>([
    ["sums over a year, to the millisecond", [METRIC, ATTEMPT], (db) => sumBy(db.read, "currency", YEAR)],
    ["sums by brand", [METRIC], (db) => sumBy(db.read, "brand", YEAR)],
    ["sums of a part of a minute", [ATTEMPT], (db) => sumBy(db.read, "all", { fromMs: AT + 1, toMs: AT + 2 })],
    ["a series", [METRIC], (db) => series(db.read, "hour", "brand", YEAR)],
    ["a series of one value", [METRIC], (db) => series(db.read, "minute", "currency", YEAR, "usd")],
    ["a series of deliveries", [DELIVERY], (db) => deliverySeries(db.read, "minute", AT, AT + DAY)],
    ["sums of deliveries", [DELIVERY], (db) => sumDeliveries(db.read, "hour", AT, AT + DAY)],
    [
      "retention",
      [
        // The days, which are few, name the walks there are.
        "SEARCH metric USING PRIMARY KEY (grain=?)",
        "SEARCH metric USING PRIMARY KEY (grain=? AND live=? AND account=? AND kind=? AND start<?)",
        "SEARCH delivery_metric USING PRIMARY KEY (grain=? AND start=? AND endpoint=?)",
        "SEARCH delivery_metric USING PRIMARY KEY (grain=? AND start<?)",
      ],
      async (db) => {
        while ((await retainMetrics(db, "minute", AT + DAY, 10, "derive")) > 0);
      },
    ],
  ])("%s", async (_, searches, ask) => {
    const { db, plans } = watched(await filled());
    await ask(db);
    const lines = await plans();
    expect(new Set(lines.filter((line) => line.startsWith("SEARCH")))).toEqual(new Set(searches));
    // The settings are a handful of rows; `found` are the rows that were found.
    expect(lines.filter((line) => line.startsWith("SCAN") && !/^SCAN (metric_setting|found)$/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes("TEMP B-TREE FOR ORDER BY"))).toEqual([]);
  });
});
