import { type Arrival, NO_ENDPOINT, readHead } from "../../ledger/index.ts";
import { BUCKET_MS } from "./plan.ts";

export interface Unreadable {
  /** Stripe's time, ms UTC; that of the entry before it where it says none. */
  readonly createdAt: number;
  readonly id: string | null;
  readonly reason: string;
}

/** A page of Stripe's list, read. */
export interface ReadPage {
  readonly arrivals: readonly Arrival[];
  /** Entries that cannot be read as events: Stripe has them and we do not. */
  readonly unreadable: readonly Unreadable[];
  /** Where the next page begins; null when no entry says. */
  readonly lastId: string | null;
  /** Stripe's time of the oldest, ms UTC; null for an empty page. */
  readonly oldestMs: number | null;
}

function idOf(entry: unknown): string | null {
  const id = typeof entry === "object" && entry !== null ? (entry as { id?: unknown }).id : null;
  return typeof id === "string" && id.length > 0 && id.length <= 255 ? id : null;
}

function createdOf(entry: unknown): number | null {
  const created = typeof entry === "object" && entry !== null ? (entry as { created?: unknown }).created : null;
  return typeof created === "number" && Number.isSafeInteger(created) && created > 0 && created < 1e11 ? created * 1000 : null;
}

export interface ReadOptions {
  /** ms UTC: when it came into our hands. */
  readonly nowMs: number;
  /** Stripe's time that the page begins at, ms UTC: stands in for an entry that says none. */
  readonly nearMs: number;
  readonly hasMore: boolean;
}

/** Reads the events of a page. Each is stored as Stripe's list shows it; ours to name is only the source. */
export function readPage(events: readonly unknown[], { nowMs, nearMs, hasMore }: ReadOptions): ReadPage {
  const arrivals: Arrival[] = [];
  const unreadable: Unreadable[] = [];
  const last = events.findLastIndex((entry) => idOf(entry) !== null);
  let near = nearMs;
  // What stands behind the last id stands on the next page again, and is counted there.
  for (const event of hasMore && last >= 0 ? events.slice(0, last + 1) : events) {
    near = createdOf(event) ?? near;
    const head = readHead(event, near);
    if (head.kind === "malformed") unreadable.push({ createdAt: near, id: idOf(event), reason: head.reason });
    else arrivals.push({ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "sweep", endpoint: NO_ENDPOINT });
  }
  return {
    arrivals,
    unreadable,
    lastId: idOf(events[last]),
    oldestMs: arrivals.reduce<number | null>((oldest, { head }) => (oldest === null ? head.createdAt : Math.min(oldest, head.createdAt)), null),
  };
}

/** Something else than Stripe answers: entries, and none of them names itself. */
export function isStrange(page: ReadPage): boolean {
  return page.lastId === null && page.unreadable.length > 0;
}

export interface Tally {
  readonly start: number;
  /** Events that were read. */
  seen: number;
  recovered: number;
  /** Entries beside them that were not. */
  unreadable?: number;
}

/** Counts by five minutes of Stripe's time. */
export function tally({ arrivals, unreadable }: Pick<ReadPage, "arrivals" | "unreadable">, recovered: ReadonlySet<string>): Tally[] {
  const buckets = new Map<number, Required<Tally>>();
  const bucketOf = (createdAt: number): Required<Tally> => {
    const start = Math.floor(createdAt / BUCKET_MS) * BUCKET_MS;
    const one = buckets.get(start) ?? { start, seen: 0, recovered: 0, unreadable: 0 };
    buckets.set(start, one);
    return one;
  };
  for (const { head } of arrivals) {
    const one = bucketOf(head.createdAt);
    one.seen += 1;
    if (recovered.has(head.eventId)) one.recovered += 1;
  }
  for (const { createdAt } of unreadable) bucketOf(createdAt).unreadable += 1;
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
    buckets.set(before.start, { start: before.start, seen: before.seen + (same?.seen ?? 0), recovered: before.recovered + (same?.recovered ?? 0), unreadable: (before.unreadable ?? 0) + (same?.unreadable ?? 0) });
  }
  const all = [...buckets.values()].sort((one, other) => other.start - one.start);
  const open = ended ? null : (all.pop() ?? null);
  return { whole: all, open };
}
