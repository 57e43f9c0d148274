import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { migrations } from "../src/app/migrations.ts";
import { type AlertNews, announce, type Channel, channelStates, DEFAULT_INHIBIT, enableChannel, pagerdutyChannel, slackChannel, startNotify } from "../src/notify/index.ts";
import { createLog, type Database, migrate, openSqlite, Secret, systemClock } from "../src/platform/index.ts";

export interface QueueFigures {
  readonly channel: string;
  /** How it was away: 503 (tried again by itself) or 404 (disabled until somebody enables it). */
  readonly away: number;
  /** Notices put into the outbox for it while it was away. */
  readonly notices: number;
  readonly incidents: number;
  /** Requests it got while it was away, and after it had come back. */
  readonly tries: number;
  readonly requests: number;
  /** Shortest time between two requests after it came back, ms; the channel's published limit beside it. */
  readonly gapMs: number;
  readonly limitMs: number;
  /** Incidents whose last word is another than how they stand. */
  readonly wrongAtTheEnd: number;
  readonly seconds: number;
  /** The longest write transaction, ms: how long everybody else waited at most. */
  readonly longestMs: number;
}

const ROUNDS = 20;

interface Came {
  readonly at: number;
  readonly body: string;
}

function newsOf(index: number, change: AlertNews["change"], nowMs: number): AlertNews {
  const resolved = change === "resolved";
  return { alertId: index + 1, change, rule: `rule_${index}`, subject: `subject ${index}`, severity: "CRITICAL", labels: {}, title: `Payments of shop ${index} fail`, summary: "12 of 40 attempts failed; usual are 1 to 3", details: ["cause: issuer_declined"], todo: ["look into the log"], stake: { currency: "usd", minor: 1200 }, startedAt: nowMs, firedAt: nowMs, resolvedAt: resolved ? nowMs : null, drill: false };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 300_000) throw new Error(`${what} took more than five minutes`);
    await pause(20);
  }
}

async function waiting(db: Database, channel: string): Promise<number> {
  const row = await db.read.selectFrom("outbox").select(({ fn }) => fn.countAll<number>().as("n")).where("channel", "=", channel).where("state", "=", "queued").executeTakeFirstOrThrow();
  return row.n;
}

/** A pager knows each incident by its key: the first half fires, the others are over. */
function wrongAtPager(came: readonly Came[], incidents: number): number {
  const last = new Map(came.map(({ body }): [string, string] => {
    const { dedup_key, event_action } = JSON.parse(body) as { dedup_key: string; event_action: string };
    return [dedup_key, event_action];
  }));
  const fire = [...last.values()].filter((action) => action === "trigger").length;
  return Math.abs(fire - Math.ceil(incidents / 2)) + Math.abs(last.size - fire - Math.floor(incidents / 2));
}

/** A channel of text is told all of it as one: how many fire and how many more there are. */
function wrongInSlack(came: readonly Came[], incidents: number): number {
  const text = came.at(-1)?.body ?? "";
  const said = Number(/CRITICAL: (\d+) alerts/.exec(text)?.[1] ?? 0);
  const more = Number(/(\d+) more are not shown here/.exec(text)?.[1] ?? 0);
  return Math.abs(said - Math.ceil(incidents / 2)) + Math.abs(more + 50 - incidents);
}

