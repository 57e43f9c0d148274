import { type AppendBeside, type AppendResult, type Arrival, countFailures, knownEvents, openAppendBeside, type Source } from "../../ledger/index.ts";
import { AppError, type Clock, type Database, errorText, type Tx } from "../../platform/index.ts";
import { type EventList, type ListEvents, StripeTrouble } from "../../stripe/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import { addWitness } from "./completeness.ts";
import { causeOf, judgeGap, widenGap } from "./gap.ts";
import { closeTallies, isStrange, readPage, type ReadPage, type Tally, tally } from "./page.ts";
import { BUCKET_MS, EVERY_MS, GRACE_MS, plan, type SweepPlan } from "./plan.ts";
import { type Arrived, type SweepState, type SweepWindow, sweepName } from "./state.ts";

export interface SweepOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly list: ListEvents;
  /** Null for the account of the key. */
  readonly account: string | null;
  /** A window is begun no oftener, ms; five minutes when left out. */
  readonly everyMs?: number;
}

export type SweepOutcome =
  | { readonly kind: "page"; readonly part: "window" | "backfill"; readonly seen: number; readonly recovered: number; readonly ended: boolean }
  /** Nothing to ask for now. */
  | { readonly kind: "rest" }
  | { readonly kind: "failed"; readonly trouble: NonNullable<SweepState["trouble"]> };

export interface Sweep {
  /** Takes one page; call again while it answers `page`. */
  step(): Promise<SweepOutcome>;
}

/**
 * Asks Stripe, page by page, for the events that did not come by themselves, and takes them by the ordinary path. Every
 * page is one transaction: what it brought, what it says of completeness, and where to go on. A kill anywhere repeats
 * one page at the most, and the checkpoint moves only when a window is whole.
 */
export function createSweep(options: SweepOptions): Sweep {
  const append = openAppendBeside(options.db);
  return { step: () => step(options, append) };
}

type PagePlan = Extract<SweepPlan, { kind: "page" }>;

async function step(options: SweepOptions, append: AppendBeside): Promise<SweepOutcome> {
  const { db, clock, account } = options;
  const stored = await bookmark<SweepState>(db.read, sweepName(account));
  const next = plan(stored, clock.now(), options.everyMs ?? EVERY_MS);
  if (next.kind === "rest") return { kind: "rest" };
  const range = next.part === "window" ? next.window : next.backfill;
  let answer: EventList;
  try {
    answer = await options.list({ account, createdGte: range.fromMs / 1000, createdLte: range.toMs / 1000, startingAfter: range.after });
  } catch (error) {
    return await fail(options, stored, next, error);
  }
  const read = readPage(answer.events, { nowMs: clock.now(), nearMs: range.reachedMs, hasMore: answer.hasMore });
  if (isStrange(read)) return await fail(options, stored, next, new AppError("upstream", "what answers for Stripe's list of events sends no events; see whether STRIPE_API_BASE and any proxy on the way are right", { code: "list_unreadable" }));
  return await take(options, append, stored, next, answer, read);
}

/** Notes that asking failed. An event that Stripe has forgotten cannot be gone on from: then by time instead. */
async function fail({ db, clock, account }: SweepOptions, stored: SweepState | null, next: PagePlan, error: unknown): Promise<SweepOutcome> {
  if (!(error instanceof AppError)) throw error;
  const now = clock.now();
  const trouble = { since: stored?.trouble?.since ?? now, at: now, code: error.code, text: errorText(error) };
  const forgotten = error instanceof StripeTrouble && error.code === "not_at_stripe";
  // The window itself is kept as it stands: a sweep that failed on its first page has not begun.
  const base = stored ?? { ...next.state, sweeps: 0, begunAt: Number.MIN_SAFE_INTEGER };
  const restarted = { ...base, window: byTime(base.window), backfill: byTime(base.backfill) };
  await db.write(async (tx) => {
    await holdOn(tx, db, account, stored);
    await setBookmark(tx, sweepName(account), { ...(forgotten ? restarted : base), trouble }, now);
  });
  return { kind: "failed", trouble };
}

function byTime<Range extends { after: string | null; toMs: number; reachedMs: number; open?: Tally | null } | null>(range: Range): Range {
  if (range === null || range.after === null) return range;
  // The five minutes that are counted by half are counted anew from their end; what was recovered of them was.
  const open = range.open ?? null;
  if (open === null) return { ...range, after: null, toMs: range.reachedMs };
  return { ...range, after: null, toMs: Math.min(range.toMs, open.start + BUCKET_MS - 1000), open: { ...open, seen: 0, unreadable: 0 } };
}

