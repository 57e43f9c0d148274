import { lastSeq, type LedgerEntry, readAfter, readEntries, readRaw, recordDeliveries, type RecordedDelivery } from "../../ledger/index.ts";
import type { Clock, Database, Tx } from "../../platform/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import { originalSignature } from "./signatures.ts";
import { type Attempt, decide, type ForwardState, nextParked } from "./decide.ts";
import { type ForwardTarget, type Send, wants } from "./send.ts";

export interface ForwardOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly target: ForwardTarget;
  readonly send: Send;
  /** Unique per process: one sends at a time. */
  readonly owner: string;
}

/** Passes events on to the team's own application, in their order, at least once. */
export interface Forward {
  /** Sends a few; answers whether there may be more at once. */
  step(): Promise<boolean>;
  /** Hands the place over at an orderly end, so that whoever comes next need not wait for the lease to end. */
  release(): Promise<void>;
}

/** Sent before the place is stored: as many may come twice after a kill. */
const BATCH = 50;
const LEASE_AT_LEAST_MS = 30_000;

/**
 * For how long an application is ours to send to without a sign of life. At a claim three quarters of it are left, which
 * outlasts what one step may take: an event that is tried again, a quarter of the lease of sending, and one answer more.
 */
function leaseMs({ timeoutMs }: Pick<ForwardTarget, "timeoutMs">): number {
  return Math.max(LEASE_AT_LEAST_MS, 6 * timeoutMs);
}
/** A signature is written right after its event; later than this it was not kept. */
const BEING_WRITTEN_MS = 2000;

export function forwardName(target: string): string {
  return `forward:${target}`;
}

export function createForward(options: ForwardOptions): Forward {
  return {
    step: async () => {
      const state = await claim(options);
      if (state === null) return false;
      // Both: what is replayed goes beside what is new, neither waits for the other.
      const again = await retryParked(options);
      return (await sendNext(options, state)) || again;
    },
    release: async () => {
      const { db, clock, target, owner } = options;
      const name = forwardName(target.name);
      await db.write(async (tx) => {
        await db.dialect.lock(tx, name);
        const state = await bookmark<ForwardState>(tx, name);
        if (state?.owner === owner) await setBookmark(tx, name, { ...state, leaseUntil: 0 }, clock.now());
      });
    },
  };
}

/** The state when it is ours to send, null when another process sends or it is not time yet. */
async function claim({ db, clock, target, owner }: ForwardOptions): Promise<ForwardState | null> {
  const name = forwardName(target.name);
  const now = clock.now();
  const lease = leaseMs(target);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, name);
    const known = await bookmark<ForwardState>(tx, name);
    if (known !== null && known.owner !== owner && known.leaseUntil > now) return null;
    // What came before forwarding was set up is replayed only when somebody asks for it.
    const state = known ?? { cursor: await lastSeq(tx), run: [], failures: 0, waitUntil: null, runAt: null, lastTakenAt: null, lastError: null, owner, leaseUntil: 0 };
    if (known === null || known.owner !== owner || known.leaseUntil - now < (lease * 3) / 4) await setBookmark(tx, name, { ...state, owner, leaseUntil: now + lease }, now);
    return state.waitUntil !== null && now < state.waitUntil ? null : { ...state, owner, leaseUntil: now + lease };
  });
}

/** Events that we made are not Stripe's; the application has never heard of such ids. */
function forwardable(target: ForwardTarget, entry: LedgerEntry): boolean {
  return !/^(imp|gen)_/.test(entry.eventId) && wants(target, entry.type);
}

function failureOf({ target, clock }: ForwardOptions, entry: Pick<LedgerEntry, "seq" | "eventId" | "type">, attempt: Exclude<Attempt, { kind: "taken" }>): RecordedDelivery {
  const reason = `the application ${target.name} ${attempt.kind === "away" ? attempt.reason : `answered ${attempt.status}`}`;
  return { receivedAt: clock.now(), outcome: "failed", endpoint: `forward:${target.name}`, status: attempt.status, reason, eventSeq: entry.seq, eventId: entry.eventId, eventType: entry.type };
}

