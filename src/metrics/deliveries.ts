import { consumerSeq, type DeliveryOutcome, type DeliveryRecord, moveCursor, readDeliveriesAfter } from "../ledger/index.ts";
import { type Database, inChunks, type Tx } from "../platform/index.ts";
import { localDays } from "./days.ts";
import { cut } from "./cut.ts";
import type { MetricsOptions } from "./fold.ts";
import { type Grain, GRAINS, readSettings, writeSetting } from "./store.ts";

/** Follows deliveries, whose positions count apart from events'. */
export const DELIVERY_CONSUMER = "delivery:metrics";

export const DELIVERY_OUTCOMES = ["accepted", "duplicate", "variant", "malformed", "failed", "rejected"] as const satisfies readonly DeliveryOutcome[];

export type DeliveryCounts = Readonly<Record<DeliveryOutcome, number>>;

export interface DeliveryBucketRow extends Record<DeliveryOutcome, number> {
  grain: string;
  start: number;
  endpoint: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function noCounts(): Record<DeliveryOutcome, number> {
  return { accepted: 0, duplicate: 0, variant: 0, malformed: 0, failed: 0, rejected: 0 };
}

/** Counts deliveries into buckets in memory. */
export function deliveryCounter(timeZone: string): { count(delivery: DeliveryRecord): void; rows(): DeliveryBucketRow[] } {
  const dayOf = localDays(timeZone);
  const rows = new Map<string, DeliveryBucketRow>();
  return {
    count: ({ receivedAt, endpoint, outcome, count }) => {
      const starts = [
        [GRAINS.minute, Math.floor(receivedAt / MINUTE_MS) * MINUTE_MS],
        [GRAINS.hour, Math.floor(receivedAt / HOUR_MS) * HOUR_MS],
        [GRAINS.day, dayOf(receivedAt).startMs],
      ] as const;
      for (const [grain, start] of starts) {
        const key = `${grain} ${start} ${endpoint}`;
        const row = rows.get(key) ?? { grain, start, endpoint, ...noCounts() };
        row[outcome] += count;
        rows.set(key, row);
      }
    },
    rows: () => [...rows.values()],
  };
}

/**
 * One step: counts the deliveries after the cursor into minute, hour and day buckets per endpoint, keyed by when they
 * came in, and moves the cursor in the same transaction. Answers how many it took; call again while it is not zero.
 */
export async function foldDeliveries(db: Database, options: MetricsOptions, limit: number, nowMs: number): Promise<number> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${DELIVERY_CONSUMER}`);
    const deliveries = await readDeliveriesAfter(tx, await consumerSeq(tx, DELIVERY_CONSUMER), limit);
    const last = deliveries.at(-1);
    if (last === undefined) return 0;
    const { timeZone, horizon } = await readSettings(tx);
    if (timeZone === null) await writeSetting(tx, "time_zone", options.timeZone);
    const counter = deliveryCounter(timeZone ?? options.timeZone);
    for (const delivery of deliveries) counter.count(delivery);
    const kept = counter.rows().filter(({ grain, start }) => start >= (horizon[grain] ?? start));
    for (const chunk of inChunks(kept, 64)) {
      await tx
        .insertInto("delivery_metric")
        .values(chunk)
        .onConflict((conflict) =>
          conflict
            .columns(["grain", "start", "endpoint"])
            .doUpdateSet((eb) => Object.fromEntries(DELIVERY_OUTCOMES.map((outcome) => [outcome, eb(eb.ref(`delivery_metric.${outcome}`), "+", eb.ref(`excluded.${outcome}`))]))),
        )
        .execute();
    }
    await moveCursor(tx, DELIVERY_CONSUMER, last.seq, nowMs);
    return deliveries.length;
  });
}

export interface DeliveryBucket {
  readonly startMs: number;
  readonly endpoint: string;
  readonly counts: DeliveryCounts;
}

/** The delivery buckets that start in `[fromMs, toMs)`, in order of time; where nothing came in there is none. */
export async function deliverySeries(tx: Tx, grain: Grain, fromMs: number, toMs: number): Promise<DeliveryBucket[]> {
  const rows = await tx
    .selectFrom("delivery_metric")
    .selectAll()
    .where("grain", "=", GRAINS[grain])
    .where("start", ">=", fromMs)
    .where("start", "<", toMs)
    .orderBy("start")
    .orderBy("endpoint")
    .execute();
  return rows.map(({ start, endpoint, grain: _grain, ...counts }) => ({ startMs: start, endpoint, counts }));
}

/**
 * Deliveries per endpoint that came in `[fromMs, toMs)`, exact to the minute: whole days, hours and minutes, each span one
 * walk, so that a year is a few hundred rows.
 */
export async function sumDeliveriesIn(tx: Tx, fromMs: number, toMs: number): Promise<ReadonlyMap<string, DeliveryCounts>> {
  const [first, end] = [Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS, Math.ceil(toMs / MINUTE_MS) * MINUTE_MS];
  const spans = first < end ? cut(first, end, (await readSettings(tx)).timeZone ?? "UTC") : [];
  const sums = new Map<string, Record<DeliveryOutcome, number>>();
  for (const span of spans) {
    for (const [endpoint, counts] of await sumDeliveries(tx, span.grain, span.fromMs, span.toMs)) {
      const sum = sums.get(endpoint) ?? noCounts();
      for (const outcome of DELIVERY_OUTCOMES) sum[outcome] += counts[outcome];
      sums.set(endpoint, sum);
    }
  }
  return sums;
}

/** Deliveries per endpoint over the buckets that start in `[fromMs, toMs)`. */
export async function sumDeliveries(tx: Tx, grain: Grain, fromMs: number, toMs: number): Promise<ReadonlyMap<string, DeliveryCounts>> {
  const sums = new Map<string, Record<DeliveryOutcome, number>>();
  for (const { endpoint, counts } of await deliverySeries(tx, grain, fromMs, toMs)) {
    const sum = sums.get(endpoint) ?? noCounts();
    for (const outcome of DELIVERY_OUTCOMES) sum[outcome] += counts[outcome];
    sums.set(endpoint, sum);
  }
  return sums;
}
