import { HOUR_MS, type Tx } from "../platform/index.ts";
import { localDays } from "./days.ts";
import { GRAINS, readSettings } from "./store.ts";

/**
 * The nearest time to `ms` at which buckets can still be cut exactly. Minutes and hours are let go after a while; what
 * begins or ends inside a time of which only days are left is moved to the beginning of a day, rather than counted
 * without a part of that day.
 */
export type Boundary = (ms: number) => number;

function nearest(ms: number, first: number, second: number): number {
  return ms - first <= second - ms ? first : second;
}

/** @returns the zone of the day buckets beside it: a boundary is moved to its midnights. */
export async function boundaries(tx: Tx): Promise<{ readonly timeZone: string; readonly at: Boundary }> {
  const { timeZone, horizon } = await readSettings(tx);
  const zone = timeZone ?? "UTC";
  const dayOf = localDays(zone);
  const minutesFrom = horizon[GRAINS.minute] ?? 0;
  const hoursFrom = horizon[GRAINS.hour] ?? 0;
  return {
    timeZone: zone,
    at: (ms) => {
      const { startMs, endMs } = dayOf(ms);
      if (ms === startMs) return ms;
      // Where days do not begin on a whole hour of UTC, a day cut in two needs minutes at its ends as well.
      const wholeHours = startMs % HOUR_MS === 0 && endMs % HOUR_MS === 0;
      if (startMs < hoursFrom || (!wholeHours && startMs < minutesFrom)) return nearest(ms, startMs, endMs);
      const hour = Math.floor(ms / HOUR_MS) * HOUR_MS;
      return ms === hour || hour >= minutesFrom ? ms : nearest(ms, hour, hour + HOUR_MS);
    },
  };
}
