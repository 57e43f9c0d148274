import { evaluate, type EvaluateOptions, type Watch } from "../alerts/index.ts";
import { type Forward, mirrorDeliveries, type Tail } from "../ingest/index.ts";
import { foldDeliveries } from "../metrics/index.ts";
import { beginReceipts, expireApprovals, findReceipts, lookUpRefunds, mirrorRefunds, noteMissing, type ReceiptDeps, resolveNext, sendReceipt } from "../operations/index.ts";
import { type Clock, type Database, errorText, type Journal, type Logger, type Loop, startLoop } from "../platform/index.ts";
import { type MeasureOptions, measureSlos } from "../slo/index.ts";
import { createScheduler, type Scheduler, type TaskDefinition } from "../tasks/index.ts";
import { deriveEvents } from "./derive.ts";
import { EVALUATOR, pulse } from "./pulse.ts";
import type { StripeSource } from "./stripe.ts";

/** Everything that goes on behind the requests: derivations, mirrors, alerts, tasks. One per node. */
export interface Engine {
  /** Something was committed: look again soon. */
  wake(): void;
  /** Something that a rule goes by has changed: judge soon. */
  judge(): void;
  readonly scheduler: Scheduler;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly db: Database;
  readonly stripe: StripeSource;
  readonly receipts: ReceiptDeps;
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Journal;
  readonly mode: "test" | "live";
  readonly timeZone: string;
  readonly evaluation: EvaluateOptions;
  /** Follows the minutes as they close. */
  readonly watch: Watch;
  readonly tasks: readonly TaskDefinition[];
  /** One step of bringing approved price changes to Stripe. */
  pricing(): Promise<boolean>;
  readonly slos: MeasureOptions;
  /** Deliveries that are derived from later than this after they came are late. */
  readonly processedWithinMs: number;
  /** Null: no file is followed. */
  readonly tail: Tail | null;
  /** Applications that events are passed on to. */
  readonly forwards?: readonly Forward[];
  /** Unique per process. */
  readonly node: string;
}

/** While webhooks arrive, the loops take small bites and leave most of the time to them; alone, they hurry. */
const BITE = { busy: 100, idle: 1000 } as const;
const BUSY_FOR_MS = 250;
/** What a loop may take of the thread while webhooks arrive; half of them all together, and figures stay seconds old. */
const SHARE = { derive: 0.12, deliveries: 0.06, mirror: 0.06, watch: 0.06, judge: 0.1 } as const;

