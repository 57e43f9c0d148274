import type { Severity } from "./news.ts";
import type { Told } from "./dedup.ts";
import type { Labels } from "./matcher.ts";

/** What one channel was told of one group. */
export interface Stream {
  readonly key: string;
  readonly channel: string;
  readonly route: string;
  readonly labels: Labels;
  readonly told: readonly Told[];
  /** When it was last told something, ms UTC. */
  readonly sentAt: number;
}

/** Short, since a group may have ten thousand alerts: `[id, "C" or "W", bits]`. */
type Packed = readonly [number, "C" | "W", number];

const BITS = { resolved: 1, acknowledged: 2, silenced: 4 } as const;

export function packTold(told: readonly Told[]): string {
  return JSON.stringify(
    told.map(({ id, severity, state, acknowledged, silenced }): Packed => [
      id,
      severity === "CRITICAL" ? "C" : "W",
      (state === "resolved" ? BITS.resolved : 0) + (acknowledged ? BITS.acknowledged : 0) + (silenced ? BITS.silenced : 0),
    ]),
  );
}

export function unpackTold(text: string): Told[] {
  return (JSON.parse(text) as Packed[]).map(([id, letter, bits]) => {
    const severity: Severity = letter === "C" ? "CRITICAL" : "WARNING";
    return { id, severity, state: (bits & BITS.resolved) === 0 ? "firing" : "resolved", acknowledged: (bits & BITS.acknowledged) !== 0, silenced: (bits & BITS.silenced) !== 0 };
  });
}
