import { setTimeout } from "node:timers/promises";
import { retainDeadLetters, retainGaps, retainSignatures, retainWitness } from "../ingest/index.ts";
import { retainDeliveries, retainEvents } from "../ledger/index.ts";
import { retainMetrics } from "../metrics/index.ts";
import { type Clock, type Database, DAY_MS, MINUTE_MS } from "../platform/index.ts";
import { retainSloCounts } from "../slo/index.ts";
import { retainTaskRuns, type TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { DERIVE } from "./derive.ts";
import { forgetNotices } from "./notify.ts";

/** A delivery that comes meanwhile waits for a step to end; so long one is meant to take, ms. */
const STEP_MS = 8;
const FEWEST = 10;
const MOST = 500;
/** Between steps, in times of the step: a fifth of the time is retention's. */
const REST = 4;
const REST_MS = 20;

/** Pure: how many rows the next step takes, by how long the last one took. Grows and shrinks by half at most. */
export function nextStep(rows: number, tookMs: number): number {
  const fitting = Math.round(rows * Math.min(1.5, Math.max(0.5, STEP_MS / Math.max(tookMs, 0.1))));
  return Math.min(MOST, Math.max(FEWEST, fitting));
}

/** Repeats a small deletion until there is nothing left, giving way in between. */
async function repeat(signal: AbortSignal, step: (limit: number) => Promise<number>): Promise<number> {
  let [total, limit] = [0, 50];
  for (;;) {
    const begun = performance.now();
    const gone = await step(limit);
    const tookMs = performance.now() - begun;
    total += gone;
    if (gone === 0 || signal.aborted) return total;
    limit = nextStep(limit, tookMs);
    await setTimeout(Math.max(REST_MS, tookMs * REST));
  }
}

/** Lets go what is older than configured. Answers how many rows of each kind went. */
async function retention(db: Database, { retention: keep, notify }: Config, nowMs: number, signal: AbortSignal): Promise<Record<string, number>> {
  const step = async (keepMs: number | null, forget: (beforeMs: number, limit: number) => Promise<number>) => (keepMs === null ? 0 : await repeat(signal, (limit) => forget(nowMs - keepMs, limit)));
  return {
    events: await step(keep.eventsMs, (before, limit) => retainEvents(db, before, limit)),
    deliveries: await step(keep.deliveriesMs, (before, limit) => retainDeliveries(db, before, limit)),
    minutes: await step(keep.minutesMs, (before, limit) => retainMetrics(db, "minute", before, limit, DERIVE)),
    hours: await step(keep.hoursMs, (before, limit) => retainMetrics(db, "hour", before, limit, DERIVE)),
    slo_counts: await repeat(signal, (limit) => db.write((tx) => retainSloCounts(tx, nowMs, limit))),
    notices: await step(notify.keepMs, (before) => forgetNotices(db, before)),
    task_runs: await step(keep.taskRunsMs, (before, limit) => db.write((tx) => retainTaskRuns(tx, before, limit))),
    witness: await step(keep.completenessMs, (before, limit) => retainWitness(db, before, limit)),
    signatures: await step(7 * DAY_MS, (before, limit) => retainSignatures(db, before, limit)),
    gaps: await step(keep.completenessMs, (before, limit) => retainGaps(db, before, limit)),
    dead_letters: await step(keep.deliveriesMs, (before, limit) => retainDeadLetters(db, before, limit)),
  };
}

export function retentionTask(db: Database, config: Config, clock: Clock): TaskDefinition {
  return {
    name: "retention",
    description: "Deletes what is older than the retention settings, in small steps",
    schedule: { kind: "cron", cron: "20 3 * * *", timeZone: config.merchant.timeZone },
    missed: "once",
    graceMs: 60 * MINUTE_MS,
    timeLimitMs: 240 * MINUTE_MS,
    atStartup: true,
    run: ({ signal }) => retention(db, config, clock.now(), signal),
  };
}
