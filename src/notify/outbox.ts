import { inChunks, type Tx } from "../platform/index.ts";
import type { SendOutcome } from "./channel.ts";
import { composeNotice } from "./compose.ts";
import { insertNotice, toNotice } from "./notice-store.ts";
import type { DeliveryState, Notice } from "./notice.ts";
import { knownAlerts } from "./store.ts";

/** A notice that waits for its channel. */
export interface Queued {
  readonly id: number;
  readonly noticeId: number;
  readonly channel: string;
  readonly key: string;
  readonly queuedAt: number;
  readonly attempts: number;
}

const LOOK_AT = 200;

function toQueued(row: { id: number; notice_id: number; channel: string; key: string; queued_at: number; attempts: number }): Queued {
  return { id: row.id, noticeId: row.notice_id, channel: row.channel, key: row.key, queuedAt: row.queued_at, attempts: row.attempts };
}

/** The oldest that wait for a channel, in their order. */
export async function queuedFor(tx: Tx, channel: string, most = LOOK_AT): Promise<Queued[]> {
  const rows = await tx.selectFrom("outbox").selectAll().where("channel", "=", channel).where("state", "=", "queued").orderBy("id").limit(most).execute();
  return rows.map(toQueued);
}

/** After as many failures others go first, should it be the notice and not the channel. */
const PATIENCE = 5;

/** Which goes next: the oldest, save that one which failed often lets other groups go first. Never out of order in a group. */
export function nextOf(queued: readonly Queued[]): Queued | null {
  const heads = new Map<string, Queued>();
  for (const one of queued) if (!heads.has(one.key)) heads.set(one.key, one);
  return [...heads.values()].sort((one, other) => Math.floor(one.attempts / PATIENCE) - Math.floor(other.attempts / PATIENCE) || one.id - other.id)[0] ?? null;
}

/** As many waiting together are told as one; what comes behind such a one joins it. */
const MERGE_FROM = 10;
/** So many notices, of so many groups, are merged in one transaction. */
const MERGE_AT_ONCE = 1000;
const GROUPS_AT_ONCE = 100;

