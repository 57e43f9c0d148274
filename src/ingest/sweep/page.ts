import { type Arrival, NO_ENDPOINT, readHead } from "../../ledger/index.ts";
import { BUCKET_MS } from "./plan.ts";

/** A page of Stripe's list, read. */
export interface ReadPage {
  readonly arrivals: readonly Arrival[];
  /** Entries that are no events; Stripe sends none, so that any is a stranger answering. */
  readonly unreadable: number;
  readonly lastId: string | null;
  /** Stripe's time of the oldest, ms UTC; null for an empty page. */
  readonly oldestMs: number | null;
}

/**
 * Reads the events of a page. Each is stored as Stripe's list shows it; ours to name is only the source.
 *
 * @param nowMs ms UTC: when it came into our hands.
 */
export function readPage(events: readonly unknown[], nowMs: number): ReadPage {
  const arrivals: Arrival[] = [];
  for (const event of events) {
    const head = readHead(event, nowMs);
    if (head.kind === "malformed") continue;
    arrivals.push({ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "sweep", endpoint: NO_ENDPOINT });
  }
  return {
    arrivals,
    unreadable: events.length - arrivals.length,
    lastId: arrivals.at(-1)?.head.eventId ?? null,
    oldestMs: arrivals.reduce<number | null>((oldest, { head }) => (oldest === null ? head.createdAt : Math.min(oldest, head.createdAt)), null),
  };
}

export interface Tally {
  readonly start: number;
  seen: number;
  recovered: number;
}

/** Counts by five minutes of Stripe's time. */
export function tally(arrivals: readonly Arrival[], recovered: ReadonlySet<string>): Tally[] {
  const buckets = new Map<number, Tally>();
  for (const { head } of arrivals) {
    const start = Math.floor(head.createdAt / BUCKET_MS) * BUCKET_MS;
    const one = buckets.get(start) ?? { start, seen: 0, recovered: 0 };
    one.seen += 1;
    if (recovered.has(head.eventId)) one.recovered += 1;
    buckets.set(start, one);
  }
  return [...buckets.values()];
}
