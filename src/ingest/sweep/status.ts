import type { Tx } from "../../platform/index.ts";
import { bookmark } from "../store.ts";
import { type Gap, readGaps } from "./gap.ts";
import { backfillShare } from "./plan.ts";
import { type SweepState, sweepName } from "./state.ts";

export interface SweepStatus {
  readonly checkpointMs: number;
  readonly last: SweepState["last"];
  readonly trouble: SweepState["trouble"];
  readonly skewMs: number | null;
  /** 0 to 1. */
  readonly backfill: number;
  readonly backfilled: number;
  /** Open: the last sweeps still found events missing. */
  readonly gap: Gap | null;
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
    gap: open.find(({ id }) => id === state.gap) ?? null,
  };
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Events older than 30 days are lost at Stripe too; five days before that nobody may sleep. */
const ALARM_MS = 25 * DAY;
const LATE_MS = 15 * 60_000;

export interface SweepVerdict {
  readonly state: "ok" | "degraded" | "down";
  readonly todo: string | null;
}

/** How the sweep is, and what to do about it. */
export function judgeSweep(status: SweepStatus, nowMs: number): SweepVerdict {
  const { checkpointMs, trouble, gap } = status;
  const age = nowMs - checkpointMs;
  if (age > ALARM_MS) return { state: "down", todo: `events are compared with Stripe only until ${new Date(checkpointMs).toISOString()}; Stripe forgets them after 30 days: ${trouble?.text ?? "see the task sweep"}` };
  if (gap !== null && gap.cause.startsWith("nothing arrived")) return { state: "down", todo: `webhooks do not arrive (${gap.events} events recovered since ${new Date(gap.fromMs).toISOString()}): ${gap.cause}` };
  if (trouble !== null) return { state: nowMs - trouble.since > HOUR ? "down" : "degraded", todo: trouble.text };
  if (age > LATE_MS) return { state: "degraded", todo: "the comparison with Stripe is late; see `tillwatch tasks runs sweep`" };
  if (gap !== null) return { state: "degraded", todo: `${gap.events} events did not come by themselves: ${gap.cause}` };
  return { state: "ok", todo: null };
}

/** Stripe's deliveries are refused when the clocks are five minutes apart. */
export function judgeClock(skewMs: number | null): SweepVerdict {
  const off = Math.abs(skewMs ?? 0);
  if (off > 240_000) return { state: "down", todo: `this machine's clock is ${Math.round(off / 1000)} s off Stripe's; set it (NTP): beyond 300 s every delivery is refused` };
  if (off > 30_000) return { state: "degraded", todo: `this machine's clock is ${Math.round(off / 1000)} s off Stripe's; set it (NTP)` };
  return { state: "ok", todo: null };
}
