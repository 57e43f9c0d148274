import type { DatabaseSync } from "node:sqlite";
import type { Faults } from "./control/fault.ts";
import type { Random } from "./random.ts";
import type { Happening } from "./shapes/event.ts";
import type { Merchant } from "./shapes/thing.ts";
import { typeExistsIn } from "./shapes/version.ts";
import type { Agenda } from "./state/agenda.ts";
import type { EventStore } from "./state/events.ts";
import type { ObjectStore, Scope } from "./state/objects.ts";
import type { Replies } from "./state/replies.ts";
import type { WebhookEndpoint } from "./shapes/webhook-endpoint.ts";
import type { Mischief } from "./webhooks/mischief.ts";
import type { Outbox } from "./webhooks/outbox.ts";

/** One line of the log: what happened, and facts about it. Never a key or a secret. */
export type Log = (event: string, facts?: Record<string, unknown>) => void;

/** Everything the stand-in is made of; handed to every part, so that no part keeps state of its own. */
export interface World {
  db: DatabaseSync;
  objects: ObjectStore;
  events: EventStore;
  agenda: Agenda;
  replies: Replies;
  outbox: Outbox;
  random: Random;
  log: Log;
  /** Epoch milliseconds, the clock's offset included. */
  nowMs: () => number;
  settings: Settings;
  mischief: Mischief;
  faults: Faults;
  /** Permissions of restricted keys by key; a key that is not here has none. */
  restrictedKeys: Map<string, readonly string[]>;
  /** Keys that are answered 401. */
  revokedKeys: Set<string>;
  /** Enabled endpoints by scope; forgotten whenever an endpoint changes. */
  endpoints: Map<Scope, WebhookEndpoint[]>;
}

export interface Settings {
  account: string;
  merchantName: string;
  country: string;
  /** Where this server is reached; set once it listens. */
  url: string;
  /** The account's API version: events in lists, and endpoints without a version of their own. */
  apiVersion: string;
  /** Divides the waits between delivery attempts. */
  haste: number;
  deliveryTimeoutMs: number;
  connections: number;
  /** How long Stripe takes to book a charge or settle a slow refund. */
  bookingDelayMs: number;
  slowDelayMs: number;
  /** Requests a second before 429; 0 is no limit. */
  rateLimit: number;
  /** A refund beyond the available balance is refused. */
  checkBalance: boolean;
}

export function scopeOf(account: string, livemode: boolean): Scope {
  return `${account} ${livemode ? "live" : "test"}`;
}

export function merchantOf(world: World, scope: Scope): Merchant {
  const [account = world.settings.account, mode] = scope.split(" ");
  return { account, livemode: mode === "live", pagesUrl: world.settings.url, name: world.settings.merchantName, country: world.settings.country };
}

/** Enters what happened into the list of events and puts it on its way to every endpoint that wants it. */
export function record(world: World, scope: Scope, happening: Happening): void {
  const endpoints = endpointsOf(world, scope).filter((endpoint) => wants(world, endpoint, happening.type));
  world.events.append(scope, happening, endpoints.length);
  for (const endpoint of endpoints) {
    const wait = world.mischief.disorderMs > 0 ? world.random.below(world.mischief.disorderMs) : 0;
    world.outbox.add(happening.id, endpoint.id, world.nowMs() + wait);
  }
}

function wants(world: World, endpoint: WebhookEndpoint, type: string): boolean {
  if (!typeExistsIn(type, endpoint.api_version ?? world.settings.apiVersion)) return false;
  return endpoint.enabled_events.includes("*") || endpoint.enabled_events.includes(type);
}

/** An endpoint hears of its own account, or, if made with `connect`, of the accounts connected to it. */
function endpointsOf(world: World, scope: Scope): WebhookEndpoint[] {
  const known = world.endpoints.get(scope);
  if (known !== undefined) return known;
  const [account, mode] = scope.split(" ");
  const connected = account !== world.settings.account;
  const home = connected ? scopeOf(world.settings.account, mode === "live") : scope;
  const own = world.objects.all(home, "webhook_endpoint", { status: "enabled" }) as WebhookEndpoint[];
  const found = own.filter((endpoint) => endpoint.connect === connected);
  world.endpoints.set(scope, found);
  return found;
}
