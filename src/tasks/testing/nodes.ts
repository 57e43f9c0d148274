import { type Database, virtualClock } from "../../platform/index.ts";
import { createScheduler, type Scheduler } from "../scheduler.ts";
import type { Evidence, TaskContext, TaskDefinition } from "../task.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

/** A task whose every run waits until the test says how it ends. */
export interface HeldTask {
  definition: TaskDefinition;
  runs: { context: TaskContext; end(evidence?: Evidence): void; fail(error: unknown): void }[];
}

export function heldTask(overrides: Partial<TaskDefinition> = {}): HeldTask {
  const runs: HeldTask["runs"] = [];
  const definition: TaskDefinition = {
    name: "sweep",
    description: "for tests",
    schedule: { kind: "every", everyMs: 300_000 },
    missed: "once",
    graceMs: 30_000,
    timeLimitMs: 120_000,
    run: (context) => {
      const { promise, resolve, reject } = Promise.withResolvers<Evidence>();
      runs.push({ context, end: (evidence = {}) => resolve(evidence), fail: reject });
      return promise;
    },
    ...overrides,
  };
  return { definition, runs };
}

/** A task that ends at once. */
export function quickTask(overrides: Partial<TaskDefinition> = {}): TaskDefinition & { count: () => number } {
  let runs = 0;
  const { definition } = heldTask({ run: async () => ({ found: (runs += 1) }), ...overrides });
  return { ...definition, count: () => runs };
}

/** Nodes on one database, with a clock on the wall that a test may set and one that only goes forward. */
export function nodesOn(db: Database, startMs: number = NOON) {
  const clock = virtualClock(startMs);
  let monotonic = 1000;
  const lines: Record<string, unknown>[] = [];
  const errors: unknown[] = [];
  /** Time goes by, on both clocks. */
  const pass = (ms: number): void => {
    clock.advance(ms);
    monotonic += ms;
  };
  return {
    clock,
    lines,
    errors,
    events: () => lines.map((line) => line["event"]),
    pass,
    /** Time goes by while a node looks at the database, as its loop lets it; in steps of 5 s, and less at the end. */
    watch: async (node: Scheduler, ms: number) => {
      for (let left = ms; left > 0; left -= 5000) {
        pass(Math.min(5000, left));
        await node.runDue();
      }
    },
    node: (name: string, tasks: readonly TaskDefinition[], database: Database = db): Scheduler =>
      createScheduler({
        db: database,
        tasks,
        clock,
        monotonicMs: () => monotonic,
        journal: { append: (_, objects) => void lines.push(...(objects as Record<string, unknown>[])) },
        node: name,
        pid: 4242,
        onError: (error) => void errors.push(error),
      }),
  };
}
