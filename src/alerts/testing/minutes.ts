import { MEASURES } from "../../metrics/index.ts";
import { DAY_MS, type Database, HOUR_MS } from "../../platform/index.ts";
import type { MinuteBucket } from "../detection/index.ts";

/** Figures are written as the folds would have, in UTC days: made-up minutes of weeks need no made-up events. */
export interface MinuteOf extends MinuteBucket {
  readonly currency?: string;
  readonly brand?: string;
}

type Row = Record<string, number | string>;

function add(rows: Map<string, Row>, grain: string, kind: string, value: string, start: number, counts: Readonly<Record<string, number>>): void {
  const key = `${grain} ${kind} ${value} ${start}`;
  const row = rows.get(key) ?? { grain, live: 1, account: "", kind, start, value, ...Object.fromEntries(MEASURES.map((measure) => [measure, 0])) };
  for (const [measure, count] of Object.entries(counts)) row[measure] = Number(row[measure] ?? 0) + count;
  rows.set(key, row);
}

const GRAINS = [
  ["m", 60_000],
  ["h", HOUR_MS],
  ["d", DAY_MS],
] as const;

/** Adds minutes to the buckets of the live mode. */
export async function fillMinutes(db: Database, minutes: readonly MinuteOf[]): Promise<void> {
  const rows = new Map<string, Row>();
  const deliveries = new Map<string, Row>();
  for (const { ts, attempts, succeeded, failed, revenue_minor, webhook_ok, webhook_failed, refunds = 0, disputes = 0, currency = "usd", brand } of minutes) {
    const counts = { attempts, succeeded, failed, failed_customer: failed, refunds, disputes };
    for (const [grain, unit] of GRAINS) {
      const start = Math.floor((ts * 1000) / unit) * unit;
      add(rows, grain, "all", "", start, counts);
      add(rows, grain, "currency", currency, start, { ...counts, gross: revenue_minor, captures: succeeded });
      if (brand !== undefined) add(rows, grain, "brand", brand, start, { attempts, succeeded, failed });
      if (webhook_ok + webhook_failed === 0) continue;
      const key = `${grain} ${start}`;
      const row = deliveries.get(key) ?? { grain, start, endpoint: "default", accepted: 0, duplicate: 0, variant: 0, malformed: 0, failed: 0, rejected: 0 };
      row["accepted"] = Number(row["accepted"]) + webhook_ok;
      row["failed"] = Number(row["failed"]) + webhook_failed;
      deliveries.set(key, row);
    }
  }
  await db.write(async (tx) => {
    const all = [...rows.values()].filter((row) => row["attempts"] !== 0);
    for (let at = 0; at < all.length; at += 500) {
      await tx
        .insertInto("metric")
        .values(all.slice(at, at + 500) as never)
        .onConflict((conflict) => conflict.columns(["grain", "live", "account", "kind", "start", "value"]).doUpdateSet((eb) => Object.fromEntries(MEASURES.map((measure) => [measure, eb(eb.ref(`metric.${measure}`), "+", eb.ref(`excluded.${measure}`))]))))
        .execute();
    }
    const came = [...deliveries.values()];
    for (let at = 0; at < came.length; at += 500) {
      await tx
        .insertInto("delivery_metric")
        .values(came.slice(at, at + 500) as never)
        .onConflict((conflict) => conflict.columns(["grain", "start", "endpoint"]).doUpdateSet((eb) => ({ accepted: eb(eb.ref("delivery_metric.accepted"), "+", eb.ref("excluded.accepted")), failed: eb(eb.ref("delivery_metric.failed"), "+", eb.ref("excluded.failed")) })))
        .execute();
    }
  });
}
