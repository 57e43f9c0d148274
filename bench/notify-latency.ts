import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg } from "node:os";
import { join } from "node:path";
import { eventStream, sign } from "../sandbox/index.ts";
import { openSqlite } from "../src/platform/index.ts";
import { freePort } from "../test/postgres.ts";
import { startAndWait } from "./processes.ts";

const SECRET = "whsec_bench_0123456789abcdef";
const KEY = "bench-key-0123456789abcdef";
const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const ROUNDS = 8;
const DRILLS = 3;
const PER_SECOND = 500;
const TICK_MS = 20;

export interface LatencyFigures {
  readonly name: string;
  readonly samples: number;
  readonly missing: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly slowestMs: number;
}

interface Load {
  readonly sent: number;
  readonly notOk: number;
  readonly perSecond: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Events as a shop makes them: those that go well, and charges that failed, apart. */
function* events(nowMs: number, failing: boolean): Generator<string> {
  let made = 0;
  for (const event of eventStream({ seed: failing ? 2 : 1, startMs: nowMs - 1_800_000, ratePerMinute: 60_000 })) {
    const { type } = event as { type: string };
    if (failing ? type !== "charge.failed" : /fail|dispute|refund|cancel|expired|requires_action/.test(type)) continue;
    made += 1;
    yield JSON.stringify({ ...event, id: `evt_${failing ? "f" : "g"}${nowMs.toString(36)}${made}` });
  }
}

/** Sends signed bodies over kept connections; answers the status and when it came, ms UTC. */
function poster(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const post = (body: string): Promise<{ status: number; at: number }> =>
    new Promise((resolve) => {
      const request = httpRequest({ host: "127.0.0.1", port, path: "/webhooks/stripe", method: "POST", agent, headers: { "content-type": "application/json", "stripe-signature": sign(body, SECRET, Math.floor(Date.now() / 1000)), "content-length": Buffer.byteLength(body) } }, (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0, at: Date.now() }));
      });
      request.on("error", () => resolve({ status: 0, at: Date.now() }));
      request.end(body);
    });
  return { post, end: () => agent.destroy() };
}

/** 500 events a second until it is stopped. */
function keepSending(post: (body: string) => Promise<{ status: number }>, nowMs: number): { stop(): Promise<Load> } {
  const source = events(nowMs, false);
  const began = performance.now();
  let [sent, notOk, open] = [0, 0, 0];
  const send = async (body: string): Promise<void> => {
    open += 1;
    const { status } = await post(body);
    open -= 1;
    if (status !== 200) notOk += 1;
  };
  const timer = setInterval(() => {
    // What a late timer owes is made up for.
    const due = Math.floor(((performance.now() - began) / 1000) * PER_SECOND);
    for (; sent < due; sent += 1) {
      const { value } = source.next();
      if (typeof value !== "string") return;
      void send(value);
    }
  }, TICK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1000;
      while (open > 0) await pause(10);
      return { sent, notOk, perSecond: Math.round(sent / seconds) };
    },
  };
}

interface Notice {
  readonly at: number;
  readonly body: string;
}

/** When the nth firing notice of a rule came, counted from a place in what was received; null: not within half a minute. */
async function arrives(received: readonly Notice[], from: number, rule: string, nth: number): Promise<number | null> {
  for (const began = performance.now(); performance.now() - began < 30_000; await pause(5)) {
    const found = received.slice(from).filter(({ body }) => body.includes(`"rule":"${rule}"`) && body.includes('"status":"firing"'));
    if (found.length >= nth) return found[nth - 1]?.at ?? null;
  }
  return null;
}

