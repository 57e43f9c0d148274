import { inChunks, type Tx } from "../platform/index.ts";
import type { Chain } from "./escalate.ts";
import type { Labels } from "./matcher.ts";
import type { Policy } from "./settings.ts";
import { packTold, type Stream, unpackTold } from "./stream.ts";

interface PlanRow {
  only_row: number;
  /** ms UTC. */
  due_at: number;
  /** Tells one configuration from another. */
  routing: string;
}

interface StreamRow {
  key: string;
  channel: string;
  route: string;
  labels: string;
  told: string;
  sent_at: number;
}

interface ChainRow {
  alert_id: number;
  route: string;
  policy: string;
  channels: string;
  step: number;
  round: number;
  next_at: number | null;
  state: Chain["state"];
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_plan: PlanRow;
    notify_stream: StreamRow;
    notify_chain: ChainRow;
  }
}

/** Something that planning goes by has changed: it is due at once, whatever was said before. */
export async function planSoon(tx: Tx): Promise<void> {
  await tx.updateTable("notify_plan").set({ due_at: 0 }).where("only_row", "=", 1).execute();
}

/** Planning is due at least this often (ms): nothing is missed should a due time be wrong. */
export const PLAN_EVERY_MS = 3_600_000;

/**
 * Whether planning is due: its time has come, something was announced, the configuration is another, or the clock was
 * put back.
 */
export async function planIsDue(tx: Tx, routing: string, nowMs: number): Promise<boolean> {
  const plan = await tx.selectFrom("notify_plan").select(["due_at", "routing"]).where("only_row", "=", 1).executeTakeFirstOrThrow();
  if (plan.due_at <= nowMs || plan.due_at > nowMs + PLAN_EVERY_MS || plan.routing !== routing) return true;
  return (await tx.selectFrom("notify_alert").select("alert_id").where("unplanned", "=", 1).limit(1).executeTakeFirst()) !== undefined;
}

export async function planned(tx: Tx, routing: string, dueAt: number): Promise<void> {
  await tx.updateTable("notify_plan").set({ due_at: dueAt, routing }).where("only_row", "=", 1).execute();
}

export async function readStreams(tx: Tx): Promise<Stream[]> {
  const rows = await tx.selectFrom("notify_stream").select(["key", "channel", "route", "labels", "told", "sent_at"]).orderBy("key").orderBy("channel").execute();
  return rows.map(({ key, channel, route, labels, told, sent_at }) => ({ key, channel, route, labels: JSON.parse(labels) as Labels, told: unpackTold(told), sentAt: sent_at }));
}

export async function storeStream(tx: Tx, { key, channel, route, labels, told, sentAt }: Stream): Promise<void> {
  const row = { route, labels: JSON.stringify(labels), told: packTold(told), sent_at: sentAt };
  await tx
    .insertInto("notify_stream")
    .values({ key, channel, ...row })
    .onConflict((conflict) => conflict.columns(["key", "channel"]).doUpdateSet(row))
    .execute();
}

export async function dropStream(tx: Tx, { key, channel }: Pick<Stream, "key" | "channel">): Promise<void> {
  await tx.deleteFrom("notify_stream").where("key", "=", key).where("channel", "=", channel).execute();
}

/** Chains that are not over. */
export async function readChains(tx: Tx): Promise<Chain[]> {
  const rows = await tx.selectFrom("notify_chain").selectAll().where("state", "<>", "done").orderBy("alert_id").execute();
  return rows.map((row) => ({
    alertId: row.alert_id,
    route: row.route,
    policy: JSON.parse(row.policy) as Policy,
    channels: JSON.parse(row.channels) as string[],
    step: row.step,
    round: row.round,
    nextAt: row.next_at,
    state: row.state,
  }));
}

export async function storeChain(tx: Tx, { alertId, route, policy, channels, step, round, nextAt, state }: Chain): Promise<void> {
  const row = { route, policy: JSON.stringify(policy), channels: JSON.stringify(channels), step, round, next_at: nextAt, state };
  await tx
    .insertInto("notify_chain")
    .values({ alert_id: alertId, ...row })
    .onConflict((conflict) => conflict.column("alert_id").doUpdateSet(row))
    .execute();
}

/** Takes the mark off before reading: what is announced meanwhile marks itself again. */
export async function takeUnplanned(tx: Tx): Promise<void> {
  await tx.updateTable("notify_alert").set({ unplanned: 0 }).where("unplanned", "=", 1).execute();
}

/** Nobody is owed a word of these; one of which something was announced meanwhile stays open. */
export async function closeAlerts(tx: Tx, ids: readonly number[], nowMs: number): Promise<void> {
  for (const some of inChunks(ids, 256)) await tx.updateTable("notify_alert").set({ closed_at: nowMs }).where("alert_id", "in", some).where("unplanned", "=", 0).execute();
}

export async function storeSuppressed(tx: Tx, alertId: number, words: string | null): Promise<void> {
  await tx.updateTable("notify_alert").set({ suppressed: words }).where("alert_id", "=", alertId).execute();
}
