import type { Database, Tx } from "../../platform/index.ts";
import type { SweepWindow } from "./state.ts";

export interface GapEvidence extends Pick<SweepWindow, "missing" | "arrived" | "missingTypes" | "arrivedTypes"> {
  /** Deliveries in that time that we turned away, and that we could not store. */
  readonly rejected: number;
  readonly failed: number;
  readonly skewMs: number | null;
}

/** A clock that is off by more turns authentic deliveries away. */
const SKEW_MS = 300_000;

/** Fewer in a row may be chance. */
const IN_A_ROW = 3;

/** Whether nothing at all came by itself between the first and the last missing event, or since the first. */
export function silent({ missing, arrived }: Pick<SweepWindow, "missing" | "arrived">): boolean {
  if (missing === 0 || arrived.sinceEarliest === null || arrived.sinceLatest === null) return false;
  return arrived.sinceEarliest === 0 || (missing >= IN_A_ROW && arrived.sinceEarliest === arrived.sinceLatest);
}

/** Why events did not come by themselves, as far as one can tell from here; in words that say what to look at. Null: they did. */
export function causeOf({ missing, arrived, missingTypes, arrivedTypes, rejected, failed, skewMs }: GapEvidence): string | null {
  if (missing === 0) return null;
  const nothing = silent({ missing, arrived });
  if (rejected > 0 && skewMs !== null && Math.abs(skewMs) > SKEW_MS) return `our clock is ${Math.round(Math.abs(skewMs) / 60_000)} min off Stripe's, so authentic deliveries were refused; set the clock`;
  if (nothing && rejected > 0) return "every delivery was refused: the webhook secret is probably wrong (STRIPE_WEBHOOK_SECRET)";
  if (failed > 0) return "deliveries came that could not be stored; see the log of that time";
  if (nothing) return "nothing arrived: the endpoint is disabled, unreachable or pointed elsewhere, or this service was not running";
  const unheard = missingTypes.filter((type) => !arrivedTypes.includes(type));
  if (arrivedTypes.length === 0 && unheard.length > 0) return `the endpoint probably does not listen for ${unheard.slice(0, 5).join(", ")}${unheard.length > 5 ? " and others" : ""}`;
  if (rejected > 0) return "some deliveries were refused: one of several endpoints may have a secret that is not configured";
  return "single deliveries were lost on the way or are late";
}

export interface FoundGap {
  readonly account: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
}

/** Adds to the open gap, or opens one. Answers its id. */
export async function widenGap(tx: Tx, open: number | null, found: FoundGap, nowMs: number): Promise<number> {
  if (open !== null) {
    const row = await tx.selectFrom("gap").selectAll().where("id", "=", open).executeTakeFirst();
    if (row !== undefined) {
      await tx
        .updateTable("gap")
        .set({ from_at: Math.min(row.from_at, found.fromMs), to_at: Math.max(row.to_at, found.toMs), events: row.events + found.events })
        .where("id", "=", open)
        .execute();
      return open;
    }
  }
  const { id } = await tx
    .insertInto("gap")
    .values({ account: found.account, from_at: found.fromMs, to_at: found.toMs, events: found.events, seen: 0, found_at: nowMs, closed_at: null, cause: "being looked at" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/**
 * At the end of a sweep: says why, or that it is over, which takes an event that came by itself since. Answers whether
 * it is still open.
 */
export async function judgeGap(tx: Tx, id: number, window: Pick<SweepWindow, "seen" | "arrived">, cause: string | null, nowMs: number): Promise<boolean> {
  if (cause !== null) {
    await tx.updateTable("gap").set((eb) => ({ cause, seen: eb("seen", "+", window.seen) })).where("id", "=", id).execute();
    return true;
  }
  const closed = await tx.updateTable("gap").set({ closed_at: nowMs }).where("id", "=", id).where("to_at", "<", window.arrived.latestMs ?? 0).executeTakeFirst();
  return Number(closed.numUpdatedRows) === 0;
}

export interface Gap {
  readonly id: number;
  /** Null for the account itself. */
  readonly account: string | null;
  /** Stripe's time of the first and the last missing event, ms UTC. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Events that were missing, all of them recovered since. */
  readonly events: number;
  readonly foundAt: number;
  /** Null while sweeps still find events missing. */
  readonly closedAt: number | null;
  readonly cause: string;
}

/** Gaps that touch `[fromMs, toMs)`, newest first. */
export async function readGaps(tx: Tx, fromMs: number, toMs: number, limit: number): Promise<Gap[]> {
  const rows = await tx.selectFrom("gap").selectAll().where("from_at", "<", toMs).where("to_at", ">=", fromMs).orderBy("from_at", "desc").limit(limit).execute();
  return rows.map((row) => ({ id: row.id, account: row.account === "" ? null : row.account, fromMs: row.from_at, toMs: row.to_at, events: row.events, foundAt: row.found_at, closedAt: row.closed_at, cause: row.cause }));
}

/** Forgets up to `limit` closed gaps that ended before `beforeMs`; an open one stays. Answers how many went. */
export async function retainGaps(db: Database, beforeMs: number, limit: number): Promise<number> {
  return await db.write(async (tx) => {
    const oldest = await tx.selectFrom("gap").select("id").where("to_at", "<", beforeMs).where("closed_at", "is not", null).orderBy("id").limit(limit).execute();
    if (oldest.length === 0) return 0;
    const gone = await tx.deleteFrom("gap").where("id", "in", oldest.map(({ id }) => id)).executeTakeFirst();
    return Number(gone.numDeletedRows);
  });
}
