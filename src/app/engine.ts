import { evaluate, type EvaluateOptions } from "../alerts/index.ts";
import { mirrorDeliveries } from "../ingest/index.ts";
import { foldDeliveries } from "../metrics/index.ts";
import { type Clock, type Database, errorText, type Journal, type Logger, type Loop, startLoop } from "../platform/index.ts";
import { createScheduler, type Scheduler, type TaskDefinition } from "../tasks/index.ts";
import { deriveEvents } from "./derive.ts";

/** Everything that goes on behind the requests: derivations, mirrors, alerts, tasks. One per node. */
export interface Engine {
  /** Something was committed: look again soon. */
  wake(): void;
  readonly scheduler: Scheduler;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Journal;
  readonly mode: "test" | "live";
  readonly timeZone: string;
  readonly evaluation: EvaluateOptions;
  readonly tasks: readonly TaskDefinition[];
  /** Unique per process. */
  readonly node: string;
}

/** While webhooks arrive, derivations take small bites and leave most of the time to them; alone, they hurry. */
const BITE_BUSY = 100;
const BITE_IDLE = 1000;
const BUSY_FOR_MS = 250;
const BUSY_SHARE = 4;

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { db, clock, log, journal, mode, timeZone } = options;
  const scheduler = createScheduler({
    db,
    tasks: options.tasks,
    clock,
    monotonicMs: () => performance.now(),
    journal,
    node: options.node,
    pid: process.pid,
    onError: (error, task) => log.error({ task, error }, "task"),
  });
  await scheduler.start();

  let committedAt = Number.NEGATIVE_INFINITY;
  let biteMs = 0;
  const busy = (): boolean => performance.now() - committedAt < BUSY_FOR_MS;
  const failed = (what: string) => (error: unknown) => log.error({ error: errorText(error) }, `${what} failed, trying again`);

  const derive = startLoop(
    async () => {
      const began = performance.now();
      const taken = await deriveEvents(db, timeZone, busy() ? BITE_BUSY : BITE_IDLE, clock.now());
      biteMs = performance.now() - began;
      if (taken > 0) judge.wake();
      return taken > 0;
    },
    { pollMs: 1000, pauseMs: () => (busy() ? biteMs * BUSY_SHARE : 0), onError: failed("deriving from events") },
  );
  const deliveries = startLoop(async () => (await foldDeliveries(db, { timeZone }, busy() ? 500 : 5000, clock.now())) > 0, {
    pollMs: 1000,
    pauseMs: () => (busy() ? 100 : 0),
    onError: failed("counting deliveries"),
  });
  const mirror = startLoop(
    () => mirrorDeliveries(db, { mode, append: (lines) => journal.append("stripe_webhooks.ndjson", lines), nowMs: clock.now() }),
    { pollMs: 500, pauseMs: () => (busy() ? 50 : 0), onError: failed("mirroring deliveries") },
  );
  const judge = startLoop(
    async () => {
      const { transitions } = await evaluate(db, options.evaluation, clock.now());
      for (const transition of transitions) log.warn(transition, "alert");
      return false;
    },
    { pollMs: 5000, restMs: 1000, retryMs: 1000, onError: failed("evaluating alerts") },
  );
  const tasks = startLoop(() => scheduler.runDue(), { pollMs: 1000, onError: failed("the scheduler") });
  const loops: Loop[] = [derive, deliveries, mirror, judge, tasks];

  return {
    scheduler,
    wake: () => {
      committedAt = performance.now();
      derive.wake();
      deliveries.wake();
      mirror.wake();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await scheduler.stop();
    },
  };
}