/** Whoever has moved on meanwhile was quicker; this step is theirs then. */
async function holdOn(tx: Tx, db: Database, account: string | null, stored: SweepState | null): Promise<void> {
  await db.dialect.lock(tx, sweepName(account));
  const current = await bookmark<SweepState>(tx, sweepName(account));
  if (JSON.stringify(current) !== JSON.stringify(stored)) throw new AppError("conflict", "another process sweeps at the same time; it goes on there", { code: "sweep_twice" });
}

async function take({ db, clock, account }: SweepOptions, append: AppendBeside, stored: SweepState | null, next: PagePlan, answer: EventList, read: ReadPage): Promise<SweepOutcome> {
  const now = clock.now();
  // By a clock that is ahead we asked for more than is covered: what is that young may still come by itself, and the next sweep sees it.
  const coveredMs = next.part === "window" ? coveredTo(next.window, answer.serverTimeMs) : Number.POSITIVE_INFINITY;
  const page = { ...read, arrivals: read.arrivals.filter(({ head }) => head.createdAt <= coveredMs), unreadable: read.unreadable.filter(({ createdAt }) => createdAt <= coveredMs) };
  const known = await knownEvents(db.read, page.arrivals.map(({ head }) => head.eventId));
  const missing = page.arrivals.filter(({ head }) => !known.has(head.eventId));
  // More pages without a place to go on from would be the same page for ever.
  const ended = !answer.hasMore || page.lastId === null;
  let recovered = 0;
  await append(missing, async (tx, results) => {
    await holdOn(tx, db, account, stored);
    const fresh = newOnes(missing, results);
    recovered = fresh.length;
    const ids = new Set(fresh.map(({ head }) => head.eventId));
    const range = next.part === "window" ? next.window : next.backfill;
    const { whole, open } = closeTallies(range.open ?? null, tally(page, ids), ended);
    const { now: counted, held } = next.part === "window" ? holdBack(whole, next, ended) : { now: whole, held: null };
    await addWitness(tx, account ?? "", next.part === "window" ? next.window.no : 0, counted);
    const [unread] = page.unreadable;
    const base = { ...next.state, ...(unread === undefined ? {} : { unread: { at: now, id: unread.id, reason: unread.reason } }), trouble: null, skewMs: answer.serverTimeMs === null ? next.state.skewMs : answer.serverTimeMs - now };
    const state = next.part === "window" ? await afterWindowPage(tx, { base, window: { ...next.window, open, held }, page, fresh, arrived: byThemselves(page, known, ids), ended, answer, account, now }) : afterBackfillPage(base, { ...next.backfill, open }, page, recovered, ended, now);
    await setBookmark(tx, sweepName(account), state, now);
  });
  return { kind: "page", part: next.part, seen: page.arrivals.length, recovered, ended };
}

/**
 * The five minutes that the checkpoint stands in hold events from after it now. They count when the window is whole and
 * the checkpoint moves: until then the figure speaks of the time before it.
 */
function holdBack(whole: readonly Tally[], { window, state }: Extract<PagePlan, { part: "window" }>, ended: boolean): { now: readonly Tally[]; held: Tally | null } {
  const edge = Math.floor(state.checkpointMs / BUCKET_MS) * BUCKET_MS;
  const held = whole.find(({ start }) => start === edge) ?? window.held ?? null;
  const rest = whole.filter(({ start }) => start !== edge);
  return ended && held !== null ? { now: [...rest, held], held: null } : { now: rest, held };
}

/** A webhook may have been quicker than our append. */
function newOnes(missing: readonly Arrival[], results: readonly AppendResult[]): Arrival[] {
  return missing.filter((_arrival, index) => results[index]?.kind === "accepted");
}

function afterBackfillPage(base: SweepState, backfill: SweepState["backfill"], page: ReadPage, recovered: number, ended: boolean, now: number): SweepState {
  return {
    ...base,
    backfill: {
      ...backfill,
      after: ended ? null : page.lastId,
      reachedMs: ended ? backfill.fromMs : (page.oldestMs ?? backfill.reachedMs),
      seen: backfill.seen + page.arrivals.length,
      recovered: backfill.recovered + recovered,
      doneAt: ended ? now : null,
    },
  };
}

