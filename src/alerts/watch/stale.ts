import { firstMinute, series } from "../../metrics/index.ts";
import { DAY_MS, MINUTE_MS, type Tx } from "../../platform/index.ts";
import type { Scope } from "../inputs.ts";
import type { Model } from "./model.ts";

export type Staleness =
  | { readonly kind: "fresh" }
  /** Events came late: minutes of these hours were corrected. */
  | { readonly kind: "corrected"; readonly hours: number }
  /** History is another than was learnt from: an import, a backfill, a rebuild of the figures. */
  | { readonly kind: "rebuild" };

const HOUR_MS = 60 * MINUTE_MS;
/** A detector holds the minutes of eleven days. */
const CORRECTABLE_MS = 10 * DAY_MS;
/** Share of all attempts that may differ in hours too old to be corrected. */
const BEARABLE = 0.02;
/** More late hours than this are no stragglers. */
const MOST_HOURS = 48;

/** Compares what was learnt from with the hours stored now, and corrects what can be. A month is 840 rows. */
export async function staleness(tx: Tx, scope: Scope, model: Model): Promise<Staleness> {
  const until = Math.floor(model.nextMs() / HOUR_MS) * HOUR_MS;
  const stored = new Map((await series(tx, "hour", "all", { fromMs: until - 35 * DAY_MS, toMs: until, live: scope.live })).map(({ startMs, measures }) => [startMs, measures.attempts]));
  // Minutes before are let go by retention, their hours are kept: they are no other history.
  const kept = (await firstMinute(tx, scope.live)) ?? until;
  const late: number[] = [];
  let old = 0;
  let total = 0;
  for (const hour of new Set([...stored.keys(), ...model.hours.keys()])) {
    if (hour >= until || hour < until - 34 * DAY_MS || hour < kept) continue;
    const now = stored.get(hour) ?? 0;
    const known = model.hours.get(hour) ?? 0;
    total += now;
    if (now === known || hour < Math.floor(model.firstMs / HOUR_MS) * HOUR_MS + HOUR_MS) {
      // Before what is held there was nothing when it was learnt.
      if (hour + HOUR_MS <= model.firstMs) old += now;
      continue;
    }
    if (hour >= until - CORRECTABLE_MS) late.push(hour);
    else old += Math.abs(now - known);
  }
  if (old > BEARABLE * total || late.length > MOST_HOURS) return { kind: "rebuild" };
  for (const hour of late) if (!(await model.correct(tx, hour, hour + HOUR_MS))) return { kind: "rebuild" };
  return late.length === 0 ? { kind: "fresh" } : { kind: "corrected", hours: late.length };
}
