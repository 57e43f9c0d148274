import { type Clock, type Database, errorText, type Logger, type Loop, startLoop } from "../platform/index.ts";
import type { Channel } from "./channel.ts";
import { registerChannels, releaseChannels } from "./channel-store.ts";
import { deliverNext } from "./deliver.ts";
import { dropForeign } from "./outbox.ts";
import { type Finder, planStep } from "./plan-step.ts";
import type { NotifySettings } from "./settings.ts";

export interface NotifyDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: NotifySettings;
  readonly channels: readonly Channel[];
  readonly finder: Finder;
  /** Unique per process. */
  readonly node: string;
}

/** Both look at one small row; the time to a notice hangs on it. */
const PLAN_POLL_MS = 200;
const DELIVER_POLL_MS = 1000;

/** Plans and delivers, until it is stopped: one loop that plans, one for each channel, so that a slow one holds up none. */
export async function startNotify(deps: NotifyDeps): Promise<Loop> {
  const { db, clock, log, settings, channels, node } = deps;
  await db.write(async (tx) => {
    await registerChannels(tx, channels);
    await dropForeign(tx, settings.channels, clock.now());
  });
  const failed = (what: string) => (error: unknown) => log.error({ error: errorText(error) }, `${what} failed, trying again`);
  const deliver = { db, clock, monotonicMs: () => performance.now(), random: Math.random, log, channels, owner: node };
  const loops = channels.map((channel) => startLoop(() => deliverNext(deliver, channel), { pollMs: DELIVER_POLL_MS, pauseMs: () => channel.gapMs, onError: failed(`delivering by ${channel.name}`) }));
  const plan = startLoop(
    async () => {
      const planned = await planStep({ db, clock, settings, finder: deps.finder });
      if ((planned ?? 0) > 0) for (const loop of loops) loop.wake();
      return (planned ?? 0) > 0;
    },
    { pollMs: PLAN_POLL_MS, onError: failed("planning notices") },
  );
  return {
    wake: () => plan.wake(),
    stop: async () => {
      await Promise.all([plan, ...loops].map((loop) => loop.stop()));
      await db.write((tx) => releaseChannels(tx, node)).catch(() => {});
    },
  };
}

