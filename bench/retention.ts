import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openPostgres, openSqlite } from "../src/platform/index.ts";
import { freePort, startPostgres } from "../test/postgres.ts";
import { startAndWait } from "./processes.ts";
import { fillDays, quantile, send, STEADY_SECRET } from "./steady.ts";

const KEY = "bench-key-0123456789abcdef";
const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
/** Arrivals a second; ten million events in 90 days are 1.3. */
const RATE = 100;
/** Detectors learn and code gets warm after a start; under load already, and left out of every phase. */
const SETTLE_MS = 15_000;
const USUAL_MS = 45_000;
const MOST_MS = 180_000;

export interface RetentionRow {
  readonly phase: string;
  readonly seconds: number;
  readonly sent: number;
  readonly notOk: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Rows that went; null without a run, which lasts as long as the phase. */
  readonly deleted: { readonly events: number; readonly deliveries: number; readonly minutes: number } | null;
  readonly outcome: string | null;
}

interface Run {
  readonly outcome: string;
  readonly evidence: Record<string, unknown> | null;
}

async function ask(port: number, method: string, path: string): Promise<{ data?: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { "x-dash-key": KEY } });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { data?: unknown };
}

/** Begins a run by hand and waits for its end, or until it has taken too long. */
async function runRetention(port: number): Promise<Run> {
  const { id } = (await ask(port, "POST", "/api/tasks/retention/run")).data as { id: number };
  const begun = performance.now();
  for (;;) {
    await setTimeout(500);
    const run = ((await ask(port, "GET", "/api/tasks/retention/runs?limit=5")).data as (Run & { id: number })[]).find((one) => one.id === id);
    if (run !== undefined && (run.outcome !== "running" || performance.now() - begun > MOST_MS)) return run;
  }
}

/** One start of the service under load: some time, or while a run that lets everything older than `days` go lasts. */
async function measure(directory: string, database: Record<string, string>, phase: string, seed: number, { days, run: runs }: { readonly days: number; readonly run: boolean }): Promise<RetentionRow> {
  const port = await freePort();
  const config = join(directory, "bench-retention.yaml");

  writeFileSync(config, `retention: { events_days: ${days}, deliveries_days: ${days}, minutes_days: ${days} }\ntasks: { retention: { enabled: off } }\ningest: { sweep: off }\nbackup: { directory: off }\n`);
  const env = { PORT: String(port), DASHBOARD_KEY: KEY, STRIPE_SECRET_KEY: "sk_test_bench0000", STRIPE_WEBHOOK_SECRET: STEADY_SECRET, STRIPE_API_BASE: "http://127.0.0.1:9", DATA_DIR: directory, LOG_DIR: join(directory, "logs"), TILLWATCH_CONFIG: config, ...database };
  const running = await startAndWait([MAIN, "serve"], env, `http://127.0.0.1:${port}/readyz`);
  try {
    let over = false;
    const warming = send(port, seed + 100, RATE, () => !over);
    await setTimeout(SETTLE_MS);
    over = true;
    await warming;
    over = false;
    const begun = performance.now();
    const sending = send(port, seed, RATE, () => !over);
    const run = runs ? await runRetention(port) : await setTimeout(USUAL_MS).then(() => null);
    over = true;
    const seconds = (performance.now() - begun) / 1000;
    const { times, notOk } = await sending;
    const sorted = times.toSorted((left, right) => left - right);
    const gone = (name: string): number => Number(run?.evidence?.[name] ?? 0);
    return {
      phase,
      seconds,
      sent: times.length,
      notOk,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? Number.NaN,
      deleted: run === null ? null : { events: gone("events"), deliveries: gone("deliveries"), minutes: gone("minutes") },
      outcome: run?.outcome ?? null,
    };
  } finally {
    await running.stop();
  }
}

/** So many that the oldest day goes, also when a run before let the one before it go. */
async function daysToKeep(data: string): Promise<number> {
  const db = openSqlite(join(data, "tillwatch.db"));
  const oldest = await db.read.selectFrom("event").select("received_at").orderBy("seq").limit(1).executeTakeFirstOrThrow();
  await db.close();
  return Math.floor((Date.now() - oldest.received_at) / 86_400_000 - 0.5);
}

/** Of a PostgreSQL that is filled for this. */
const KEPT_DAYS = 30;

/**
 * What the nightly run of retention costs deliveries: the same load without it, with a run that lets a day go, and
 * without it again. @param data a filled DATA_DIR (SQLite) that is changed by this: give a copy; null: a PostgreSQL that
 * is filled first with `events` events, a day more than are kept.
 */
export async function benchRetention(data: string | null, directory: string, events: number): Promise<RetentionRow[]> {
  const postgres = data === null ? await startPostgres() : null;
  try {
    const place = data ?? directory;
    const database: Record<string, string> = postgres === null ? {} : { DATABASE_URL: `${postgres.url}?schema=bench` };
    if (postgres !== null) {
      const db = openPostgres(postgres.url, { schema: "bench" });
      await fillDays(db, events, KEPT_DAYS + 1);
      await db.close();
    }
    const days = data === null ? KEPT_DAYS : await daysToKeep(data);
    const phase = (name: string, seed: number, run: boolean): Promise<RetentionRow> => measure(place, database, name, seed, { days, run });
    return [await phase("usual", 11, false), await phase("while a day is let go", 12, true), await phase("usual again", 13, false)];
  } finally {
    await postgres?.stop();
  }
}
