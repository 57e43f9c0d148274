import { createHash } from "node:crypto";
import type { Clock, Database, Tx } from "../platform/index.ts";
import type { Found } from "./escalate.ts";
import { insertNotice } from "./notice-store.ts";
import { makePlan, type Plan } from "./plan.ts";
import { closeAlerts, dropStream, PLAN_EVERY_MS, planIsDue, planned, readChains, readStreams, storeChain, storeStream, storeSuppressed, takeUnplanned } from "./plan-store.ts";
import type { NotifySettings, Target } from "./settings.ts";
import { markEnded, openSilences } from "./silences.ts";
import { type KnownAlert, readOpenAlerts } from "./store.ts";

/** Answers who a target of an escalation is; read once per planning. */
export type Finder = (tx: Tx, nowMs: number) => Promise<(target: Target, nowMs: number) => Found>;

export interface PlanDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly settings: NotifySettings;
  readonly finder: Finder;
}

/** Tells one configuration from another, without holding it. */
export function routingOf(settings: NotifySettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}

async function write(tx: Tx, plan: Plan, alerts: readonly KnownAlert[], nowMs: number): Promise<void> {
  for (const { notice, channels } of plan.notices) await insertNotice(tx, notice, channels);
  for (const stream of plan.streams) await storeStream(tx, stream);
  for (const stream of plan.goneStreams) await dropStream(tx, stream);
  for (const chain of plan.chains) await storeChain(tx, chain);
  for (const id of plan.endedSilences) await markEnded(tx, id, nowMs);
  for (const { id, state, suppressed } of alerts) {
    const words = plan.suppressed.get(id)?.words ?? null;
    if (state === "firing" && words !== suppressed) await storeSuppressed(tx, id, words);
  }
  await closeAlerts(tx, plan.closed, nowMs);
}

/**
 * Plans when planning is due: reads how everything stands, decides, and writes notices, what the channels were told and
 * the ends of silences in one transaction. Answers how many notices there are now; null when it was not due.
 */
export async function planStep({ db, clock, settings, finder }: PlanDeps): Promise<number | null> {
  const routing = routingOf(settings);
  if (!(await planIsDue(db.read, routing, clock.now()))) return null;
  return await db.write(async (tx) => {
    // Two nodes that plan at once must not say the same thing twice.
    await db.dialect.lock(tx, "notify:plan");
    const nowMs = clock.now();
    if (!(await planIsDue(tx, routing, nowMs))) return null;
    await takeUnplanned(tx);
    const alerts = await readOpenAlerts(tx);
    const plan = makePlan({ settings, alerts, streams: await readStreams(tx), silences: await openSilences(tx), chains: await readChains(tx), find: await finder(tx, nowMs), nowMs });
    await write(tx, plan, alerts, nowMs);
    await planned(tx, routing, Math.min(plan.dueAt ?? Number.POSITIVE_INFINITY, nowMs + PLAN_EVERY_MS));
    return plan.notices.length;
  });
}
