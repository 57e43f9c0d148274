import type { Generated, Selectable } from "kysely";
import { inChunks, type Tx } from "../platform/index.ts";
import type { DeliveryState, NewNotice, Notice } from "./notice.ts";

interface NoticeRow {
  id: Generated<number>;
  key: string;
  route: string;
  reason: string;
  status: string;
  severity: string;
  title: string;
  drill: number;
  created_at: number;
  body: string;
}

interface NoticeAlertRow {
  alert_id: number;
  notice_id: number;
}

interface OutboxRow {
  id: Generated<number>;
  notice_id: number;
  channel: string;
  key: string;
  state: DeliveryState;
  queued_at: number;
  attempts: number;
  settled_at: number | null;
  error: string | null;
  merged_into: number | null;
}

interface AttemptRow {
  id: Generated<number>;
  outbox_id: number;
  channel: string;
  started_at: number;
  latency_ms: number | null;
  outcome: string | null;
  status: number | null;
  reason: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notice: NoticeRow;
    notice_alert: NoticeAlertRow;
    outbox: OutboxRow;
    notice_attempt: AttemptRow;
  }
}

type NoticeBody = Pick<Notice, "labels" | "firing" | "resolved" | "alerts" | "notes">;

export function toNotice(row: Selectable<NoticeRow>): Notice {
  return {
    id: row.id,
    key: row.key,
    route: row.route,
    reason: row.reason as Notice["reason"],
    status: row.status as Notice["status"],
    severity: row.severity as Notice["severity"],
    title: row.title,
    createdAt: row.created_at,
    drill: row.drill === 1,
    ...(JSON.parse(row.body) as NoticeBody),
  };
}

/** Stores a notice and puts it into the outbox of each channel. Returns the ids of the outbox, in the order of the channels. */
export async function insertNotice(tx: Tx, { alertIds, ...notice }: NewNotice, channels: readonly string[]): Promise<{ notice: Notice; outbox: number[] }> {
  const { labels, firing, resolved, alerts, notes } = notice;
  const body: NoticeBody = { labels, firing, resolved, alerts, notes };
  const row = await tx
    .insertInto("notice")
    .values({ key: notice.key, route: notice.route, reason: notice.reason, status: notice.status, severity: notice.severity, title: notice.title, drill: notice.drill ? 1 : 0, created_at: notice.createdAt, body: JSON.stringify(body) })
    .returning("id")
    .executeTakeFirstOrThrow();
  for (const ids of inChunks([...new Set(alertIds)], 256)) await tx.insertInto("notice_alert").values(ids.map((alert_id) => ({ alert_id, notice_id: row.id }))).execute();
  const outbox: number[] = [];
  for (const channel of channels) {
    const queued = { notice_id: row.id, channel, key: notice.key, state: "queued" as const, queued_at: notice.createdAt, attempts: 0, settled_at: null, error: null, merged_into: null };
    outbox.push((await tx.insertInto("outbox").values(queued).returning("id").executeTakeFirstOrThrow()).id);
  }
  return { notice: { ...notice, id: row.id }, outbox };
}

/** A notice on its way to one channel. Times in ms UTC. */
export interface Delivery {
  readonly id: number;
  readonly channel: string;
  readonly state: DeliveryState;
  readonly queuedAt: number;
  readonly attempts: number;
  /** When it was sent, given up, merged or dropped. */
  readonly settledAt: number | null;
  /** What the last attempt met; never a secret. */
  readonly error: string | null;
  /** The id of the delivery that told it together with others. */
  readonly mergedInto: number | null;
}

export function toDelivery(row: Selectable<OutboxRow>): Delivery {
  return { id: row.id, channel: row.channel, state: row.state, queuedAt: row.queued_at, attempts: row.attempts, settledAt: row.settled_at, error: row.error, mergedInto: row.merged_into };
}

export interface NoticeWithDeliveries {
  readonly notice: Notice;
  readonly deliveries: readonly Delivery[];
}

export async function withDeliveries(tx: Tx, rows: readonly Selectable<NoticeRow>[]): Promise<NoticeWithDeliveries[]> {
  if (rows.length === 0) return [];
  const outbox = await tx.selectFrom("outbox").selectAll().where("notice_id", "in", rows.map(({ id }) => id)).orderBy("id").execute();
  return rows.map((row) => ({ notice: toNotice(row), deliveries: outbox.filter(({ notice_id }) => notice_id === row.id).map(toDelivery) }));
}

const MOST_OF_ALERT = 200;

/** The notices that told of an alert, oldest first (the newest 200), with what became of each. */
export async function noticesOf(tx: Tx, alertId: number): Promise<NoticeWithDeliveries[]> {
  const ids = (await tx.selectFrom("notice_alert").select("notice_id").where("alert_id", "=", alertId).orderBy("notice_id", "desc").limit(MOST_OF_ALERT).execute()).map(({ notice_id }) => notice_id);
  if (ids.length === 0) return [];
  return await withDeliveries(tx, await tx.selectFrom("notice").selectAll().where("id", "in", ids).orderBy("id").execute());
}
