import { expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { ledgerMigrations } from "../../ledger/index.ts";
import { metricsMigrations } from "../../metrics/index.ts";
import { paymentsMigrations } from "../../payments/index.ts";
import { DAY_MS, HOUR_MS } from "../../platform/index.ts";
import { madeUpMinutes, MONDAY } from "../detection/made-up-traffic.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { fillMinutes } from "../testing/minutes.ts";
import { createModel } from "./model.ts";
import { staleness } from "./stale.ts";

const SCOPE = { live: true, timeZone: "UTC", mainCurrency: "usd" };
const BEGIN = MONDAY * 1000;
const END = BEGIN + 3 * DAY_MS;
const sale = (at: number, attempts: number) => ({ ts: at / 1000, attempts, succeeded: attempts, failed: 0, revenue_minor: 100 * attempts, webhook_ok: 0, webhook_failed: 0 });

onBothDatabases("whether what was learnt is still what is stored", [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations], (database) => {
  it("corrects late hours, learns anew from another history, and takes retention for no change", async () => {
    const db = await database.open();
    await fillMinutes(db, madeUpMinutes({ attemptsADay: 300, days: 3 }));
    const model = await createModel(db.read, SCOPE, { live: true, foreignEndpoints: [] }, DEFAULT_SETTINGS, BEGIN, END);
    await model.take(db.read, END);
    expect(await staleness(db.read, SCOPE, model)).toEqual({ kind: "fresh" });
    await fillMinutes(db, [sale(END - 5 * HOUR_MS, 3), sale(END - 30 * HOUR_MS, 2)]);
    expect(await staleness(db.read, SCOPE, model)).toEqual({ kind: "corrected", hours: 2 });
    expect(await staleness(db.read, SCOPE, model)).toEqual({ kind: "fresh" });
    await db.write((tx) => tx.deleteFrom("metric").where("grain", "=", "m").where("start", "<", BEGIN + DAY_MS).execute());
    expect(await staleness(db.read, SCOPE, model)).toEqual({ kind: "fresh" });
    // A backfill brings days from before.
    await fillMinutes(db, [sale(BEGIN - 2 * DAY_MS, 40), sale(BEGIN - DAY_MS, 40)]);
    expect(await staleness(db.read, SCOPE, model)).toEqual({ kind: "rebuild" });
  });
});
