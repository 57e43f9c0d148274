import { AppError, inChunks, type Tx } from "../platform/index.ts";
import { type NoticeWithDeliveries, withDeliveries } from "./notice-store.ts";
import type { DeliveryState } from "./notice.ts";

export interface NoticeFilter {
  readonly channel?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Newest first. */
export async function listNotices(tx: Tx, { channel, state, limit, cursor }: NoticeFilter): Promise<{ notices: NoticeWithDeliveries[]; nextCursor: string | null }> {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  let query = tx.selectFrom("notice").selectAll().orderBy("id", "desc").limit(limit + 1);
  if (cursor !== undefined) query = query.where("id", "<", Number(cursor));
  if (channel !== undefined || state !== undefined) {
    query = query.where(({ exists, selectFrom }) => {
      let wanted = selectFrom("outbox").select("outbox.id").whereRef("outbox.notice_id", "=", "notice.id");
      if (channel !== undefined) wanted = wanted.where("outbox.channel", "=", channel);
      if (state !== undefined) wanted = wanted.where("outbox.state", "=", state);
      return exists(wanted);
    });
  }
  const rows = await query.execute();
  const notices = await withDeliveries(tx, rows.slice(0, limit));
  return { notices, nextCursor: rows.length > limit ? String(notices.at(-1)?.notice.id) : null };
}

/** One try to send. Times in ms UTC. */
export interface Attempt {
  readonly delivery: number;
  readonly startedAt: number;
  /** Null: the process died before it knew. */
  readonly latencyMs: number | null;
  readonly outcome: string | null;
  readonly status: number | null;
  readonly reason: string | null;
}

const MOST_ATTEMPTS = 500;

/** @throws AppError `not_found`. */
export async function readNoticeWithAttempts(tx: Tx, id: number): Promise<NoticeWithDeliveries & { readonly attempts: readonly Attempt[] }> {
  const row = await tx.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirst();
  const [found] = row === undefined ? [] : await withDeliveries(tx, [row]);
  if (found === undefined) throw new AppError("not_found", `there is no notice ${id}; GET /api/notices lists them`, { code: "notice_not_found" });
  const attempts: Attempt[] = [];
  for (const some of inChunks(found.deliveries.map((delivery) => delivery.id), 64)) {
    const rows = await tx.selectFrom("notice_attempt").selectAll().where("outbox_id", "in", some).orderBy("id").limit(MOST_ATTEMPTS).execute();
    attempts.push(...rows.map((one) => ({ delivery: one.outbox_id, startedAt: one.started_at, latencyMs: one.latency_ms, outcome: one.outcome, status: one.status, reason: one.reason })));
  }
  return { ...found, attempts };
}

/** What waits for each channel: how many, and since when the oldest, ms UTC. */
export async function backlog(tx: Tx): Promise<Map<string, { readonly waiting: number; readonly oldestAt: number }>> {
  const rows = await tx.selectFrom("outbox").select(["channel", ({ fn }) => fn.countAll<number>().as("n"), ({ fn }) => fn.min("queued_at").as("oldest")]).where("state", "=", "queued").groupBy("channel").execute();
  return new Map(rows.map(({ channel, n, oldest }) => [channel, { waiting: n, oldestAt: oldest }]));
}

/** Forgets what ended before then, a little at a time. Answers how much went: fewer than `limit` means all of one kind. */
export async function retainNotices(tx: Tx, beforeMs: number, limit: number): Promise<number> {
  const old = (await tx.selectFrom("notice").select("id").where("created_at", "<", beforeMs).where(({ not, exists, selectFrom }) => not(exists(selectFrom("outbox").select("outbox.id").whereRef("outbox.notice_id", "=", "notice.id").where("outbox.state", "=", "queued")))).orderBy("created_at").limit(limit).execute()).map(({ id }) => id);
  for (const ids of inChunks(old, 256)) {
    const deliveries = tx.selectFrom("outbox").select("id").where("notice_id", "in", ids);
    await tx.deleteFrom("notice_attempt").where("outbox_id", "in", deliveries).execute();
    await tx.deleteFrom("outbox").where("notice_id", "in", ids).execute();
    await tx.deleteFrom("notice_alert").where("notice_id", "in", ids).execute();
    await tx.deleteFrom("notice").where("id", "in", ids).execute();
  }
  const alerts = tx.selectFrom("notify_alert").select("alert_id").where("closed_at", "<", beforeMs).limit(limit);
  await tx.deleteFrom("notify_chain").where("alert_id", "in", alerts).where("state", "=", "done").execute();
  const closed = await tx.deleteFrom("notify_alert").where("alert_id", "in", alerts).executeTakeFirst();
  const news = await tx.deleteFrom("notify_news").where("id", "in", tx.selectFrom("notify_news").select("id").where("at", "<", beforeMs).where("alert_id", "not in", tx.selectFrom("notify_alert").select("alert_id").where("closed_at", "is", null)).orderBy("at").limit(limit)).executeTakeFirst();
  return old.length + Number(closed.numDeletedRows) + Number(news.numDeletedRows);
}
