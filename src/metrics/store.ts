import type { Tx } from "../platform/index.ts";
import type { Measure } from "./measures.ts";

/** Minute and hour of UTC, day of the merchant's time zone. */
export const GRAINS = { minute: "m", hour: "h", day: "d" } as const;
export type Grain = keyof typeof GRAINS;

export type MetricRow = {
  grain: string;
  live: number;
  /** '' for the account itself. */
  account: string;
  kind: string;
  start: number;
  value: string;
} & Record<Measure, number>;

export const METRIC_KEY = ["grain", "live", "account", "kind", "start", "value"] as const;

interface DeliveryMetricRow {
  grain: string;
  start: number;
  endpoint: string;
  accepted: number;
  duplicate: number;
  variant: number;
  malformed: number;
  failed: number;
  rejected: number;
}

interface MetricSettingRow {
  name: string;
  value: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    metric: MetricRow;
    delivery_metric: DeliveryMetricRow;
    metric_setting: MetricSettingRow;
  }
}

export interface Settings {
  /** The zone that the day buckets are in, null before the first fold. Only `rebuild` changes it: days of two zones must not be added. */
  readonly timeZone: string | null;
  /** Buckets that start before are gone, per grain (m, h, d), and take no more changes. */
  readonly horizon: Readonly<Record<string, number>>;
}

export async function readSettings(tx: Tx): Promise<Settings> {
  const rows = await tx.selectFrom("metric_setting").selectAll().execute();
  const values = new Map(rows.map((row) => [row.name, row.value]));
  const horizon = Object.fromEntries(Object.values(GRAINS).map((grain) => [grain, Number(values.get(`horizon:${grain}`) ?? Number.MIN_SAFE_INTEGER)]));
  return { timeZone: values.get("time_zone") ?? null, horizon };
}

export async function writeSetting(tx: Tx, name: string, value: string): Promise<void> {
  await tx
    .insertInto("metric_setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}
