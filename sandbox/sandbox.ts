import type { FastifyInstance } from "fastify";
import { apiServer } from "./api/http.ts";
import { addControls } from "./control/routes.ts";
import { Faults } from "./control/fault.ts";
import { Desk } from "./desk.ts";
import { engine, forgetOld, playTraffic } from "./engine.ts";
import { addPages } from "./hosted/pages.ts";
import { seededRandom } from "./random.ts";
import type { WebhookEndpoint } from "./shapes/webhook-endpoint.ts";
import { CURRENT_VERSION } from "./shapes/version.ts";
import { agenda } from "./state/agenda.ts";
import { nextRun, openState } from "./state/database.ts";
import { eventStore } from "./state/events.ts";
import { objectStore } from "./state/objects.ts";
import { replies } from "./state/replies.ts";
import type { Traffic, TrafficOptions } from "./traffic/stream.ts";
import { someMerchant, traffic } from "./traffic/stream.ts";
import { deliverer } from "./webhooks/deliver.ts";
import { noMischief } from "./webhooks/mischief.ts";
import { outbox } from "./webhooks/outbox.ts";
import type { Post } from "./webhooks/post.ts";
import { httpPost } from "./webhooks/post.ts";
import type { Log, Settings, World } from "./world.ts";
import { merchantOf, scopeOf } from "./world.ts";

export interface SandboxOptions {
  /** A file, or "memory" (the default). */
  state?: string;
  /** 0 is any free port. */
  port?: number;
  host?: string;
  seed?: number | string;
  /** A clock of the test's own, starting here: nothing moves until `advance` or `deliver` is called. Absent: the wall clock. */
  startMs?: number;
  /** Endpoints that exist from the start, in test and in live mode. */
  webhooks?: readonly WebhookOptions[];
  settings?: Partial<Omit<Settings, "url">>;
  traffic?: TrafficSettings;
  restrictedKeys?: Readonly<Record<string, readonly string[]>>;
  log?: Log;
  /** Instead of sending over the network. */
  post?: Post;
}

export interface WebhookOptions {
  url: string;
  secret: string;
  /** Default: all. */
  enabledEvents?: readonly string[];
  apiVersion?: string | null;
}

export interface TrafficSettings extends Omit<TrafficOptions, "seed" | "startMs" | "merchant"> {
  livemode?: boolean;
  /** This much has already happened at the start: in lists and objects, never delivered. */
  historyMs?: number;
}

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  /** The whole state, to look into. */
  readonly state: World;
  readonly traffic: Traffic | null;
  nowMs(): number;
  /** On a clock of the test's own: everything that is due within `ms` happens, in order, deliveries and their retries included. */
  advance(ms: number): Promise<void>;
  /** Everything due now happens, deliveries included; the time stays. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the stand-in in this process. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = { virtualMs: options.startMs ?? null, offsetMs: 0 };
  let open = true;
  const world = newWorld(options, clock);
  const server = apiServer(world);
  const sender = options.post === undefined ? httpPost(world.settings.connections) : { post: options.post, close: () => {} };
  const deliveries = deliverer(world, sender.post, () => void (open && clock.virtualMs === null && deliveries.start()));
  const machine = options.traffic === undefined ? null : traffic({
    ...options.traffic, seed: `traffic ${options.seed ?? 1} ${nextRun(world.db)}`, startMs: world.nowMs() - (options.traffic.historyMs ?? 0),
    merchant: merchantOf(world, trafficScope(world, options)),
  });
  const engineOf = engine(world, machine === null ? null : { machine, scope: trafficScope(world, options) }, deliveries);
  const tick = (): void => {
    if (open) engineOf.step();
  };
  addPages(server, world);
  addControls(server, world, { traffic: machine, clock });
  // And after every answer, so that a webhook follows its request at once.
  server.addHook("onResponse", (_request, _reply, done) => {
    if (clock.virtualMs === null) setImmediate(tick);
    done();
  });
  await listen(server, options.host ?? "127.0.0.1", options.port ?? 0, lastPort(world));
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  settleAddress(world, `http://${urlHost(options.host ?? "127.0.0.1")}:${port}`);
  for (const livemode of [false, true]) ensureEndpoints(world, options.webhooks ?? [], livemode);
  if (machine !== null) playHistory(world, machine, trafficScope(world, options));
  forgetOld(world);

  // Wall clock: a look twenty times a second.
  const timer = clock.virtualMs === null ? setInterval(tick, 50) : null;

  const stepAll = async (): Promise<void> => {
    while (engineOf.step()) await deliveries.settled();
  };
  return {
    url: world.settings.url,
    port,
    state: world,
    traffic: machine,
    nowMs: world.nowMs,
    deliver: stepAll,
    advance: async (ms) => {
      if (clock.virtualMs === null) throw new Error("advance needs a clock of the test's own: start with startMs");
      const target = clock.virtualMs + ms;
      for (;;) {
        await stepAll();
        const next = engineOf.nextAtMs() - clock.offsetMs;
        if (next > target) break;
        clock.virtualMs = Math.max(clock.virtualMs, next);
      }
      clock.virtualMs = target;
    },
    close: async () => {
      open = false;
      if (timer !== null) clearInterval(timer);
      await server.close();
      // What is under way is cut off and stays due: the receiver may get it twice, never not at all.
      sender.close();
      await deliveries.settled();
      world.db.close();
    },
  };
}

function newWorld(options: SandboxOptions, clock: { virtualMs: number | null; offsetMs: number }): World {
  const db = openState(options.state === undefined || options.state === "memory" ? ":memory:" : options.state);
  const settings: Settings = {
    account: someMerchant.account, merchantName: someMerchant.name, country: someMerchant.country, url: "", apiVersion: CURRENT_VERSION, haste: 1,
    deliveryTimeoutMs: 10_000, connections: 32, bookingDelayMs: 1000, slowDelayMs: 60_000, rateLimit: 0, checkBalance: false, ...options.settings,
  };
  return {
    db,
    objects: objectStore(db),
    events: eventStore(db),
    agenda: agenda(db),
    replies: replies(db),
    outbox: outbox(db),
    random: seededRandom(`api ${options.seed ?? 1} ${nextRun(db)}`),
    log: options.log ?? (() => {}),
    nowMs: () => (clock.virtualMs ?? Date.now()) + clock.offsetMs,
    settings,
    mischief: { ...noMischief },
    faults: new Faults(),
    restrictedKeys: new Map(Object.entries(options.restrictedKeys ?? {})),
    revokedKeys: new Set(),
    endpoints: new Map(),
  };
}

function trafficScope(world: World, options: SandboxOptions): string {
  return scopeOf(world.settings.account, options.traffic?.livemode ?? false);
}

/** "Any port" is the one of the last start on this state, if it is free: links people were given go on working. */
async function listen(server: FastifyInstance, host: string, port: number, last: number): Promise<void> {
  try {
    await server.listen({ port: port === 0 ? last : port, host });
  } catch (error) {
    if (port !== 0 || last === 0 || (error as { code?: string }).code !== "EADDRINUSE") throw error;
    await server.listen({ port: 0, host });
  }
}

