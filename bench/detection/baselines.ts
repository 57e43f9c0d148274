// What people use instead: the older system's rules, and mean plus or minus three sigma of the same hour in the last four weeks.

import type { MinuteBucket } from "../../src/alerts/detection/bucket.ts";
import { DAY, zoneSpan } from "../../src/alerts/detection/zone.ts";
import type { Fired, ShopFacts } from "./score.ts";

const TICK = 5;

/**
 * Every five minutes: more than 3 failed deliveries in 5 minutes; more than 5 % of the last hour's payments failed;
 * revenue of the day so far 30 % below the whole of yesterday.
 */
export function olderRules(shop: ShopFacts, buckets: readonly MinuteBucket[]): Fired[] {
  const sums = runningSums(buckets);
  const fired: Fired[] = [];
  const was = { webhook_failure: false, payment_error: false, revenue_dip: false };
  for (let minute = TICK; minute <= buckets.length; minute += TICK) {
    const attempts = over(sums.attempts, minute - 60, minute);
    const local = shop.start + minute * 60 + zoneSpanOffset(shop, minute);
    const today = Math.floor(((local % DAY) + DAY) % DAY / 60);
    const yesterday = over(sums.revenue, minute - today - 1440, minute - today);
    const is = {
      webhook_failure: over(sums.webhooksFailed, minute - 5, minute) > 3,
      payment_error: attempts > 0 && over(sums.failed, minute - 60, minute) / attempts > 0.05,
      revenue_dip: yesterday > 0 && over(sums.revenue, minute - today, minute) < 0.7 * yesterday,
    };
    rising(is, was, minute, fired);
  }
  return fired;
}

/** At the end of each hour, against the same hour of the week in the last four weeks. */
export function threeSigma(_shop: ShopFacts, buckets: readonly MinuteBucket[]): Fired[] {
  const sums = runningSums(buckets);
  const fired: Fired[] = [];
  const was = { webhook_failure: false, payment_error: false, revenue_dip: false };
  for (let minute = 60; minute <= buckets.length; minute += 60) {
    if (minute < 4 * 10_080 + 60) continue;
    const out = (read: (from: number, until: number) => number, direction: 1 | -1): boolean => {
      const past = [1, 2, 3, 4].map((week) => read(minute - 60 - week * 10_080, minute - week * 10_080));
      const mean = past.reduce((sum, value) => sum + value, 0) / 4;
      const sigma = Math.sqrt(past.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
      return direction * (read(minute - 60, minute) - mean) > 3 * sigma;
    };
    const is = {
      webhook_failure: out((from, until) => over(sums.webhooksFailed, from, until), 1),
      payment_error: out((from, until) => over(sums.failed, from, until) / Math.max(1, over(sums.attempts, from, until)), 1),
      revenue_dip: out((from, until) => over(sums.revenue, from, until), -1),
    };
    rising(is, was, minute, fired);
  }
  return fired;
}

type Flags = Record<"webhook_failure" | "payment_error" | "revenue_dip", boolean>;

function rising(is: Flags, was: Flags, minute: number, fired: Fired[]): void {
  for (const metric of Object.keys(is) as (keyof Flags)[]) {
    if (is[metric] && !was[metric]) fired.push({ metric, minute });
    was[metric] = is[metric];
  }
}

let span: { shop: string; from: number; until: number; offset: number } | undefined;
function zoneSpanOffset(shop: ShopFacts, minute: number): number {
  const ts = shop.start + minute * 60;
  if (span === undefined || span.shop !== shop.id || ts < span.from || ts >= span.until) span = { shop: shop.id, ...zoneSpan(shop.timeZone, ts) };
  return span.offset;
}

function runningSums(buckets: readonly MinuteBucket[]): Record<"attempts" | "failed" | "revenue" | "webhooksFailed", Float64Array> {
  const column = (read: (bucket: MinuteBucket) => number): Float64Array => {
    const sums = new Float64Array(buckets.length + 1);
    buckets.forEach((bucket, index) => {
      sums[index + 1] = (sums[index] ?? 0) + read(bucket);
    });
    return sums;
  };
  return {
    attempts: column((bucket) => bucket.attempts), failed: column((bucket) => bucket.failed),
    revenue: column((bucket) => bucket.revenue_minor), webhooksFailed: column((bucket) => bucket.webhook_failed),
  };
}

const over = (sums: Float64Array, from: number, until: number): number => (sums[until] ?? 0) - (sums[Math.max(0, from)] ?? 0);
