import { type Arrival, knownEvents, latestCreated } from "../../ledger/index.ts";
import type { Clock, Database } from "../../platform/index.ts";
import type { ListEvents } from "../../stripe/index.ts";
import { readPage } from "../sweep/page.ts";
import { SINGLE_MS, type Undelivered } from "./judge.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Users report that a failing endpoint is disabled after nine days: so far back it is asked since when it fails. */
const LOOK_BACK_MS = 9 * DAY;
/** Stripe sends again for three days. */
const RETRIED_MS = 3 * DAY;
const GRACE_MS = 60_000;
const DAYS_BACK = [1, 2, 4, 6, 8] as const;

export interface UndeliveredOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly list: ListEvents;
}

interface Told {
  readonly createdMs: number;
  /** It did not come here by itself either. */
  readonly ours: boolean;
  /** Nothing of its kind was taken after it. */
  readonly fails: boolean;
}

/**
 * Tells what still fails. What came by itself is lacking elsewhere, and goes on lacking until an event of its type that
 * was made later is in no such list: that one every endpoint has taken. What did not come by itself is lacking at our own
 * endpoint, and is over too as soon as anything later came by itself.
 *
 * @param arrivals undelivered events, the newest until `untilMs`.
 */
async function tellApart(db: Database, arrivals: readonly Arrival[], untilMs: number): Promise<Told[]> {
  const ids = arrivals.map(({ head }) => head.eventId);
  const known = await knownEvents(db.read, ids);
  const lacksHere = (id: string): boolean => (known.get(id) ?? "sweep") === "sweep";
  const oldest = new Map<string, number>();
  let oldestOurs: number | null = null;
  for (const { head } of arrivals) {
    oldest.set(head.type, Math.min(oldest.get(head.type) ?? head.createdAt, head.createdAt));
    if (lacksHere(head.eventId)) oldestOurs = Math.min(oldestOurs ?? head.createdAt, head.createdAt);
  }
  const takenMs = new Map<string, number>();
  for (const [type, fromMs] of oldest) takenMs.set(type, (await latestCreated(db.read, { type, source: null, fromMs, untilMs, but: ids })) ?? 0);
  const arrivedMs = oldestOurs === null ? 0 : ((await latestCreated(db.read, { type: null, source: "webhook", fromMs: oldestOurs, untilMs, but: [] })) ?? 0);
  return arrivals.map(({ head }) => {
    const ours = lacksHere(head.eventId);
    const sinceMs = Math.max(takenMs.get(head.type) ?? 0, ours ? arrivedMs : 0);
    return { createdMs: head.createdAt, ours, fails: head.createdAt > sinceMs };
  });
}

const least = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times));

/** One request; a few more when very much is undelivered. @throws StripeTrouble */
export async function undeliveredNow({ db, clock, list }: UndeliveredOptions): Promise<Undelivered> {
  const now = clock.now();
  const page = async (untilMs: number): Promise<{ told: Told[]; more: boolean }> => {
    const answer = await list({ account: null, createdGte: Math.floor((now - LOOK_BACK_MS) / 1000), createdLte: Math.floor(untilMs / 1000), startingAfter: null, undelivered: true });
    return { told: await tellApart(db, readPage(answer.events, { nowMs: now, nearMs: untilMs, hasMore: answer.hasMore }).arrivals, untilMs), more: answer.hasMore };
  };
  const { told, more } = await page(now - GRACE_MS);
  const failing = told.filter(({ fails }) => fails);
  // With nothing that Stripe would send again nothing is known of now.
  const current = failing.filter(({ createdMs }) => now - createdMs < RETRIED_MS);
  const single = told.filter(({ fails, ours, createdMs }) => !fails && !ours && now - createdMs >= HOUR && now - createdMs < SINGLE_MS);
  const sum = { more, single: single.length, over: told.length - current.length - single.length };
  if (current.length === 0) return { ...sum, count: 0, ours: 0, oldestMs: null, newestMs: null };
  let oldestMs = least(failing.map(({ createdMs }) => createdMs));
  // The list begins with the newest: how long something has failed is asked for by days back, so that it costs few
  // requests, and no farther than to where something was taken in between.
  for (const days of more ? DAYS_BACK : []) {
    const before = least((await page(now - days * DAY)).told.filter(({ fails }) => fails).map(({ createdMs }) => createdMs));
    if (before === null) break;
    oldestMs = Math.min(oldestMs ?? before, before);
  }
  return { ...sum, count: current.length, ours: current.filter(({ ours }) => ours).length, oldestMs, newestMs: Math.max(...current.map(({ createdMs }) => createdMs)) };
}
