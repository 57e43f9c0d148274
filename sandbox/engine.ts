import { EVENT_LIFE_MS } from "./api/events.ts";
import { KEY_LIFE_MS } from "./state/replies.ts";
import type { Traffic } from "./traffic/stream.ts";
import { applyMoment } from "./traffic/apply.ts";
import { transact } from "./state/database.ts";
import type { Scope } from "./state/objects.ts";
import type { Deliverer } from "./webhooks/deliver.ts";
import { agendaStep } from "./work/agenda.ts";
import type { World } from "./world.ts";

/** What moves the stand-in along: Stripe's own later steps, traffic, and deliveries. It holds no timer. */
export interface Engine {
  /** When something is due next; infinity when nothing is. */
  nextAtMs(): number;
  /** Does all that is due now and starts the deliveries. @returns whether there was anything */
  step(): boolean;
}

/** Moments of traffic in one transaction: enough to be fast, few enough that requests get their turn. */
const MOMENTS_PER_STEP = 500;

export function engine(world: World, traffic: { machine: Traffic; scope: Scope } | null, deliverer: Deliverer): Engine {
  let prunedAtMs = world.nowMs();
  return {
    nextAtMs: () => Math.min(world.agenda.nextAtMs(), traffic?.machine.nextAtMs() ?? Infinity, world.outbox.nextAtMs()),
    step: () => {
      const now = world.nowMs();
      let any = false;
      if (now - prunedAtMs > DAY_MS) {
        prunedAtMs = now;
        forgetOld(world);
      }
      while (agendaStep(world, now)) any = true;
      if (traffic !== null && playTraffic(world, traffic.machine, traffic.scope, now, MOMENTS_PER_STEP)) any = true;
      return deliverer.start() || any;
    },
  };
}

const DAY_MS = 86_400_000;

/** Events older than the API shows, and keys older than it honours. */
export function forgetOld(world: World): void {
  world.events.prune(world.nowMs() - EVENT_LIFE_MS);
  world.replies.forget(world.nowMs() - KEY_LIFE_MS);
}

/** Enters the moments up to now, at most `limit` of them. */
export function playTraffic(world: World, machine: Traffic, scope: Scope, nowMs: number, limit: number): boolean {
  if (machine.nextAtMs() > nowMs) return false;
  return transact(world.db, () => {
    for (let count = 0; count < limit && machine.nextAtMs() <= nowMs; count++) {
      const moment = machine.next();
      if (moment !== undefined) applyMoment(world, scope, moment);
    }
    return true;
  });
}
