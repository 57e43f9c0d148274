import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { sql } from "kysely";
import { type Database, openPostgres, openSqlite } from "../src/platform/index.ts";
import { freePort, startPostgres } from "../test/postgres.ts";
import { startAndWait } from "./processes.ts";
import { fillDays, quantile, send, STEADY_SECRET } from "./steady.ts";

const KEY = "bench-key-0123456789abcdef";
const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const RATE = 500;
const SETTLE_MS = 8000;
const USUAL_MS = 20_000;

export interface BackupRow {
  readonly name: string;
  /** Of the backup. */
  readonly events: number;
  readonly megabytes: number;
  readonly backupS: number;
  readonly restoreS: number;
  /** Of deliveries at 500/s before the backup, and while it was made. */
  readonly usualP99Ms: number;
  readonly backupP99Ms: number;
  readonly sent: number;
  readonly notOk: number;
  /** Arrived after the backup's moment, so not in it. */
  readonly later: number;
  /** What is not the same, in words; empty: to the row. */
  readonly different: readonly string[];
}

async function command(env: Record<string, string>, ...argv: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...argv, "--json"], { env, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** One fingerprint over the rows of a table that there were at the backup's moment. */
async function fingerprint(db: Database, table: string, column: string, last: number): Promise<string> {
  const hash = createHash("sha256");
  let [from, count] = [-1, 0];
  for (;;) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.id(table)} where ${sql.id(column)} > ${from} and ${sql.id(column)} <= ${last} order by ${sql.id(column)} limit 5000`.execute(db.read);
    for (const row of rows) hash.update(JSON.stringify(Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value))));
    count += rows.length;
    if (rows.length < 5000) return `${count} rows ${hash.digest("hex").slice(0, 16)}`;
    from = Number(rows.at(-1)?.[column]);
  }
}

/** The restored database beside the one that went on, up to the moment that the backup stands for; and in itself. */
async function compare(original: Database, restored: Database, tables: Record<string, number>): Promise<string[]> {
  const different: string[] = [];
  for (const [table, column] of [["event", "seq"], ["delivery", "seq"], ["event_block", "id"], ["audit", "id"]] as const) {
    if (!(table in tables)) continue;
    const { rows } = await sql<{ last: number | null }>`select max(${sql.id(column)}) as last from ${sql.id(table)}`.execute(restored.read);
    const last = rows[0]?.last ?? 0;
    const [ours, theirs] = [await fingerprint(original, table, column, last), await fingerprint(restored, table, column, last)];
    if (ours !== theirs) different.push(`${table}: ${theirs} instead of ${ours}`);
  }
  return different;
}

async function measure(name: string, directory: string, events: number, postgresUrl: string | null): Promise<BackupRow> {
  mkdirSync(directory);
  const port = await freePort();
  const config = join(directory, "bench-backup.yaml");
  writeFileSync(config, "ingest: { sweep: off }\n");
  const address = (schema: string): string => `${postgresUrl}?schema=${schema}`;
  const env = { PATH: process.env["PATH"] ?? "", PORT: String(port), DASHBOARD_KEY: KEY, STRIPE_SECRET_KEY: "sk_test_bench0000", STRIPE_WEBHOOK_SECRET: STEADY_SECRET, STRIPE_API_BASE: "http://127.0.0.1:9", DATA_DIR: directory, LOG_DIR: "off", TILLWATCH_CONFIG: config, ...(postgresUrl === null ? {} : { DATABASE_URL: address("bench") }) };
  const open = (place: string): Database => (postgresUrl === null ? openSqlite(join(directory, `${place}.db`)) : openPostgres(postgresUrl, { schema: place }));
  const filled = open(postgresUrl === null ? "tillwatch" : "bench");
  await fillDays(filled, events, 30);
  await filled.close();
  const running = await startAndWait([MAIN, "serve"], env, `http://127.0.0.1:${port}/readyz`);
  const under = async <T>(seed: number, work: () => Promise<T>): Promise<{ value: T; times: number[]; notOk: number }> => {
    let over = false;
    const sending = send(port, seed, RATE, () => !over);
    const value = await work().finally(() => {
      over = true;
    });
    return { value, ...(await sending) };
  };
  try {
    await under(21, () => setTimeout(SETTLE_MS));
    const usual = await under(22, () => setTimeout(USUAL_MS));
    const made = await under(23, async () => {
      await setTimeout(1000);
      const begun = performance.now();
      const backup = await command(env, "backup", "create");
      return { backup, seconds: (performance.now() - begun) / 1000 };
    });
    const { backup, seconds } = made.value;
    const begun = performance.now();
    await command(env, "backup", "restore", "--to", postgresUrl === null ? join(directory, "restored.db") : address("restored"));
    const restoreS = (performance.now() - begun) / 1000;
    const contents = backup["contents"] as { tables: Record<string, number>; last_event: { seq: number } };
    const [original, restored] = [open(postgresUrl === null ? "tillwatch" : "bench"), open("restored")];
    const different = await compare(original, restored, contents.tables);
    const { rows } = await sql<{ n: number }>`select count(*) as n from event where seq > ${contents.last_event.seq}`.execute(original.read);
    await original.close();
    await restored.close();
    const p99 = (times: number[]): number => quantile(times.toSorted((left, right) => left - right), 0.99);
    return {
      name,
      events: contents.tables["event"] ?? 0,
      megabytes: Math.round(Number(backup["bytes"]) / 1e6),
      backupS: seconds,
      restoreS,
      usualP99Ms: p99(usual.times),
      backupP99Ms: p99(made.times),
      sent: usual.times.length + made.times.length,
      notOk: usual.notOk + made.notOk,
      later: rows[0]?.n ?? 0,
      different,
    };
  } finally {
    await running.stop();
  }
}

/** A backup by the command while 500 signed events a second come in, and its restore, on both databases. */
export async function benchBackup(events: number, directory: string): Promise<BackupRow[]> {
  const sqlite = await measure("SQLite", join(directory, "backup-sqlite"), events, null);
  const postgres = await startPostgres();
  try {
    return [sqlite, await measure("PostgreSQL", join(directory, "backup-postgres"), events, postgres.url)];
  } finally {
    await postgres.stop();
  }
}