/** Null: Stripe's signature is being written at this moment. @param raw undefined: retention took the event meanwhile, nothing is left to send. */
async function sendOne({ db, clock, target, send }: ForwardOptions, { eventId, source, receivedAt }: LedgerEntry, raw: Buffer | undefined): Promise<Attempt | null> {
  if (raw === undefined) return { kind: "taken" };
  const original = target.signature === "original" ? await originalSignature(db.read, eventId) : null;
  if (target.signature === "original" && original === null && source === "webhook" && clock.now() - receivedAt < BEING_WRITTEN_MS) return null;
  return await send(target, { id: eventId, raw, original }, clock.now());
}

async function sendNext(options: ForwardOptions, claimed: ForwardState): Promise<boolean> {
  const { db, clock, target } = options;
  // The first of a run goes before what is new: if the application is back, all are sent in their order.
  const last = claimed.run.at(-1);
  const entries = await readAfter(db.read, last === undefined ? claimed.cursor : Math.max(last, claimed.seen ?? 0), BATCH);
  // With nothing to send behind it the run is tried again itself, and not before its time.
  const early = claimed.runAt !== null && clock.now() < claimed.runAt && !entries.some((entry) => forwardable(target, entry));
  if (entries.length === 0 && early) return false;
  const own = [...(early ? [] : await readEntries(db.read, claimed.run.slice(0, 1))), ...entries];
  const bodies = await readRaw(db.read, own.map(({ seq }) => seq));
  let state = claimed;
  const park: number[] = [];
  const failures: RecordedDelivery[] = [];
  let waiting = false;
  const began = clock.now();
  for (const entry of own) {
    if (!forwardable(target, entry)) {
      state = state.run.length === 0 ? { ...state, cursor: Math.max(state.cursor, entry.seq) } : { ...state, seen: entry.seq };
      continue;
    }
    const attempt = await sendOne(options, entry, bodies.get(entry.seq));
    if (attempt === null) break;
    if (attempt.kind !== "taken") failures.push(failureOf(options, entry, attempt));
    const decision = decide(state, entry.seq, attempt, clock.now());
    state = decision.state;
    park.push(...decision.park);
    waiting = decision.kind === "wait";
    // The first of the run was taken after all: those behind it come before what was read here.
    if (attempt.kind === "taken" && claimed.run.includes(entry.seq)) break;
    // A slow application must not outlast the lease.
    if (waiting || clock.now() - began > leaseMs(target) / 4) break;
  }
  if (state === claimed) return false;
  // Without a run all is read from the cursor again: what was passed over behind a run may hold what is to be sent.
  const { seen, ...rest } = state;
  const next: ForwardState = seen === undefined || state.run.length === 0 ? rest : { ...rest, seen };
  await db.write((tx) => store(tx, options, next, park, failures));
  return !waiting && entries.length > 0;
}

async function store(tx: Tx, { db, clock, target }: ForwardOptions, state: ForwardState, park: readonly number[], failures: readonly RecordedDelivery[]): Promise<void> {
  const name = forwardName(target.name);
  const now = clock.now();
  await db.dialect.lock(tx, name);
  const current = await bookmark<ForwardState>(tx, name);
  // Another process took over while this one slept; what it sent, that one sends again.
  if (current !== null && current.owner !== state.owner) return;
  for (const seq of park) {
    const row = { target: target.name, event_seq: seq, since: now, attempts: 1, next_at: nextParked(now, 1, now) };
    await tx.insertInto("forward_parked").values(row).onConflict((conflict) => conflict.columns(["target", "event_seq"]).doNothing()).execute();
  }
  if (failures.length > 0) await recordDeliveries(tx, failures);
  await setBookmark(tx, name, state, now);
}