/** One service from its start: drills under load, then deliveries that fail, then payments that fail. */
async function round(directory: string, url: string, received: readonly Notice[]): Promise<{ drills: (number | null)[]; webhooks: number | null; payments: number | null; load: Load }> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "tillwatch.yaml"), "notify:\n  channels:\n    program: {kind: webhook, url: env:RECEIVER, secret: env:RECEIVER_SECRET, allow_private: on}\n");
  const port = await freePort();
  const env = { PORT: String(port), DASHBOARD_KEY: KEY, STRIPE_SECRET_KEY: "sk_test_bench0000", STRIPE_API_BASE: "http://127.0.0.1:9", STRIPE_WEBHOOK_SECRET: SECRET, DATA_DIR: directory, LOG_DIR: "off", TILLWATCH_CONFIG: join(directory, "tillwatch.yaml"), RECEIVER: url, RECEIVER_SECRET: "bench-secret-0123456789" };
  const running = await startAndWait([MAIN, "serve"], env, `http://127.0.0.1:${port}/readyz`);
  const { post, end } = poster(port);
  const already = received.length;
  const wait = (rule: string, nth: number): Promise<number | null> => arrives(received, already, rule, nth);
  const asked = { headers: { "x-dash-key": KEY, "content-type": "application/json" } };
  const nowMs = Date.now();
  const load = keepSending(post, nowMs);
  await pause(3000);
  const told: (number | null)[] = [];
  for (let count = 1; count <= DRILLS; count += 1) {
    await fetch(`http://127.0.0.1:${port}/api/drills/alerts`, { method: "POST", body: "{}", ...asked });
    told.push(await wait("alert_drill", count));
    for (let tries = 0; tries < 400; tries += 1) {
      const { data } = (await (await fetch(`http://127.0.0.1:${port}/api/drills/alerts?limit=1`, asked)).json()) as { data: { outcome: string }[] };
      if (data[0]?.outcome === "passed" || data[0]?.outcome === "failed") break;
      await pause(50);
    }
  }
  // From the first answer on, though four failures are needed: what is measured is rather too long than too short.
  const broken = await Promise.all(Array.from({ length: 6 }, () => post("no json")));
  const toldWebhooks = await wait("webhook_failures", 1);
  const failing = events(nowMs, true);
  const declined = await Promise.all(Array.from({ length: 400 }, () => post(String(failing.next().value))));
  const toldPayments = await wait("payment_errors", 1);
  const sent = await load.stop();
  end();
  await running.stop();
  const db = openSqlite(join(directory, "tillwatch.db"));
  const committed = await db.read.selectFrom("notify_drill").select("event_at").orderBy("id").execute();
  await db.close();
  const since = (at: number | null, from: number | null | undefined): number | null => (at === null || from === null || from === undefined ? null : at - from);
  return {
    drills: told.map((at, index) => since(at, committed[index]?.event_at)),
    webhooks: since(toldWebhooks, Math.min(...broken.map(({ at }) => at))),
    payments: since(toldPayments, Math.min(...declined.filter(({ status }) => status === 200).map(({ at }) => at))),
    load: sent,
  };
}

function figures(name: string, all: readonly (number | null)[]): LatencyFigures {
  const known = all.filter((one) => one !== null).sort((one, other) => one - other);
  const at = (share: number): number => known[Math.max(0, Math.ceil(known.length * share) - 1)] ?? Number.NaN;
  return { name, samples: known.length, missing: all.length - known.length, p50Ms: at(0.5), p95Ms: at(0.95), slowestMs: at(1) };
}

/** From the commit of the event that makes a rule fire to the request at a receiver on loopback, under 500 events/s. */
export async function benchNotifyLatency(directory: string): Promise<{ rows: LatencyFigures[]; sent: number; notOk: number; perSecond: number; load1: number }> {
  const received: Notice[] = [];
  const server = createServer((request, response) => {
    const at = Date.now();
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ at, body: Buffer.concat(chunks).toString() });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
  const rounds = [];
  for (let count = 0; count < ROUNDS; count += 1) rounds.push(await round(join(directory, `latency-${count}`), url, received));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const all = { drills: rounds.flatMap(({ drills }) => drills), webhooks: rounds.map(({ webhooks }) => webhooks), payments: rounds.map(({ payments }) => payments) };
  return {
    rows: [figures("drill", all.drills), figures("webhook_failures", all.webhooks), figures("payment_errors", all.payments), figures("all", [...all.drills, ...all.webhooks, ...all.payments])],
    sent: rounds.reduce((sum, { load }) => sum + load.sent, 0),
    notOk: rounds.reduce((sum, { load }) => sum + load.notOk, 0),
    perSecond: Math.round(rounds.reduce((sum, { load }) => sum + load.perSecond, 0) / rounds.length),
    load1: loadavg()[0] ?? 0,
  };
}
