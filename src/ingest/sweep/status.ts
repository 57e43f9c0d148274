import { sql } from "kysely";
import type { Tx } from "../../platform/index.ts";
import { bookmark } from "../store.ts";
import { type Gap, readGaps } from "./gap.ts";
import { type UnmadeTrouble, unmadeTrouble } from "./generation.ts";
import { backfillShare, EVERY_MS } from "./plan.ts";
import { type SweepState, sweepName } from "./state.ts";

const DAY = 86_400_000;

export interface SweepStatus {
  readonly checkpointMs: number;
  readonly last: SweepState["last"];
  readonly trouble: SweepState["trouble"];
  readonly skewMs: number | null;
  /** 0 to 1. */
  readonly backfill: number;
  readonly backfilled: number;
  /** How often a sweep is begun, ms. */
  readonly everyMs: number;
  /** Of the last day, entries of Stripe's list that cannot be read as events; and the last of them. */
  readonly unreadable: number;
  readonly unread: SweepState["unread"] | null;
  /** Why what Stripe made no event of cannot be fetched. */
  readonly unmade: UnmadeTrouble | null;
  /** Open: the last sweeps still found events missing. */
  readonly gap: Gap | null;
}

async function unreadableSince(tx: Tx, account: string | null, fromMs: number): Promise<number> {
  const { rows } = await sql<{ n: number | null }>`select sum(unreadable) as n from witness where account = ${account ?? ""} and start >= ${fromMs}`.execute(tx);
  return rows[0]?.n ?? 0;
}

/** Null before the first sweep. */
export async function sweepStatus(tx: Tx, account: string | null): Promise<SweepStatus | null> {
  const state = await bookmark<SweepState>(tx, sweepName(account));
  if (state === null) return null;
  const open = state.gap === null ? [] : await readGaps(tx, 0, Number.MAX_SAFE_INTEGER, 20);
  return {
    checkpointMs: state.checkpointMs,
    last: state.last,
    trouble: state.trouble,
    skewMs: state.skewMs,
    backfill: backfillShare(state.backfill),
    backfilled: state.backfill.recovered,
    everyMs: state.everyMs ?? EVERY_MS,
    unreadable: await unreadableSince(tx, account, state.checkpointMs - DAY),
    unread: state.unread ?? null,
    // All accounts' notices are dealt with in one row.
    unmade: account === null ? await unmadeTrouble(tx) : null,
    gap: open.find(({ id }) => id === state.gap) ?? null,
  };
}

const HOUR = 3_600_000;
/** Events older than 30 days are lost at Stripe too; five days before that nobody may sleep. */
const ALARM_MS = 25 * DAY;
/** This many sweeps were left out. */
const LATE_SWEEPS = 3;

export interface SweepVerdict {
  readonly state: "ok" | "degraded" | "down";
  readonly todo: string | null;
}

/** How the sweep is, and what to do about it. */
export function judgeSweep(status: SweepStatus, nowMs: number): SweepVerdict {
  const { checkpointMs, trouble, gap, unmade, unread } = status;
  const age = nowMs - checkpointMs;
  if (age > ALARM_MS) return { state: "down", todo: `events are compared with Stripe only until ${new Date(checkpointMs).toISOString()}; Stripe forgets them after 30 days: ${trouble?.text ?? "see the task sweep"}` };
  if (gap !== null && gap.cause.startsWith("nothing arrived")) return { state: "down", todo: `webhooks do not arrive (${gap.events} events recovered since ${new Date(gap.fromMs).toISOString()}): ${gap.cause}` };
  if (trouble !== null) return { state: nowMs - trouble.since > HOUR ? "down" : "degraded", todo: trouble.text };
  if (age > LATE_SWEEPS * status.everyMs) return { state: "degraded", todo: "the comparison with Stripe is late; see `tillwatch tasks runs sweep`" };
  if (gap !== null) return { state: "degraded", todo: `${gap.events} events did not come by themselves: ${gap.cause}` };
  if (status.unreadable > 0) return { state: "degraded", todo: `${status.unreadable} entries of Stripe's list of the last day cannot be read as events, and are missing here (${unread?.id ?? "without an id"}: ${unread?.reason ?? "unknown"}); see whether something on the way to Stripe changes its answers, or take a newer Tillwatch` };
  if (unmade !== null) return { state: "degraded", todo: `Stripe could not make an event and tells of it (${unmade.notice}); what it is about cannot be fetched since ${new Date(unmade.since).toISOString()}: ${unmade.text}` };
  return { state: "ok", todo: null };
}

/** Stripe's deliveries are refused when the clocks are five minutes apart. */
export function judgeClock(skewMs: number | null): SweepVerdict {
  const off = Math.abs(skewMs ?? 0);
  if (off > 240_000) return { state: "down", todo: `this machine's clock is ${Math.round(off / 1000)} s off Stripe's; set it (NTP): beyond 300 s every delivery is refused` };
  if (off > 30_000) return { state: "degraded", todo: `this machine's clock is ${Math.round(off / 1000)} s off Stripe's; set it (NTP)` };
  return { state: "ok", todo: null };
}