async function alertIdsOf(tx: Tx, noticeIds: readonly number[]): Promise<number[]> {
  const found = new Set<number>();
  for (const some of inChunks(noticeIds, 256)) {
    for (const { alert_id } of await tx.selectFrom("notice_alert").select("alert_id").where("notice_id", "in", some).execute()) found.add(alert_id);
  }
  return [...found];
}

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(11, 16)} UTC`;

/**
 * Puts one notice, of how the alerts stand now, in the place of all these; the first carries it, so that it keeps their
 * place in the queue.
 */
async function merge(tx: Tx, rows: readonly Queued[], key: string, nowMs: number): Promise<void> {
  const [first] = rows;
  const newest = rows.at(-1);
  if (first === undefined || newest === undefined) return;
  const carried = await tx.selectFrom("outbox").select(({ fn }) => fn.countAll<number>().as("n")).where("merged_into", "=", first.id).executeTakeFirst();
  const before = carried?.n ?? 0;
  const count = rows.length + Math.max(0, before - 1);
  const alerts = await knownAlerts(tx, await alertIdsOf(tx, rows.map(({ noticeId }) => noticeId)));
  const last = toNotice(await tx.selectFrom("notice").selectAll().where("id", "=", newest.noticeId).executeTakeFirstOrThrow());
  const notes = [`${count} notices waited while this channel did not take them, from ${iso(first.queuedAt)} to ${iso(newest.queuedAt)}; this is how things stand now.`];
  const members = { key, route: last.route, labels: last.key === key ? last.labels : {}, firing: alerts.filter(({ state }) => state === "firing"), resolved: alerts.filter(({ state }) => state === "resolved"), notes };
  const { notice } = await insertNotice(tx, composeNotice(members, "caught up", nowMs), []);
  // What it was itself leaves a trace like the others'; one that carries others already was nothing else.
  const trace = { notice_id: first.noticeId, channel: first.channel, key: first.key, state: "merged" as const, queued_at: first.queuedAt, attempts: 0, settled_at: nowMs, error: null, merged_into: first.id };
  if (before === 0) await tx.insertInto("outbox").values(trace).execute();
  await tx.updateTable("outbox").set({ notice_id: notice.id, key }).where("id", "=", first.id).execute();
  for (const some of inChunks(rows.slice(1).map(({ id }) => id), 256)) {
    await tx.updateTable("outbox").set({ state: "merged", settled_at: nowMs, merged_into: first.id }).where("id", "in", some).where("state", "=", "queued").execute();
  }
}

/** Those that tell of alerts; what is about none (another channel's trouble, a test) has nothing that could be summed up. */
function mergeable(tx: Tx, channel: string) {
  return tx
    .selectFrom("outbox")
    .where("channel", "=", channel)
    .where("state", "=", "queued")
    .where(({ exists, selectFrom }) => exists(selectFrom("notice_alert").select("notice_alert.notice_id").whereRef("notice_alert.notice_id", "=", "outbox.notice_id")));
}

/** The next that belong together, at most `MERGE_AT_ONCE` of them; none: everything is merged. */
async function nextToMerge(tx: Tx, channel: string, merges: "text" | "group", all: string): Promise<{ key: string; rows: Queued[] }[]> {
  if (merges === "text") {
    const rows = (await mergeable(tx, channel).selectAll().orderBy("id").limit(MERGE_AT_ONCE).execute()).map(toQueued);
    return rows.length < 2 ? [] : [{ key: all, rows }];
  }
  const groups = await mergeable(tx, channel).select(["key", ({ fn }) => fn.countAll<number>().as("n")]).groupBy("key").having(({ fn }) => fn.countAll(), ">", 1).orderBy(({ fn }) => fn.min("id")).limit(GROUPS_AT_ONCE).execute();
  const found: { key: string; rows: Queued[] }[] = [];
  for (let left = MERGE_AT_ONCE; left > 1 && found.length < groups.length; ) {
    const key = groups[found.length]?.key ?? "";
    const rows = (await mergeable(tx, channel).selectAll().where("key", "=", key).orderBy("id").limit(left).execute()).map(toQueued);
    found.push({ key, rows });
    left -= rows.length;
  }
  return found.filter(({ rows }) => rows.length > 1);
}

/**
 * Makes few of many: a channel that was away is told how things stand, not everything that happened. For a channel that
 * knows incidents by their group, one for each group. A bounded part of the queue at a time, so that ten thousand that
 * wait keep no other writer waiting; answers whether it merged any, and so whether there may be more to merge.
 *
 * @param begun a part of them was merged just now.
 */
export async function mergeQueued(tx: Tx, channel: string, merges: "text" | "group", nowMs: number, begun = false): Promise<boolean> {
  const all = `caught-up/${channel}`;
  const some = await queuedFor(tx, channel, MERGE_FROM);
  // What has begun to be merged is merged to its end, and what comes behind it joins it.
  if (!begun && some.length < MERGE_FROM && !(some.length > 1 && some[0]?.key === all)) return false;
  const groups = await nextToMerge(tx, channel, merges, all);
  for (const { key, rows } of groups) await merge(tx, rows, key, nowMs);
  return groups.length > 0;
}

export async function readNotice(tx: Tx, id: number): Promise<Notice> {
  return toNotice(await tx.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirstOrThrow());
}

/** The attempt is on record before anything leaves, so that a crash shows one that nobody knows the end of. */
export async function beginAttempt(tx: Tx, queued: Queued, nowMs: number): Promise<number> {
  await tx.updateTable("outbox").set(({ eb }) => ({ attempts: eb("attempts", "+", 1) })).where("id", "=", queued.id).execute();
  const row = { outbox_id: queued.id, channel: queued.channel, started_at: nowMs, latency_ms: null, outcome: null, status: null, reason: null };
  return (await tx.insertInto("notice_attempt").values(row).returning("id").executeTakeFirstOrThrow()).id;
}

export async function endAttempt(tx: Tx, id: number, outcome: SendOutcome, latencyMs: number): Promise<void> {
  const reason = outcome.kind === "sent" ? null : outcome.reason;
  await tx.updateTable("notice_attempt").set({ outcome: outcome.kind, status: outcome.status, reason, latency_ms: Math.round(latencyMs) }).where("id", "=", id).execute();
}

export async function settle(tx: Tx, id: number, state: Exclude<DeliveryState, "queued">, error: string | null, nowMs: number): Promise<void> {
  await tx.updateTable("outbox").set({ state, error, settled_at: nowMs }).where("id", "=", id).where("state", "=", "queued").execute();
}

export async function keepQueued(tx: Tx, id: number, error: string): Promise<void> {
  await tx.updateTable("outbox").set({ error }).where("id", "=", id).execute();
}

/** What waits for a channel that is configured no more would wait for ever. */
export async function dropForeign(tx: Tx, channels: readonly string[], nowMs: number): Promise<void> {
  let query = tx.updateTable("outbox").set({ state: "dropped", settled_at: nowMs, error: "this channel is configured no more" }).where("state", "=", "queued");
  if (channels.length > 0) query = query.where("channel", "not in", channels);
  await query.execute();
}
