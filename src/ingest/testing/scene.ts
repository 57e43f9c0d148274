import { onTestFinished } from "vitest";
import type { SandboxOptions } from "../../../sandbox/index.ts";
import { type Bench, bench, TEST_SECRET, TEST_START_MS } from "../../../sandbox/with-sdk.ts";
import { scopeOf } from "../../../sandbox/world.ts";
import { openAppend } from "../../ledger/index.ts";
import type { Clock, Database } from "../../platform/index.ts";
import { eventLister, type ListEvents } from "../../stripe/index.ts";
import { createIntake } from "../intake.ts";
import { createSweep, type SweepOutcome } from "../sweep/sweep.ts";

/** The sandbox delivering into an intake over a real database, a sweep beside it; both on the sandbox's clock. */
export interface Scene {
  readonly sandbox: Bench;
  readonly clock: Clock;
  readonly list: ListEvents;
  /** Requests that the sweep made. */
  readonly asked: { count: number };
  /** Ours less Stripe's, ms. */
  skew(ms: number): void;
  /** Sweeps until there is nothing to do, or something fails. */
  sweep(): Promise<SweepOutcome[]>;
  /** Lets time pass, a sweep every five minutes of it. */
  pass(ms: number): Promise<void>;
  /** Ids of all events that Stripe has made until then, oldest first; by its own books, which no fault of its API touches. */
  listed(untilMs?: number): Promise<string[]>;
}

const FIVE_MINUTES = 300_000;

export async function scene(db: Database, options: SandboxOptions = {}): Promise<Scene> {
  let skewMs = 0;
  const later: { accept: ReturnType<typeof createIntake>["acceptBatch"] | null } = { accept: null };
  const sandbox = await bench({
    traffic: { ratePerMinute: 0.5, flat: true },
    // The receiver's address is nobody's; what would go there comes here.
    post: async (_url, body, headers) => {
      const answers = await later.accept?.([{ raw: Buffer.from(body), signature: headers["stripe-signature"] }]);
      return { kind: "status", status: answers?.[0]?.status ?? 500 };
    },
    ...options,
  });
  onTestFinished(() => sandbox.close());
  const clock: Clock = { now: () => Math.floor(sandbox.nowMs()) + skewMs };
  const intake = createIntake({ append: openAppend(db), secrets: () => [{ endpoint: "main", secret: TEST_SECRET }], clock, onTrouble: () => {}, onCommitted: () => {} });
  later.accept = intake.acceptBatch;
  const asked = { count: 0 };
  const ask = eventLister({ sdk: sandbox.client("sk_test_bench") });
  const list: ListEvents = async (query) => {
    asked.count += 1;
    // The answer's Date header is this machine's; Stripe's clock here is the sandbox's.
    return { ...(await ask(query)), serverTimeMs: Math.floor(sandbox.nowMs()) };
  };
  const sweep = async (): Promise<SweepOutcome[]> => {
    const outcomes: SweepOutcome[] = [];
    const { step } = createSweep({ db, clock, list, account: null });
    for (;;) {
      const outcome = await step();
      outcomes.push(outcome);
      if (outcome.kind !== "page") return outcomes;
    }
  };
  return {
    sandbox,
    clock,
    list,
    asked,
    sweep,
    skew: (ms) => {
      skewMs = ms;
    },
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= FIVE_MINUTES) {
        await sandbox.advance(Math.min(left, FIVE_MINUTES));
        await sweep();
      }
    },
    listed: async (untilMs) => {
      const { events, settings } = sandbox.state;
      const created = untilMs === undefined ? {} : { lte: Math.floor(untilMs / 1000) };
      const all = events.list(scopeOf(settings.account, false), { types: [], created, deliverySuccess: null }, { limit: 1_000_000, startingAfter: null, endingBefore: null });
      return await Promise.resolve((all?.events ?? []).map(({ happening }) => happening.id).reverse());
    },
  };
}

export { TEST_START_MS };