function lastPort(world: World): number {
  const url = world.db.prepare("select value from meta where name = 'url'").get()?.["value"];
  return typeof url === "string" && URL.canParse(url) ? Number(new URL(url).port) : 0;
}

/** Links that were stored under an earlier address move to this one. */
function settleAddress(world: World, url: string): void {
  const before = world.db.prepare("select value from meta where name = 'url'").get()?.["value"];
  if (before !== undefined && before !== url) world.objects.moveLinks(String(before), url);
  world.db.prepare("insert or replace into meta (name, value) values ('url', ?)").run(url);
  world.settings.url = url;
}

function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host.includes(":") ? `[${host === "::" ? "::1" : host}]` : host;
}

const MADE_AT_START = "made at the start";

/** The endpoints asked for are there, with these secrets; those of an earlier start that are not asked for any more are gone. */
function ensureEndpoints(world: World, webhooks: readonly WebhookOptions[], livemode: boolean): void {
  const desk = new Desk(world, scopeOf(world.settings.account, livemode), { id: null, idempotency_key: null });
  const known = desk.all<WebhookEndpoint>("webhook_endpoint", {});
  for (const old of known) if (old.description === MADE_AT_START && !webhooks.some((one) => one.url === old.url)) world.objects.remove(desk.scope, old.id);
  for (const webhook of webhooks) {
    const before = known.find((one) => one.url === webhook.url);
    desk.save<WebhookEndpoint>({
      id: before?.id ?? desk.id("we"), object: "webhook_endpoint", api_version: webhook.apiVersion ?? null, application: null, created: before?.created ?? Math.floor(desk.nowMs / 1000),
      description: MADE_AT_START, enabled_events: webhook.enabledEvents ?? ["*"], livemode, metadata: {}, status: before?.status ?? "enabled", url: webhook.url,
      secret: webhook.secret, connect: false, failing_since: before?.failing_since ?? null,
    });
  }
  world.endpoints.clear();
}

/** What happened before the start is known to the API and was never sent. */
function playHistory(world: World, machine: Traffic, scope: string): void {
  world.endpoints.set(scope, []);
  while (playTraffic(world, machine, scope, world.nowMs() - 1, 2000)) continue;
  world.endpoints.clear();
}

