import { dateAt, DAY_MS, HOUR_MS, wallTime } from "../platform/index.ts";
import type { Digest } from "./settings.ts";

/** The first time of a digest after `ms`, ms UTC. */
export function nextDigest(digest: Digest, ms: number): number {
  if (digest.kind === "hourly") return (Math.floor(ms / HOUR_MS) + 1) * HOUR_MS;
  const date = dateAt(ms, digest.timeZone);
  const times = [0, 1, 2].map((days) => wallTime(date.add({ days }), digest.atMinute, digest.timeZone));
  return times.find((at) => at > ms) ?? ms + DAY_MS;
}
