import { eventStream, type StripeEvent } from "../../../sandbox/index.ts";
import { deriveEvents } from "../../app/derive.ts";
import { type Arrival, openAppend, readHead } from "../../ledger/index.ts";
import { foldDeliveries } from "../../metrics/index.ts";
import { currency } from "../../money/index.ts";
import type { Database } from "../../platform/index.ts";
import type { ReportSources } from "../build.ts";

/** For tests: the sources of a test-mode shop. */
export function shopSources(db: Database, more: Partial<ReportSources> = {}): ReportSources {
  return {
    db,
    live: false,
    mainCurrency: currency("usd"),
    slos: [],
    taskRunsKeptMs: 90 * 86_400_000,
    noticesKeptMs: 365 * 86_400_000,
    merchant: { name: "Sandbox Goods", timeZone: "UTC" },
    mode: "test",
    behind: async () => 0,
    onError: (section, error) => {
      throw new Error(`${section}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
    },
    ...more,
  };
}

/** For tests: the first `count` events of a made-up shop. */
export function shopEvents(count: number, startMs: number, days: number, seed = 11): StripeEvent[] {
  const events: StripeEvent[] = [];
  for (const event of eventStream({ seed, startMs, ratePerMinute: count / 4 / (days * 1440) })) {
    if (events.length >= count) break;
    events.push(event);
  }
  return events;
}

/** For tests: stores and derives from them, as if each had been delivered half a second after it happened. */
export async function takeIn(db: Database, events: readonly object[], timeZone = "UTC"): Promise<void> {
  const append = openAppend(db);
  const arrivals = events.map((event): Arrival => {
    const receivedAt = (event as { created: number }).created * 1000 + 500;
    const read = readHead(event, receivedAt);
    if (read.kind !== "head") throw new Error(read.reason);
    return { kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(event)), receivedAt, source: "webhook", endpoint: "default" };
  });
  for (let at = 0; at < arrivals.length; at += 500) await append(arrivals.slice(at, at + 500));
  while ((await deriveEvents(db, timeZone, 1000, 0)) > 0);
  while ((await foldDeliveries(db, { timeZone }, 5000, 0)) > 0);
}
