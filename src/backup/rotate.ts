import { DAY_MS } from "../platform/index.ts";

/** How many days, weeks and months are kept one backup of each; the newest of all is always kept. */
export interface Keep {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface Dated {
  readonly id: string;
  readonly snapshotAt: number;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** Weeks begin on Monday (ISO 8601); day 0 of the epoch was a Thursday. */
const week = (ms: number): string => String(Math.floor((Math.floor(ms / DAY_MS) + 3) / 7));
const month = (ms: number): string => day(ms).slice(0, 7);

/**
 * Pure: which backups are no longer needed. Of each of the last `daily` days (UTC) that have one, `weekly` weeks and
 * `monthly` months, the newest stays.
 */
export function superfluous(backups: readonly Dated[], keep: Keep): Dated[] {
  const newestFirst = [...backups].sort((a, b) => b.snapshotAt - a.snapshotAt || (a.id < b.id ? 1 : -1));
  const stay = new Set(newestFirst.slice(0, 1));
  const rules = [
    [keep.daily, day],
    [keep.weekly, week],
    [keep.monthly, month],
  ] as const;
  for (const [count, period] of rules) {
    const seen = new Set<string>();
    for (const backup of newestFirst) {
      const name = period(backup.snapshotAt);
      if (seen.has(name)) continue;
      if (seen.size >= count) break;
      seen.add(name);
      stay.add(backup);
    }
  }
  return newestFirst.filter((backup) => !stay.has(backup));
}
