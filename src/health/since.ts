import type { Clock, Database, Migration } from "../platform/index.ts";
import type { CheckState } from "./check.ts";

interface SinceRow {
  name: string;
  state: string;
  since: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    health_since: SinceRow;
  }
}

/** Since when each check is in its state: a restart must not make an old trouble look new. */
export const healthMigrations: readonly Migration[] = [
  { name: "health/0001_since", statements: (ddl) => [`create table health_since (name text primary key, state text not null, since ${ddl.int} not null)`] },
];

export interface SinceMemory {
  /** What was seen last, by check; of this process and of those before it. */
  known(): Promise<ReadonlyMap<string, { state: CheckState; sinceMs: number }>>;
  /** Keeps what changed. */
  keep(changes: readonly { name: string; state: CheckState; sinceMs: number }[]): Promise<void>;
}

/** Kept in the database. Read only: for a command, which looks and leaves no trace. */
export function sinceMemory(db: Database, options: { readOnly: boolean }): SinceMemory {
  return {
    known: async () => {
      const rows = await db.read.selectFrom("health_since").selectAll().execute();
      return new Map(rows.map((row) => [row.name, { state: row.state as CheckState, sinceMs: row.since }]));
    },
    keep: async (changes) => {
      if (options.readOnly || changes.length === 0) return;
      await db.write(async (tx) => {
        for (const { name, state, sinceMs } of changes) {
          await tx
            .insertInto("health_since")
            .values({ name, state, since: sinceMs })
            .onConflict((conflict) => conflict.column("name").doUpdateSet({ state, since: sinceMs }))
            .execute();
        }
      });
    },
  };
}

/** Remembers nothing beyond the process. */
export const noMemory: SinceMemory = { known: async () => new Map(), keep: async () => {} };

/** A time that lies ahead was written by a clock that was wrong. */
export function plausible(sinceMs: number, clock: Clock): number {
  return Math.min(sinceMs, clock.now());
}
