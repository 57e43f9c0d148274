import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { eventStream } from "../sandbox/index.ts";
import { createWatch, evaluate } from "../src/alerts/index.ts";
import { DERIVE, deriveEvents } from "../src/app/derive.ts";
import { migrations } from "../src/app/migrations.ts";
import { type Arrival, openAppend, readHead, searchEvents, type EventFilter } from "../src/ledger/index.ts";
import { foldDeliveries } from "../src/metrics/index.ts";
import { eventSeqsOf } from "../src/payments/index.ts";
import { DEFAULT_SETTINGS } from "../src/alerts/settings.ts";
import { type Database, migrate, openSqlite, virtualClock } from "../src/platform/index.ts";
import { freePort } from "../test/postgres.ts";
import { startAndWait } from "./processes.ts";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const DAYS = 90;
const DAY_MS = 86_400_000;
const BATCH = 2000;
const ROUNDS = 100;

export interface ScaleRow {
  readonly events: number;
  readonly appendPerS: number;
  readonly derivePerS: number;
  readonly evaluationMs: number;
  /** A minute that closes, judged by all adaptive rules, p95; and how long the history took to learn before. */
  readonly minuteMs: number;
  readonly learnMs: number;
  readonly pages: readonly { name: string; p95Ms: number }[];
  readonly startMs: number;
  readonly gigabytes: number;
}

/** Stores and derives `count` events of the last 90 days. */
async function fill(db: Database, count: number): Promise<{ appendPerS: number; derivePerS: number; somePayment: string }> {
  const append = openAppend(db);
  const endMs = Date.now();
  const startMs = endMs - DAYS * DAY_MS;
  // Events that a payment makes in the mean of the stream (measured): with fewer assumed the stream is used up before it reaches now, and nothing is judged.
  const ratePerMinute = count / 5.38 / (DAYS * 1440);
  let batch: Arrival[] = [];
  let made = 0;
  let somePayment = "";
  let appendMs = 0;
  let deriveMs = 0;
  const flush = async (): Promise<void> => {
    const began = performance.now();
    await append(batch);
    const stored = performance.now();
    while ((await deriveEvents(db, "UTC", BATCH, endMs)) > 0);
    appendMs += stored - began;
    deriveMs += performance.now() - stored;
    batch = [];
  };
  for (const event of eventStream({ seed: 3, startMs, ratePerMinute })) {
    if (made >= count) break;
    made += 1;
    const body = Buffer.from(JSON.stringify(event, null, 2));
    const receivedAt = Math.min(endMs, event.created * 1000 + 500);
    const read = readHead(event, receivedAt);
    if (read.kind !== "head") throw new Error(read.reason);
    if (made > count / 2 && somePayment === "" && read.head.objectId?.startsWith("pi_") === true) somePayment = read.head.objectId;
    batch.push({ kind: "arrival", head: read.head, body, receivedAt, source: "webhook", endpoint: "default" });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  while ((await foldDeliveries(db, { timeZone: "UTC" }, 5000, endMs)) > 0);
  return { appendPerS: Math.round((made / appendMs) * 1000), derivePerS: Math.round((made / deriveMs) * 1000), somePayment };
}

async function p95(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? Number.NaN;
}

/** Learns up to two hours before the end, then judges minute by minute. */
async function followMinutes(db: Database, nowMs: number): Promise<{ minuteMs: number; learnMs: number }> {
  const clock = virtualClock(nowMs - (ROUNDS + 20) * 60_000);
  const scope = { live: false, timeZone: "UTC", mainCurrency: "usd" };
  const watch = createWatch({
    db,
    clock,
    node: "bench",
    scope,
    feed: { live: false, foreignEndpoints: [] },
    settings: DEFAULT_SETTINGS,
    facts: async (at) => ({ lastDeliveryAt: at, comparedUntil: at, trouble: null }),
    onTransition: () => {},
  });
  const began = performance.now();
  while (await watch.step());
  const learnMs = Math.round(performance.now() - began);
  const minuteMs = await p95(async () => {
    clock.advance(60_000);
    while (await watch.step());
  });
  await watch.stop();
  return { minuteMs, learnMs };
}

/** Evaluation, pages of events under every kind of filter, and start, with more and more events stored. */
export async function benchScale(counts: readonly number[], directory: string): Promise<ScaleRow[]> {
  const rows: ScaleRow[] = [];
  for (const count of counts) {
    const data = join(directory, `scale-${count}`);
    const file = join(data, "tillwatch.db");
    mkdirSync(data);
    const db = openSqlite(file);
    await migrate(db, migrations, Date.now());
    const filled = await fill(db, count);
    const nowMs = Date.now();
    const scope = { live: false, timeZone: "UTC", mainCurrency: "usd" };
    const thresholds = { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDoD: -0.3, evidence: true };
    const evaluationMs = await p95(() => evaluate(db, { scope, thresholds }, nowMs));
    const adaptive = await followMinutes(db, nowMs);
    const middle = nowMs - (DAYS / 2) * DAY_MS;
    const filters: Record<string, EventFilter> = {
      newest: {},
      "one type": { type: "charge.failed" },
      "type *": { type: "*.dispute.*" },
      "since/until": { sinceMs: middle, untilMs: middle + DAY_MS },
      "type in a day": { type: "charge.refunded", sinceMs: middle, untilMs: middle + DAY_MS },
      "status failed": { status: "failed" },
      "a payment": { within: eventSeqsOf(filled.somePayment) },
    };
    const pages: { name: string; p95Ms: number }[] = [];
    for (const [name, filter] of Object.entries(filters)) pages.push({ name, p95Ms: await p95(() => searchEvents(db.read, DERIVE, filter, 100, null)) });
    await db.close();
    rows.push({ events: count, ...filled, evaluationMs, ...adaptive, pages, startMs: await startMs(data), gigabytes: statSync(file).size / 1e9 });
  }
  return rows;
}

async function startMs(data: string): Promise<number> {
  const port = await freePort();
  const env = { PORT: String(port), DATA_DIR: data, LOG_DIR: join(data, "logs"), DASHBOARD_KEY: "bench-key-0123456789abcdef", STRIPE_SECRET_KEY: "sk_test_bench0000", STRIPE_WEBHOOK_SECRET: "whsec_bench" };
  const first = await startAndWait([MAIN, "serve"], env, `http://127.0.0.1:${port}/readyz`);
  await first.stop();
  const second = await startAndWait([MAIN, "serve"], env, `http://127.0.0.1:${port}/readyz`);
  await second.stop();
  return second.readyMs;
}
