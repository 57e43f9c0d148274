import { oldestWaiting } from "../../ledger/index.ts";
import { firstMinute } from "../../metrics/index.ts";
import { type Clock, DAY_MS, type Database, MINUTE_MS } from "../../platform/index.ts";
import type { Transition } from "../apply.ts";
import { applyCases } from "../evaluate.ts";
import type { Scope } from "../inputs.ts";
import type { AlertSettings } from "../settings.ts";
import { expectedMasks } from "../store.ts";
import type { Resolution } from "../detection/index.ts";
import type { FeedScope } from "./feed.ts";
import type { IngestFacts } from "./gate.ts";
import { findingsOf } from "./findings.ts";
import { holdLease, releaseLease } from "./lease.ts";
import { createModel, type Model } from "./model.ts";
import { type DaysTold, publish } from "./publish.ts";
import { staleness } from "./stale.ts";

export interface WatchOptions {
  readonly db: Database;
  readonly clock: Clock;
  /** Unique per process. */
  readonly node: string;
  /** `consumer` tells whether the figures are up to date. */
  readonly scope: Scope;
  readonly feed: FeedScope;
  readonly settings: AlertSettings;
  /** How events come in now. */
  facts(nowMs: number): Promise<IngestFacts>;
  onTransition(transition: Transition): void;
  /** A dip waits until Stripe was asked: ask now, if that can be. Called once a minute at most, and not waited for. */
  onHeld?(): void;
}

export interface Watch {
  /** One step; answers whether there is more to do at once. */
  step(): Promise<boolean>;
  /** Minutes up to here have been judged, ms UTC; null while nothing is followed here. */
  judgedUntil(): number | null;
  stop(): Promise<void>;
}

/** A minute is judged when it has been over for so long; what comes later corrects it. */
const SETTLE_MS = 60_000;
const LEARN_MS = 35 * DAY_MS;
/** Minutes of history taken by one step, so that no step holds the thread for long. */
const BITE_MS = 120 * MINUTE_MS;
const STALE_EVERY_MS = 10 * MINUTE_MS;

interface Following {
  readonly model: Model;
  /** History has been taken, and what is judged now is the present. */
  live: boolean;
  staleAt: number;
  readonly told: DaysTold;
  maskedAt: number;
  readonly ended: Map<string, Resolution>;
}

/**
 * Follows the minutes as they close: on one node of several, with the history of five weeks learnt first, bite by bite.
 * State is in memory and made anew from the buckets; what is open is in the database, so that a restart changes nothing.
 */
export function createWatch(options: WatchOptions): Watch {
  const { db, clock, node, scope } = options;
  let following: Following | null = null;

  /** Minutes that end here are whole: their time has passed, and every event that came in until then is derived. */
  const closedUntil = async (nowMs: number): Promise<number> => {
    const waiting = scope.consumer === undefined ? null : await oldestWaiting(db.read, scope.consumer);
    return Math.floor((Math.min(nowMs, waiting ?? nowMs) - SETTLE_MS) / MINUTE_MS) * MINUTE_MS;
  };
  const begin = async (nowMs: number, until: number): Promise<Following> => {
    const first = (await firstMinute(db.read, scope.live)) ?? until;
    const firstMs = Math.floor(Math.max(Math.min(first, until), until - LEARN_MS) / MINUTE_MS) * MINUTE_MS;
    return { model: await createModel(db.read, scope, options.feed, options.settings, firstMs, nowMs), live: false, staleAt: nowMs + STALE_EVERY_MS, told: new Map(), maskedAt: -1, ended: new Map() };
  };
  const take = async (now: Following, until: number): Promise<void> => {
    try {
      for (const [key, resolution] of await now.model.take(db.read, until)) now.ended.set(key, resolution);
    } catch (error) {
      // Some of the streams may have taken a minute that others have not: learnt anew, from the buckets.
      following = null;
      throw error;
    }
  };
  const mask = async (now: Following, nowMs: number): Promise<void> => {
    for (const { fromMs, untilMs } of await expectedMasks(db.read, nowMs - LEARN_MS - DAY_MS)) now.model.markExpected(fromMs, untilMs ?? nowMs);
    now.maskedAt = nowMs;
  };
  const judge = async (now: Following, nowMs: number): Promise<void> => {
    const findings = await findingsOf(options, now.model, now.ended, nowMs);
    for (const transition of await applyCases(db, findings.cases, nowMs)) options.onTransition(transition);
    now.ended.clear();
    if (findings.held) options.onHeld?.();
    await publish(options, now.model, findings, now.told, nowMs);
  };

  const learn = async (now: Following, until: number, nowMs: number): Promise<boolean> => {
    await take(now, Math.min(until, now.model.nextMs() + BITE_MS));
    await mask(now, nowMs);
    if (now.model.nextMs() < until) return true;
    now.live = true;
    await judge(now, nowMs);
    return false;
  };

  return {
    step: async () => {
      const nowMs = clock.now();
      if (!(await holdLease(db, node, nowMs))) {
        following = null;
        return false;
      }
      const until = await closedUntil(nowMs);
      following ??= await begin(nowMs, until);
      const now = following;
      if (!now.live) return await learn(now, until, nowMs);
      if (until <= now.model.nextMs()) return false;
      await now.model.correctNewest(db.read);
      // After a sleep of the machine there may be much to take: bite by bite, and judged when it is the present.
      const upTo = Math.min(until, now.model.nextMs() + BITE_MS);
      await take(now, upTo);
      if (upTo < until) return true;
      if (nowMs >= now.staleAt) {
        now.staleAt = nowMs + STALE_EVERY_MS;
        await mask(now, nowMs);
        if ((await staleness(db.read, scope, now.model)).kind === "rebuild") following = null;
        // Learnt anew from what is stored now; judged when that is done.
        if (following === null) return true;
      }
      await judge(now, nowMs);
      return false;
    },
    judgedUntil: () => (following?.live === true ? following.model.nextMs() : null),
    stop: async () => {
      following = null;
      await releaseLease(db, node);
    },
  };
}
