import { eventShape } from "../shapes/event.ts";
import { seconds } from "../shapes/thing.ts";
import type { WebhookEndpoint } from "../shapes/webhook-endpoint.ts";
import { transact } from "../state/database.ts";
import type { Scope } from "../state/objects.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import type { Delivery } from "./outbox.ts";
import type { Post } from "./post.ts";
import type { AttemptResult } from "./schedule.ts";
import { DISABLE_AFTER_MS, verdictOn } from "./schedule.ts";
import { sign } from "./signature.ts";

/** Sends what is due. One of it per stand-in: it keeps count of what is under way. */
export interface Deliverer {
  /** Starts due deliveries, as many as there are connections. @returns whether any was started */
  start(): boolean;
  /** When everything that was started is done. */
  settled(): Promise<void>;
}

export function deliverer(world: World, post: Post, onDone: () => void): Deliverer {
  const underWay = new Set<Promise<void>>();
  let sent = 0;

  const run = async (delivery: Delivery): Promise<void> => {
    const parcel = pack(world, delivery);
    if (parcel === null) {
      world.outbox.finish(delivery, "given_up");
      return;
    }
    sent += 1;
    const { dropEvery, forgeEvery } = world.mischief;
    if (delivery.attempt === 0 && dropEvery > 0 && sent % dropEvery === 0) {
      world.outbox.finish(delivery, "dropped");
      world.log("delivery_dropped", { event_id: delivery.event, endpoint: delivery.endpoint });
      return;
    }
    if (forgeEvery > 0 && sent % forgeEvery === 0) await attempt(world, post, { ...parcel, secret: "whsec_of_a_stranger" });
    const result = await attempt(world, post, parcel);
    if (result.kind === "status" && result.status >= 200 && result.status < 300) for (let copy = 0; copy < world.mischief.duplicates; copy++) await attempt(world, post, parcel);
    settle(world, delivery, parcel, result);
  };

  return {
    start: () => {
      let started = false;
      while (underWay.size < world.settings.connections) {
        const delivery = world.outbox.takeDue(world.nowMs());
        if (delivery === null) break;
        started = true;
        const job = run(delivery)
          .catch((error: unknown) => world.log("delivery_error", { event_id: delivery.event, error: String(error) }))
          .finally(() => {
            underWay.delete(job);
            onDone();
          });
        underWay.add(job);
      }
      return started;
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

interface Parcel {
  endpoint: WebhookEndpoint;
  home: Scope;
  type: string;
  body: string;
  secret: string;
}

/** The bytes to send, or null when the event or its endpoint is gone or switched off. */
function pack(world: World, delivery: Delivery): Parcel | null {
  const event = world.events.byId(delivery.event);
  if (event === null) return null;
  const home = scopeOf(world.settings.account, event.happening.livemode);
  const endpoint = world.objects.get(home, delivery.endpoint) as WebhookEndpoint | null;
  if (endpoint === null || endpoint.status !== "enabled") return null;
  const shown = eventShape(event.happening, endpoint.api_version ?? world.settings.apiVersion, event.pendingWebhooks);
  // Two spaces, as the real one sends it: who does not check the raw bytes finds out here.
  return { endpoint, home, type: event.happening.type, body: JSON.stringify(shown, null, 2), secret: endpoint.secret };
}

async function attempt(world: World, post: Post, parcel: Parcel): Promise<AttemptResult> {
  if (world.mischief.dead) return { kind: "unreachable", reason: "the endpoint is dead, by order" };
  const signedAt = seconds(world.nowMs() + world.mischief.clockOffsetMs);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "stripe-signature": sign(parcel.body, parcel.secret, signedAt),
    accept: "*/*; q=0.5, application/xml",
  };
  return post(parcel.endpoint.url, parcel.body, headers, world.settings.deliveryTimeoutMs);
}

function settle(world: World, delivery: Delivery, parcel: Parcel, result: AttemptResult): void {
  const now = world.nowMs();
  delivery.attempt += 1;
  const verdict = verdictOn(result, delivery.attempt, now, parcel.endpoint.livemode, world.settings.haste);
  transact(world.db, () => {
    switch (verdict.kind) {
      case "delivered":
        world.outbox.finish(delivery, "delivered");
        world.events.delivered(delivery.event);
        break;
      case "retry":
        world.outbox.retry(delivery, verdict.atMs);
        break;
      case "given_up":
        world.outbox.finish(delivery, "given_up");
        break;
    }
    noteHealth(world, parcel, verdict.kind === "delivered", now);
  });
  if (verdict.kind !== "delivered") world.log(`delivery_${verdict.kind}`, { event_id: delivery.event, type: parcel.type, attempt: delivery.attempt, reason: verdict.reason });
}

/** An endpoint that has only failed for days is switched off; what happens meanwhile is never sent to it. */
function noteHealth(world: World, parcel: Parcel, delivered: boolean, now: number): void {
  const current = world.objects.get(parcel.home, parcel.endpoint.id) as WebhookEndpoint | null;
  if (current === null || delivered === (current.failing_since === null)) {
    if (current === null || delivered || current.failing_since === null || now - current.failing_since < DISABLE_AFTER_MS / world.settings.haste) return;
    world.objects.put(parcel.home, { ...current, status: "disabled" }, true);
    world.endpoints.clear();
    world.log("endpoint_disabled", { endpoint: current.id });
    return;
  }
  world.objects.put(parcel.home, { ...current, failing_since: delivered ? null : now }, true);
  world.endpoints.clear();
}
