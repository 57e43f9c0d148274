import { resolve } from "node:path";
import { createTail, importBoundary, type Tail } from "../ingest/index.ts";
import type { Clock, Database, Logger } from "../platform/index.ts";
import type { Config } from "./config.ts";

export function tailPaths(config: Pick<Config, "ingest">): string[] {
  return config.ingest.tail.map((path) => resolve(path));
}

/** What follows the configured files; null when there are none. */
export function tailOf(db: Database, config: Config, clock: Clock, log: Logger): Tail | null {
  const paths = tailPaths(config);
  if (paths.length === 0) return null;
  return createTail({
    db,
    clock,
    paths,
    timeZone: config.merchant.timeZone,
    live: config.stripe.mode === "live",
    // Without a sweep nothing else tells of the payments.
    untilMs: async () => (config.sandbox || !config.ingest.sweep ? null : await importBoundary(db, clock.now(), true)),
    onNote: ({ path, text }) => log.warn({ path }, `followed file: ${text}`),
  });
}
