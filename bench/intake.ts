import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort, startPostgres } from "../test/postgres.ts";
import { type Load, load, requireWrk, residentMb, startAndWait } from "./processes.ts";
import { writeRequests } from "./requests.ts";

const SECRET = "whsec_bench_0123456789abcdef";
const KEY = "bench-key-0123456789abcdef";
const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const SCRIPT = join(import.meta.dirname, "load.lua");

export interface IntakeRow {
  readonly name: string;
  readonly load: Load;
  /** Requests per second against the bare server of the same run. */
  readonly ratio: number;
  readonly peakMb: number;
  /** Seconds after the load until everything was derived. */
  readonly caughtUpS: number | null;
}

interface Round {
  readonly seconds: number;
  readonly requests: string;
  readonly directory: string;
}

async function measure(round: Round, argv: readonly string[], env: Record<string, string>, port: number, paths: { load: string; ready: string }): Promise<{ load: Load; peakMb: number; caughtUpS: number | null }> {
  const running = await startAndWait(argv, env, `http://127.0.0.1:${port}${paths.ready}`);
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(running.pid));
  }, 100);
  try {
    const result = await load(port, paths.load, round.seconds, round.requests, SCRIPT);
    return { load: result, peakMb, caughtUpS: paths.ready === "/readyz" ? await caughtUp(port) : null };
  } finally {
    clearInterval(watch);
    await running.stop();
  }
}

async function caughtUp(port: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { "x-dash-key": KEY } })).text();
    if (Number(/^tillwatch_events_waiting (\d+)/m.exec(text)?.[1] ?? 1) === 0) return Math.round((performance.now() - began) / 1000);
    if (performance.now() - began > 300_000) return Number.POSITIVE_INFINITY;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Intake on both databases beside a bare server and one insert per request, all in one run on one machine. */
export async function benchIntake(options: { seconds: number; requests: number; directory: string }): Promise<{ rows: IntakeRow[]; bodyBytes: number }> {
  requireWrk();
  const directory = mkdtempSync(join(options.directory, "intake-"));
  const round: Round = { seconds: options.seconds, requests: join(directory, "requests.bin"), directory };
  const bodyBytes = writeRequests(round.requests, options.requests, SECRET, Date.now());
  const postgres = await startPostgres();
  const service = (name: string, port: number, more: Record<string, string>): Record<string, string> => ({
    PORT: String(port),
    DASHBOARD_KEY: KEY,
    STRIPE_SECRET_KEY: "sk_test_bench0000",
    STRIPE_WEBHOOK_SECRET: SECRET,
    DATA_DIR: join(directory, name),
    LOG_DIR: join(directory, `${name}-logs`),
    ...more,
  });
  try {
    const bare = async () => {
      const port = await freePort();
      return await measure(round, [join(import.meta.dirname, "bare.ts"), String(port)], {}, port, { load: "/webhooks/stripe", ready: "/" });
    };
    const before = await bare();
    const sqlitePort = await freePort();
    const sqlite = await measure(round, [MAIN, "serve"], service("sqlite", sqlitePort, {}), sqlitePort, { load: "/webhooks/stripe", ready: "/readyz" });
    const pgPort = await freePort();
    const pg = await measure(round, [MAIN, "serve"], service("pg", pgPort, { DATABASE_URL: `${postgres.url}?schema=bench` }), pgPort, { load: "/webhooks/stripe", ready: "/readyz" });
    const onePort = await freePort();
    const one = await measure(round, [join(import.meta.dirname, "one-insert.ts"), String(onePort), postgres.url], {}, onePort, { load: "/webhooks/stripe", ready: "/" });
    const after = await bare();
    // Before and after, so that a machine that gets slower meanwhile does not flatter us.
    const reference = (before.load.requestsPerSecond + after.load.requestsPerSecond) / 2;
    const row = (name: string, measured: { load: Load; peakMb: number; caughtUpS: number | null }): IntakeRow => ({ name, ...measured, ratio: measured.load.requestsPerSecond / reference });
    return {
      rows: [row("bare node:http", { ...before, load: { ...before.load, requestsPerSecond: Math.round(reference) } }), row("Tillwatch, SQLite", sqlite), row("Tillwatch, PostgreSQL", pg), row("one insert per request, PostgreSQL", one)],
      bodyBytes,
    };
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