/** Notices queue up for a channel that is away; then it is back. Real HTTP on loopback, real loops, the channel's own pace. */
async function playOne(db: Database, kind: "slack" | "pagerduty", away: 503 | 404, notices: number): Promise<QueueFigures> {
  const incidents = Math.ceil(notices / ROUNDS);
  let back = false;
  const came: Came[] = [];
  let tries = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (!back) tries += 1;
      else came.push({ at: performance.now(), body: Buffer.concat(chunks).toString() });
      response.writeHead(back ? (kind === "slack" ? 200 : 202) : away).end(back && kind === "slack" ? "ok" : "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/T/B/bench`;
  const settings = { name: kind, timeoutMs: 5000, allowPrivate: true };
  const wording = { source: "Bench", timeZone: "UTC", alertLink: () => null, ackLink: () => null };
  const channel: Channel = kind === "slack" ? slackChannel({ ...settings, url: new Secret(url) }, wording) : pagerdutyChannel({ ...settings, url, routingKey: new Secret("bench") }, wording);
  const longest = { ms: 0 };
  const timed: Database = Object.create(db, {
    write: {
      value: async (step: Parameters<Database["write"]>[0]) =>
        await db.write(async (tx) => {
          const began = performance.now();
          const result = await step(tx);
          longest.ms = Math.max(longest.ms, performance.now() - began);
          return result;
        }),
    },
  }) as Database;
  const root = { path: "default", matchers: [], goesOn: false, channels: [kind], groupBy: ["subject"], waitMs: 0, intervalMs: 0, repeatMs: 14_400_000, muted: [], active: [], digest: null, escalate: null, routes: [] };
  const loop = await startNotify({ db: timed, clock: systemClock, log: createLog({ level: "silent" }), settings: { root, inhibit: DEFAULT_INHIBIT, maintenance: [], policies: [], forgottenMs: 14_400_000, channels: [kind] }, channels: [channel], finder: async () => () => ({ channels: [], words: "" }), node: "bench" });
  for (let round = 0; round < ROUNDS; round += 1) {
    const change = round % 2 === 0 ? "fired" : "resolved";
    await db.write(async (tx) => {
      for (let index = 0; index < incidents; index += 1) await announce(tx, newsOf(index, change, systemClock.now()), systemClock.now());
    });
    await until("planning", async () => (await db.read.selectFrom("notify_alert").select("alert_id").where("unplanned", "=", 1).limit(1).executeTakeFirst()) === undefined);
  }
  // The first half fires at the end, so that there is an end and a beginning to be told.
  await db.write(async (tx) => {
    for (let index = 0; index < incidents / 2; index += 1) await announce(tx, newsOf(index, "fired", systemClock.now()), systemClock.now());
  });
  await until("planning", async () => (await db.read.selectFrom("notify_alert").select("alert_id").where("unplanned", "=", 1).limit(1).executeTakeFirst()) === undefined);
  const stored = await db.read.selectFrom("outbox").select(({ fn }) => fn.countAll<number>().as("n")).where("channel", "=", kind).executeTakeFirstOrThrow();
  longest.ms = 0;
  back = true;
  const began = performance.now();
  await db.write((tx) => enableChannel(tx, kind));
  await until("delivering", async () => (await waiting(db, kind)) === 0 && (await channelStates(db.read)).get(kind)?.failures === 0);
  const seconds = (performance.now() - began) / 1000;
  await loop.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gaps = came.slice(1).map(({ at }, index) => at - (came[index]?.at ?? 0));
  return { channel: kind, away, notices: stored.n, incidents, tries, requests: came.length, gapMs: Math.round(Math.min(...gaps, Number.POSITIVE_INFINITY)), limitMs: channel.gapMs, wrongAtTheEnd: kind === "slack" ? wrongInSlack(came, incidents) : wrongAtPager(came, incidents), seconds, longestMs: Math.round(longest.ms) };
}

/** Notices that queue while a channel is away, for a channel of text and for a pager, by both ways of being away. */
export async function benchNotifyQueue(notices: number, directory: string): Promise<QueueFigures[]> {
  const rows: QueueFigures[] = [];
  for (const away of [503, 404] as const) {
    for (const kind of ["slack", "pagerduty"] as const) {
      const db = openSqlite(join(directory, `queue-${kind}-${away}.db`));
      await migrate(db, migrations, systemClock.now());
      rows.push(await playOne(db, kind, away, notices));
      await db.close();
    }
  }
  return rows;
}
