import type { HealthCheck } from "../health/index.ts";
import type { Clock, Database, Migration, Tx } from "../platform/index.ts";

/** When something that must go on for ever did its last round. */
interface PulseRow {
  name: string;
  at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    pulse: PulseRow;
  }
}

export const pulseMigrations: readonly Migration[] = [{ name: "app/0003_pulse", statements: (ddl) => [`create table pulse (name text primary key, at ${ddl.int} not null)`] }];

export async function writePulse(tx: Tx, name: string, nowMs: number): Promise<void> {
  await tx
    .insertInto("pulse")
    .values({ name, at: nowMs })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ at: nowMs }))
    .execute();
}

export async function readPulse(tx: Tx, name: string): Promise<number | null> {
  return (await tx.selectFrom("pulse").select("at").where("name", "=", name).executeTakeFirst())?.at ?? null;
}

/** Rounds come every five seconds; one in fifteen seconds is written. */
const EVERY_MS = 15_000;

/** Writes the pulse of rounds that come oftener than anybody needs to know. */
export function pulse(db: Database, clock: Clock, name: string): () => Promise<void> {
  let written = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    if (now >= written && now - written < EVERY_MS) return;
    await db.write((tx) => writePulse(tx, name, now));
    written = now;
  };
}

export const EVALUATOR = "evaluator";
const LATE_MS = 60_000;
const STUCK_MS = 5 * 60_000;

/** Check `evaluator`: that alerts are judged. Judged itself by the task production_alerts, by other nodes and by the watchdog, should its own loop hang. */
export function evaluatorCheck({ db, clock }: { db: Database; clock: Clock }): HealthCheck {
  return {
    name: "evaluator",
    timeoutMs: 3000,
    run: async () => {
      const at = await readPulse(db.read, EVALUATOR);
      if (at === null) return { state: "unknown", figure: "alerts were not judged yet", todo: "the running service judges them every few seconds" };
      const lagMs = Math.max(0, clock.now() - at);
      const figure = `alerts judged ${Math.round(lagMs / 1000)} s ago`;
      if (lagMs > STUCK_MS) return { state: "down", figure, sinceMs: at, todo: "no alert can fire: restart the service, and look into its log for \"evaluating alerts failed\"" };
      if (lagMs > LATE_MS) return { state: "degraded", figure, sinceMs: at, todo: "alerts are judged late; the machine may be overloaded" };
      return { state: "ok", figure };
    },
  };
}
