import { Agent, request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { eventStream, sign } from "../sandbox/index.ts";
import { migrations } from "../src/app/migrations.ts";
import { openAppend, readHead } from "../src/ledger/index.ts";
import { type Database, migrate, prepareSchema } from "../src/platform/index.ts";

export const STEADY_SECRET = "whsec_bench_0123456789abcdef";
const DAY_MS = 86_400_000;

export const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Sends events at a fixed rate (events a second) while it is to go on, whatever the answers take; each time is from when it was due. */
export async function send(port: number, seed: number, rate: number, going: () => boolean): Promise<{ times: number[]; notOk: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const events = eventStream({ seed, startMs: Date.now() - 600_000, ratePerMinute: 20_000 })[Symbol.iterator]();
  const [times, open] = [[] as number[], new Set<Promise<void>>()];
  let notOk = 0;
  const one = (body: string, dueAt: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (ok: boolean): void => {
        times.push(performance.now() - dueAt);
        if (!ok) notOk += 1;
        resolve();
      };
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "stripe-signature": sign(body, STEADY_SECRET, Math.floor(Date.now() / 1000)) };
      const asked = request({ port, host: "127.0.0.1", path: "/webhooks/stripe", method: "POST", agent, headers }, (response) => {
        response.resume();
        response.on("end", () => done(response.statusCode === 200));
      });
      asked.on("error", () => done(false));
      asked.end(body);
    });
  const begun = performance.now();
  for (let count = 0; going(); count += 1) {
    const dueAt = begun + (count * 1000) / rate;
    const early = dueAt - performance.now();
    if (early > 0) await setTimeout(early);
    const event = events.next().value as Record<string, unknown>;
    const sent = one(JSON.stringify({ ...event, id: `evt_bench${seed}x${count}` }), dueAt);
    open.add(sent);
    void sent.then(() => open.delete(sent));
  }
  await Promise.all(open);
  agent.destroy();
  return { times, notOk };
}

/** Of events from `days` days ago until now. */
export async function fillDays(db: Database, count: number, days: number): Promise<void> {
  if (db.kind === "postgres") await prepareSchema(db, "bench");
  await migrate(db, migrations, Date.now());
  const append = openAppend(db);
  const startMs = Date.now() - days * DAY_MS;
  let [made, batch] = [0, [] as Parameters<typeof append>[0][number][]];
  for (const event of eventStream({ seed: 3, startMs, ratePerMinute: count / 4 / (days * 1440) })) {
    if (made >= count) break;
    made += 1;
    const receivedAt = Math.min(Date.now(), event.created * 1000 + 500);
    const read = readHead(event, receivedAt);
    if (read.kind !== "head") throw new Error(read.reason);
    batch.push({ kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(event, null, 2)), receivedAt, source: "webhook", endpoint: "default" });
    if (batch.length < 2000) continue;
    await append(batch);
    batch = [];
  }
  if (batch.length > 0) await append(batch);
}
