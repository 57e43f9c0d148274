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

/**
 * What is counted to the end. Pages go back in time, so all five minutes of a page are whole but the last, which goes on
 * on the next page: a figure must never be read from half of one.
 *
 * @param before the five minutes that the page before left open.
 */
export function closeTallies(before: Tally | null, page: readonly Tally[], ended: boolean): { readonly whole: readonly Tally[]; readonly open: Tally | null } {
  const buckets = new Map(page.map((one) => [one.start, { ...one }]));
  if (before !== null) {
    const same = buckets.get(before.start);
    buckets.set(before.start, { start: before.start, seen: before.seen + (same?.seen ?? 0), recovered: before.recovered + (same?.recovered ?? 0) });
  }
  const all = [...buckets.values()].sort((one, other) => other.start - one.start);
  const open = ended ? null : (all.pop() ?? null);
  return { whole: all, open };
}
