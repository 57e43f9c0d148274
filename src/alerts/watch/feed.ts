import { deliverySeries, type Measures, series, sliceCounts, type SliceKind, sumBy } from "../../metrics/index.ts";
import { MINUTE_MS, type Tx } from "../../platform/index.ts";
import type { MinuteBucket, MinuteSlices } from "../detection/index.ts";
import type { Stream } from "./stream.ts";

/** Whose minutes are read. */
export interface FeedScope {
  readonly live: boolean;
  /** Deliveries that did not come to us: what an import recorded. */
  readonly foreignEndpoints: readonly string[];
  /** Values (`card_brand.visa`) that hold nearly all attempts: what fails there fails everywhere, and is told so. */
  readonly dominant?: ReadonlySet<string>;
}

export interface FedMinute {
  /** In the order of the streams. */
  readonly buckets: readonly MinuteBucket[];
  /** Of all payments together. */
  readonly slices: MinuteSlices;
  /** Changes when anything of the minute does. */
  readonly mark: string;
}

/** Slice kinds of the buckets, as detection (and its file format) calls them. */
export const DIMENSIONS = { card_brand: "brand", card_country: "country", payment_method: "method", currency: "currency" } as const satisfies Record<string, SliceKind>;

const NO_WEBHOOKS = { ok: 0, failed: 0 };

function bucketOf(startMs: number, counts: Measures | undefined, revenue: number, webhooks: { ok: number; failed: number }): MinuteBucket {
  const succeeded = Math.max(0, counts?.succeeded ?? 0);
  const failed = Math.max(0, counts?.failed ?? 0);
  return {
    ts: startMs / 1000,
    attempts: Math.max(counts?.attempts ?? 0, succeeded, failed),
    succeeded,
    failed,
    revenue_minor: Math.max(0, revenue),
    webhook_ok: webhooks.ok,
    webhook_failed: webhooks.failed,
    refunds: Math.max(0, counts?.refunds ?? 0),
    disputes: Math.max(0, counts?.disputes ?? 0),
  };
}

async function webhooksByMinute(tx: Tx, scope: FeedScope, fromMs: number, untilMs: number): Promise<Map<number, { ok: number; failed: number }>> {
  const found = new Map<number, { ok: number; failed: number }>();
  for (const { startMs, endpoint, counts } of await deliverySeries(tx, "minute", fromMs, untilMs)) {
    if (scope.foreignEndpoints.includes(endpoint)) continue;
    const before = found.get(startMs) ?? NO_WEBHOOKS;
    found.set(startMs, { ok: before.ok + counts.accepted + counts.duplicate + counts.variant, failed: before.failed + counts.failed + counts.malformed });
  }
  return found;
}

type Pairs = Record<string, readonly [number, number]>;

/** Every attempt of the minute can fail for any cause: the values of `cause` share all attempts. */
function causesOf({ attempts, failed_customer, failed_risk, failed_technical }: Measures): Pairs {
  return { customer: [attempts, failed_customer], risk: [attempts, failed_risk], technical: [attempts, failed_technical] };
}

async function slicesByMinute(tx: Tx, scope: FeedScope, fromMs: number, untilMs: number, all: ReadonlyMap<number, Measures>, currencies: boolean): Promise<Map<number, Record<string, Pairs>>> {
  const found = new Map<number, Record<string, Pairs>>();
  for (const [startMs, measures] of all) if (measures.attempts > 0) found.set(startMs, { cause: causesOf(measures) });
  for (const [dimension, kind] of Object.entries(DIMENSIONS)) {
    if (kind === "currency" && !currencies) continue;
    for (const { startMs, value, attempts, failed } of await sliceCounts(tx, kind, { fromMs, toMs: untilMs, live: scope.live })) {
      const slices = found.get(startMs);
      if (slices === undefined || scope.dominant?.has(`${dimension}.${value}`) === true) continue;
      (slices[dimension] ??= {})[value] = [attempts, failed];
    }
  }
  return found;
}

interface Totals {
  readonly all: ReadonlyMap<number, Measures>;
  readonly webhooks: ReadonlyMap<number, { readonly ok: number; readonly failed: number }>;
}

async function totalsByMinute(tx: Tx, scope: FeedScope, fromMs: number, untilMs: number): Promise<Totals> {
  const buckets = await series(tx, "minute", "all", { fromMs, toMs: untilMs, live: scope.live });
  return { all: new Map(buckets.map(({ startMs, measures }) => [startMs, measures])), webhooks: await webhooksByMinute(tx, scope, fromMs, untilMs) };
}

function markOf({ all, webhooks }: Totals, startMs: number): string {
  const counts = all.get(startMs);
  const { ok, failed } = webhooks.get(startMs) ?? NO_WEBHOOKS;
  return `${counts === undefined ? "" : Object.values(counts).join(" ")}|${ok} ${failed}`;
}

/**
 * Marks of the minutes that begin in `[fromMs, untilMs)`: an event that comes late changes that of its minute, so that only
 * those need be read whole. Whatever is counted in a slice or a currency is counted in all together as well.
 */
export async function minuteMarks(tx: Tx, scope: FeedScope, fromMs: number, untilMs: number): Promise<Map<number, string>> {
  const totals = await totalsByMinute(tx, scope, fromMs, untilMs);
  const marks = new Map<number, string>();
  for (let startMs = fromMs; startMs < untilMs; startMs += MINUTE_MS) marks.set(startMs, markOf(totals, startMs));
  return marks;
}

/** The minutes that begin in `[fromMs, untilMs)`, none missing: those in which nothing happened are zeros. */
export async function readMinutes(tx: Tx, scope: FeedScope, streams: readonly Stream[], fromMs: number, untilMs: number): Promise<FedMinute[]> {
  const window = { fromMs, toMs: untilMs, live: scope.live };
  const totals = await totalsByMinute(tx, scope, fromMs, untilMs);
  const { all, webhooks } = totals;
  const byCurrency = new Map<string, Map<number, Measures>>();
  for (const { startMs, value, measures } of await series(tx, "minute", "currency", window)) {
    const minutes = byCurrency.get(value) ?? new Map<number, Measures>();
    minutes.set(startMs, measures);
    byCurrency.set(value, minutes);
  }
  const slices = await slicesByMinute(tx, scope, fromMs, untilMs, all, streams.length > 1);
  const minutes: FedMinute[] = [];
  for (let startMs = fromMs; startMs < untilMs; startMs += MINUTE_MS) {
    const buckets = streams.map(({ name, currency }) => {
      const money = currency === null ? undefined : byCurrency.get(currency)?.get(startMs);
      return name === "all" ? bucketOf(startMs, all.get(startMs), money?.gross ?? 0, webhooks.get(startMs) ?? NO_WEBHOOKS) : bucketOf(startMs, money, money?.gross ?? 0, NO_WEBHOOKS);
    });
    minutes.push({ buckets, slices: { ts: startMs / 1000, ...slices.get(startMs) }, mark: markOf(totals, startMs) });
  }
  return minutes;
}

const DOMINANT = 0.9;

/** Values with nine tenths of the attempts between two times and more. */
export async function dominantValues(tx: Tx, live: boolean, fromMs: number, untilMs: number): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const [dimension, kind] of Object.entries(DIMENSIONS)) {
    const sums = await sumBy(tx, kind, { fromMs, toMs: untilMs, live });
    const total = [...sums.values()].reduce((sum, { attempts }) => sum + attempts, 0);
    for (const [value, { attempts }] of sums) if (total > 0 && attempts >= DOMINANT * total) found.add(`${dimension}.${value}`);
  }
  return found;
}