/** Runs a step and remembers how long it took, so that the pause after it can be made to fit a share of the time. */
function paced(share: number, busy: () => boolean, step: () => Promise<boolean>): { step: () => Promise<boolean>; pauseMs: () => number } {
  let tookMs = 0;
  return {
    step: async () => {
      const began = performance.now();
      const worked = await step();
      tookMs = performance.now() - began;
      return worked;
    },
    pauseMs: () => (busy() ? tookMs * (1 / share - 1) : 0),
  };
}

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
  const busy = (): boolean => performance.now() - committedAt < BUSY_FOR_MS;
  const failed = (what: string) => (error: unknown) => log.error({ error: errorText(error) }, `${what} failed, trying again`);
  const follow = (what: string, share: number, pollMs: number, step: (bite: number) => Promise<boolean>): Loop => {
    const { step: run, pauseMs } = paced(share, busy, () => step(busy() ? BITE.busy : BITE.idle));
    return startLoop(run, { pollMs, pauseMs, onError: failed(what) });
  };

  const derive = follow("deriving from events", SHARE.derive, 1000, async (bite) => {
    const taken = await deriveEvents(db, timeZone, bite, clock.now(), options.processedWithinMs);
    if (taken > 0) judge.wake();
    return taken > 0;
  });
  const deliveries = follow("counting deliveries", SHARE.deliveries, 1000, async (bite) => {
    const counted = await foldDeliveries(db, { timeZone }, bite * 5, clock.now());
    // Refused deliveries bring no event to derive from, and are what the first rule is about.
    if (counted > 0) judge.wake();
    return counted > 0;
  });
  const mirror = follow("mirroring deliveries", SHARE.mirror, 500, (bite) =>
    mirrorDeliveries(db, { mode, append: (lines) => journal.append("stripe_webhooks.ndjson", lines), nowMs: clock.now(), limit: bite * 5 }),
  );
  const refunds = startLoop(() => mirrorRefunds(db, (lines) => journal.append("refunds.ndjson", lines), clock.now()), { pollMs: 500, onError: failed("mirroring refunds") });
  const operations = startLoop(() => operationStep(options), { pollMs: 1000, onError: failed("resolving operations") });
  await beginReceipts(options.receipts);
  const receipts = startLoop(
    async () => {
      const found = await findReceipts(options.receipts, BITE.busy);
      return (options.stripe.known() !== null && (await sendReceipt(options.receipts))) || found;
    },
    { pollMs: 2000, onError: failed("sending receipts") },
  );
  const judged = pulse(db, clock, EVALUATOR);
  let judgingMs = 0;
  const judge = startLoop(
    async () => {
      const began = performance.now();
      const { transitions } = await evaluate(db, options.evaluation, clock.now());
      for (const transition of transitions) log.warn(transition, "alert");
      await judged();
      judgingMs = performance.now() - began;
      return false;
    },
    // Twice a second while events come, which is most of the time to a notice; once where judging takes long.
    { pollMs: 5000, restMs: () => Math.min(1000, Math.max(400, judgingMs * (1 / SHARE.judge - 1))), retryMs: 1000, onError: failed("evaluating alerts") },
  );
  const watch = follow("following the minutes", SHARE.watch, 2000, () => options.watch.step());
  const tasks = startLoop(() => scheduler.runDue(), { pollMs: 1000, onError: failed("the scheduler") });
  const slos = startLoop(() => measureSlos(db, options.slos, clock.now()), { pollMs: 30_000, pauseMs: () => 200, onError: failed("measuring objectives") });
  const pricing = startLoop(options.pricing, { pollMs: 5000, onError: failed("carrying out price changes") });
  const loops: Loop[] = [pricing, derive, deliveries, mirror, refunds, operations, receipts, judge, watch, tasks, slos];
  for (const forward of options.forwards ?? []) loops.push(startLoop(() => forward.step(), { pollMs: 500, onError: failed("passing events on") }));
  const { tail } = options;
  if (tail !== null) {
    const tailStep = async (): Promise<boolean> => {
      const worked = await tail.step();
      if (worked) for (const loop of [derive, deliveries]) loop.wake();
      return worked;
    };
    loops.push(startLoop(tailStep, { pollMs: 1000, onError: failed("following files") }));
  }

  return {
    scheduler,
    wake: () => {
      committedAt = performance.now();
      derive.wake();
      deliveries.wake();
      mirror.wake();
    },
    judge: () => judge.wake(),
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      // A database that is away leaves the lease to end by itself.
      for (const forward of options.forwards ?? []) await forward.release().catch((error: unknown) => log.warn({ error: errorText(error) }, "handing over what is passed on failed"));
      await options.watch.stop();
      await scheduler.stop();
    },
  };
}

/** What operations leave to do: unfinished ones resolved, missing confirmations told, old approvals ended. */
async function operationStep({ db, clock, log, stripe }: EngineOptions): Promise<boolean> {
  const api = stripe.known();
  if (api !== null && ((await resolveNext({ db, clock, stripe: api })) || (await lookUpRefunds({ db, clock, stripe: api })))) return true;
  const missed = await noteMissing(db, clock);
  if (missed !== null) log.error(missed, "no event has told of an operation for 10 minutes; are webhooks arriving?");
  return missed !== null || (await expireApprovals({ db, clock }));
}
