import type { Tx } from "../platform/index.ts";
import type { SliceKind } from "./contribution.ts";
import { GRAINS } from "./store.ts";
import type { Window } from "./window.ts";

/** Attempts and failures of one minute of one slice. */
export interface SliceCount {
  readonly startMs: number;
  readonly value: string;
  readonly attempts: number;
  readonly failed: number;
}

/** Attempts and failures by minute and value of a slice kind, in order of time: less than `series` gives, and several times quicker to read. */
export async function sliceCounts(tx: Tx, kind: SliceKind, window: Window): Promise<SliceCount[]> {
  return await tx
    .selectFrom("metric")
    .select(["start as startMs", "value", "attempts", "failed"])
    .where("grain", "=", GRAINS.minute)
    .where("live", "=", window.live === false ? 0 : 1)
    .where("account", "=", window.account ?? "")
    .where("kind", "=", kind)
    .where("start", ">=", window.fromMs)
    .where("start", "<", window.toMs)
    .where("attempts", ">", 0)
    .orderBy("start")
    .execute();
}

/** Start of the first minute of a mode that is kept, ms UTC; null when there is none. */
export async function firstMinute(tx: Tx, live: boolean): Promise<number | null> {
  const row = await tx
    .selectFrom("metric")
    .select("start")
    .where("grain", "=", GRAINS.minute)
    .where("live", "=", live ? 1 : 0)
    .where("account", "=", "")
    .where("kind", "=", "all")
    .orderBy("start")
    .limit(1)
    .executeTakeFirst();
  return row?.start ?? null;
}