/** One parked event whose time has come. */
async function retryParked(options: ForwardOptions): Promise<boolean> {
  const { db, clock, target } = options;
  const now = clock.now();
  const due = await db.read.selectFrom("forward_parked").selectAll().where("target", "=", target.name).where("next_at", "<=", now).orderBy("next_at").orderBy("event_seq").limit(1).executeTakeFirst();
  if (due === undefined) return false;
  const [entry] = await readEntries(db.read, [due.event_seq]);
  const attempt: Attempt | null = entry === undefined ? { kind: "taken" } : await sendOne(options, entry, (await readRaw(db.read, [entry.seq])).get(entry.seq));
  if (attempt === null) return false;
  await db.write(async (tx) => {
    const row = tx.selectFrom("forward_parked").select("attempts").where("target", "=", target.name).where("event_seq", "=", due.event_seq);
    if ((await row.executeTakeFirst())?.attempts !== due.attempts) return;
    if (attempt.kind === "taken") await tx.deleteFrom("forward_parked").where("target", "=", target.name).where("event_seq", "=", due.event_seq).execute();
    else await tx.updateTable("forward_parked").set({ attempts: due.attempts + 1, next_at: nextParked(due.since, due.attempts + 1, now) }).where("target", "=", target.name).where("event_seq", "=", due.event_seq).execute();
  });
  return attempt.kind === "taken";
}

export interface ForwardStatus {
  readonly behind: number;
  readonly parked: number;
  readonly dead: number;
  readonly waitingUntil: number | null;
  readonly lastTakenAt: number | null;
  readonly lastError: string | null;
}

export async function forwardStatus(tx: Tx, target: string): Promise<ForwardStatus | null> {
  const state = await bookmark<ForwardState>(tx, forwardName(target));
  if (state === null) return null;
  const rows = await tx.selectFrom("forward_parked").select(["next_at"]).where("target", "=", target).execute();
  const dead = rows.filter((row) => row.next_at === null).length;
  return { behind: (await lastSeq(tx)) - state.cursor, parked: rows.length - dead, dead, waitingUntil: state.waitUntil, lastTakenAt: state.lastTakenAt, lastError: state.lastError };
}

export interface DeadLetter {
  readonly seq: number;
  /** Null when retention took the event. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** When it was set aside, ms UTC. */
  readonly since: number;
  readonly attempts: number;
}

/** What the application was given up on, oldest first, after a ledger position. */
export async function deadLettersOf(tx: Tx, target: string, afterSeq: number, limit: number): Promise<DeadLetter[]> {
  const rows = await tx.selectFrom("forward_parked").selectAll().where("target", "=", target).where("next_at", "is", null).where("event_seq", ">", afterSeq).orderBy("event_seq").limit(limit).execute();
  const entries = new Map((await readEntries(tx, rows.map((row) => row.event_seq))).map((entry) => [entry.seq, entry]));
  return rows.map((row) => ({ seq: row.event_seq, eventId: entries.get(row.event_seq)?.eventId ?? null, eventType: entries.get(row.event_seq)?.type ?? null, since: row.since, attempts: row.attempts }));
}

/**
 * Forgets up to `limit` dead letters that were set aside before `beforeMs`. The events themselves stay in the ledger as
 * long as events do, and can be replayed by id, type or time. Answers how many went.
 */
export async function retainDeadLetters(db: Database, beforeMs: number, limit: number): Promise<number> {
  return await db.write(async (tx) => {
    const oldest = await tx.selectFrom("forward_parked").select(["target", "event_seq"]).where("next_at", "is", null).where("since", "<", beforeMs).orderBy("target").orderBy("event_seq").limit(limit).execute();
    for (const { target, event_seq } of oldest) await tx.deleteFrom("forward_parked").where("target", "=", target).where("event_seq", "=", event_seq).where("next_at", "is", null).execute();
    return oldest.length;
  });
}