/** What an earlier sweep fetched did not come by itself; what came while this page was asked for did. */
function byThemselves(page: ReadPage, known: ReadonlyMap<string, Source>, fresh: ReadonlySet<string>): Set<string> {
  return new Set(page.arrivals.map(({ head }) => head.eventId).filter((id) => !fresh.has(id) && known.get(id) !== "sweep"));
}

/** Newest first, as the list goes. */
function arrivedAfter({ window, page, fresh, arrived: ids }: WindowPage): Arrived {
  let { count, sinceLatest, sinceEarliest, latestMs } = window.arrived;
  const missing = new Set(fresh.map(({ head }) => head.eventId));
  for (const { head } of page.arrivals) {
    if (missing.has(head.eventId)) {
      sinceLatest ??= count;
      sinceEarliest = count;
    } else if (ids.has(head.eventId)) {
      count += 1;
      latestMs = Math.max(latestMs ?? 0, head.createdAt);
    }
  }
  return { count, sinceLatest, sinceEarliest, latestMs };
}

interface WindowPage {
  readonly base: SweepState;
  readonly window: SweepWindow;
  readonly page: ReadPage;
  /** What was missing. */
  readonly fresh: readonly Arrival[];
  /** Ids of those that had come by themselves. */
  readonly arrived: ReadonlySet<string>;
  readonly ended: boolean;
  readonly answer: EventList;
  readonly account: string | null;
  readonly now: number;
}

const MAX_TYPES = 50;

function typesAfter({ window, page, fresh, arrived: ids }: WindowPage): Pick<SweepWindow, "missingTypes" | "arrivedTypes"> {
  const missingTypes = [...new Set([...window.missingTypes, ...fresh.map(({ head }) => head.type)])].slice(0, MAX_TYPES);
  const arrived = page.arrivals.filter(({ head }) => ids.has(head.eventId) && missingTypes.includes(head.type)).map(({ head }) => head.type);
  return { missingTypes, arrivedTypes: [...new Set([...window.arrivedTypes, ...arrived])].slice(0, MAX_TYPES) };
}

/** Our clock may be ahead of Stripe's; what Stripe has not lived through yet is not covered. */
function coveredTo(window: SweepWindow, serverTimeMs: number | null): number {
  return window.after !== null || serverTimeMs === null ? window.toMs : Math.min(window.toMs, Math.floor((serverTimeMs - GRACE_MS) / 1000) * 1000);
}

/**
 * The checkpoint moves forward. It moves back only from a future that Stripe has not lived through either: that was a
 * wrong clock of ours; one that is set back by itself takes nothing back of what was compared.
 */
function movedCheckpoint(beforeMs: number, coveredMs: number, serverTimeMs: number | null): number {
  return serverTimeMs !== null && beforeMs <= serverTimeMs - GRACE_MS ? Math.max(beforeMs, coveredMs) : coveredMs;
}

async function afterWindowPage(tx: Tx, given: WindowPage): Promise<SweepState> {
  const { base, window: before, page, fresh, ended, account, now } = given;
  const toMs = coveredTo(before, given.answer.serverTimeMs);
  const window: SweepWindow = {
    ...before,
    ...typesAfter(given),
    arrived: arrivedAfter(given),
    toMs,
    after: page.lastId,
    reachedMs: page.oldestMs ?? before.reachedMs,
    seen: before.seen + page.arrivals.length,
    missing: before.missing + fresh.length,
  };
  let { gap } = base;
  if (fresh.length > 0) {
    const times = fresh.map(({ head }) => head.createdAt);
    gap = await widenGap(tx, gap, { account: account ?? "", fromMs: Math.min(...times), toMs: Math.max(...times), events: fresh.length }, now);
  }
  if (!ended) return { ...base, window, gap };
  const failures = window.missing === 0 ? { failures: 0, rejected: 0 } : await countFailures(tx, window.fromMs, now);
  const cause = causeOf({ ...window, rejected: failures.rejected, failed: failures.failures, skewMs: base.skewMs });
  const open = gap !== null && (await judgeGap(tx, gap, window, cause, now));
  return { ...base, window: null, gap: open ? gap : null, checkpointMs: movedCheckpoint(base.checkpointMs, toMs, given.answer.serverTimeMs), last: { at: now, seen: window.seen, missing: window.missing, cause } };
}
