import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { migrations } from "../src/app/migrations.ts";
import { createForward, forwardStatus, sendOver } from "../src/ingest/index.ts";
import { openAppend, readHead } from "../src/ledger/index.ts";
import { migrate, openSqlite } from "../src/platform/index.ts";

export interface ForwardFigures {
  readonly events: number;
  readonly outageTries: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of the whole run, the receiver and the making of the events included. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
  readonly setAside: number;
}

const CHUNK = 1000;

/** Stores events of about the size of Stripe's. */
async function store(append: ReturnType<typeof openAppend>, from: number, count: number, nowMs: number): Promise<void> {
  await append(
    Array.from({ length: count }, (_, index) => {
      const id = `evt_fw${String(from + index).padStart(9, "0")}`;
      const event = { id, object: "event", type: "charge.succeeded", created: Math.floor(nowMs / 1000), livemode: true, data: { object: { id: `ch_${from + index}`, object: "charge", description: "An order of a shop ".repeat(40), amount: from + index } } };
      const head = readHead(event, nowMs);
      if (head.kind === "malformed") throw new Error(head.reason);
      return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "webhook" as const, endpoint: "main" };
    }),
  );
}

/**
 * An application that is away for an hour at 200 events a second, then slow for a while, then well but for one event
 * that it always answers with 500: how the backlog is worked off over real HTTP. The hour passes on a clock of its own.
 */
export async function benchForward(perSecond: number, directory: string): Promise<ForwardFigures> {
  const cpuBefore = process.cpuUsage();
  const took: number[] = [];
  let delayMs = 0;
  let tries = 0;
  const total = perSecond * 3600;
  const poison = `evt_fw${String(Math.floor(total / 2)).padStart(9, "0")}`;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const id = String(request.headers["tillwatch-event"]);
      const answer = (): void => {
        if (id !== poison) took.push(Number(id.slice(6)));
        response.writeHead(id === poison ? 500 : 200).end();
      };
      if (delayMs > 0) setTimeout(answer, delayMs);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const db = openSqlite(join(directory, "forward.db"));
  let nowMs = Date.UTC(2026, 9, 20, 12);
  await migrate(db, migrations, nowMs);
  const append = openAppend(db);
  const clock = { now: () => nowMs };
  const target = { name: "shop", url: `http://127.0.0.1:${port}/hook`, secret: "whsec_bench", signature: "own" as const, types: [], timeoutMs: 5000 };
  let away = true;
  const { step } = createForward({
    db,
    clock,
    target,
    owner: "bench",
    send: async (...args) => {
      tries += 1;
      return away ? { kind: "away", status: 0, reason: "cannot be reached" } : await sendOver(...args);
    },
  });
  await step();
  let stored = 0;
  for (let second = 0; second < 3600; second += CHUNK / perSecond) {
    await store(append, stored, CHUNK, nowMs);
    stored += CHUNK;
    nowMs += (CHUNK / perSecond) * 1000;
    await step();
  }
  const outageTries = tries;
  away = false;
  delayMs = 20;
  nowMs += 60_000;
  const began = performance.now();
  while (took.length < stored - 1) {
    if (took.length > 200) delayMs = 0;
    await step();
    nowMs += 100;
  }
  const seconds = (performance.now() - began) / 1000;
  const status = await forwardStatus(db.read, "shop");
  await db.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const different = new Set(took);
  const cpu = process.cpuUsage(cpuBefore);
  return { events: stored, outageTries, seconds, perSecond: Math.round(took.length / seconds), cpuSeconds: (cpu.user + cpu.system) / 1e6, peakMb: Math.round(process.resourceUsage().maxRSS / 1024), lost: stored - 1 - different.size, twice: took.length - different.size, outOfOrder: took.filter((one, index) => index > 0 && one < (took[index - 1] ?? 0)).length, setAside: status?.parked ?? 0 };
}
