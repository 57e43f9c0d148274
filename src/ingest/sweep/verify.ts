import { knownEvents, openAppendBeside } from "../../ledger/index.ts";
import { AppError, type Database } from "../../platform/index.ts";
import type { EventList, ListEvents } from "../../stripe/index.ts";
import { isStrange, readPage } from "./page.ts";
import { GRACE_MS, REACH_MS } from "./plan.ts";

export interface VerifyOptions {
  readonly db: Database;
  readonly list: ListEvents;
  readonly account: string | null;
  /** ms UTC; Stripe's list reaches 30 days back. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Takes what is missing, by the ordinary path. */
  readonly repair: boolean;
  /** Told after every page: the share of the time that is compared, 0 to 1. */
  onProgress(share: number, compared: number): void;
}

export interface MissingEvent {
  readonly id: string;
  readonly type: string;
  readonly createdAt: number;
}

export interface EventsVerified {
  readonly account: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly atStripe: number;
  readonly missing: number;
  /** Of `missing`, entries of Stripe's list that cannot be read as events; no repair takes them. */
  readonly unreadable: number;
  readonly repaired: number;
  /** Why not all was compared: Stripe had trouble, or the allowance was spent. Then `fromMs` is how far it came. */
  readonly trouble: string | null;
  /** The first of them. */
  readonly examples: readonly MissingEvent[];
}

const MAX_EXAMPLES = 100;

/**
 * Compares every event that Stripe lists with the ledger: an answer that does not rest on what sweeps noted. Memory does
 * not grow with the time compared.
 *
 * @throws StripeTrouble when not even the first page can be read.
 */
export async function verifyEvents(options: VerifyOptions): Promise<EventsVerified> {
  const { db, list, account, nowMs } = options;
  const append = openAppendBeside(db);
  const second = (ms: number): number => Math.floor(ms / 1000) * 1000;
  const [fromMs, untilMs] = [second(Math.max(options.sinceMs, nowMs - REACH_MS)), second(nowMs - GRACE_MS)];
  if (fromMs >= untilMs) throw new AppError("invalid", "--since must be before a minute ago", { code: "since_invalid" });
  const found = { atStripe: 0, missing: 0, unreadable: 0, repaired: 0 };
  const examples: MissingEvent[] = [];
  let after: string | null = null;
  let reachedMs = untilMs;
  for (;;) {
    let answer: EventList;
    try {
      answer = await list({ account, createdGte: fromMs / 1000, createdLte: untilMs / 1000, startingAfter: after });
    } catch (error) {
      // What was compared until here holds.
      if (after === null || !(error instanceof AppError)) throw error;
      return { account, fromMs: reachedMs, untilMs, ...found, examples, trouble: error.message };
    }
    const { events, hasMore } = answer;
    const page = readPage(events, { nowMs, nearMs: reachedMs, hasMore });
    if (isStrange(page)) throw new AppError("upstream", "what answers for Stripe's list of events sends no events; see whether STRIPE_API_BASE and any proxy on the way are right", { code: "list_unreadable" });
    const known = await knownEvents(db.read, page.arrivals.map(({ head }) => head.eventId));
    const missing = page.arrivals.filter(({ head }) => !known.has(head.eventId));
    found.atStripe += page.arrivals.length + page.unreadable.length;
    found.missing += missing.length + page.unreadable.length;
    found.unreadable += page.unreadable.length;
    for (const { head } of missing.slice(0, MAX_EXAMPLES - examples.length)) examples.push({ id: head.eventId, type: head.type, createdAt: head.createdAt });
    if (options.repair && missing.length > 0) {
      await append(missing, async () => {});
      found.repaired += missing.length;
    }
    options.onProgress(page.oldestMs === null ? 1 : (untilMs - page.oldestMs) / (untilMs - fromMs), found.atStripe);
    if (!hasMore || page.lastId === null) return { account, fromMs, untilMs, ...found, examples, trouble: null };
    after = page.lastId;
    reachedMs = page.oldestMs ?? reachedMs;
  }
}
