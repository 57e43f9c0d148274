import { sql } from "kysely";
import type { Tx } from "../platform/index.ts";
import { type Drill, toDrill } from "./drill.ts";

/** What became of the notices of a period on their way to one channel. */
export interface ChannelTally {
  readonly channel: string;
  readonly sent: number;
  /** Told together with others, after the channel had been away. */
  readonly merged: number;
  /** Given up on. */
  readonly dead: number;
  readonly waiting: number;
  /** Its channel was taken out of the configuration. */
  readonly dropped: number;
  readonly failedAttempts: number;
  /** From the outbox to the other side, ms, of those that were sent; the lower of the two in the middle. Null of none. */
  readonly medianMs: number | null;
  /** 95 of 100 were as quick. */
  readonly slowMs: number | null;
}

type Counted = Omit<ChannelTally, "medianMs" | "slowMs">;

/** Notices that a period's alerts made: neither drills nor tests. */
const meant = (fromMs: number, toMs: number) => sql`notice.created_at >= ${fromMs} and notice.created_at < ${toMs} and notice.drill = 0 and notice.reason <> 'test'`;

async function latency(tx: Tx, channel: string, fromMs: number, toMs: number, place: number): Promise<number | null> {
  const { rows } = await sql<{ ms: number }>`
    select outbox.settled_at - outbox.queued_at as ms from notice join outbox on outbox.notice_id = notice.id
    where ${meant(fromMs, toMs)} and outbox.channel = ${channel} and outbox.state = 'sent' order by ms limit 1 offset ${place}`.execute(tx);
  return rows[0]?.ms ?? null;
}

/** Counts the notices that were made in [fromMs, toMs), ms UTC, by channel, in the order of their names. */
export async function tallyNotices(tx: Tx, fromMs: number, toMs: number): Promise<{ readonly notices: number; readonly channels: readonly ChannelTally[] }> {
  const { rows: counted } = await sql<{ n: number }>`select count(*) as n from notice where ${meant(fromMs, toMs)}`.execute(tx);
  const count = (state: string) => sql`count(case when outbox.state = ${state} then 1 end)`;
  const { rows } = await sql<Counted>`
    select outbox.channel as channel, ${count("sent")} as sent, ${count("merged")} as merged, ${count("dead")} as dead, ${count("queued")} as waiting, ${count("dropped")} as dropped,
      cast(coalesce(sum((select count(*) from notice_attempt where notice_attempt.outbox_id = outbox.id and notice_attempt.outcome <> 'sent')), 0) as bigint) as ${sql.id("failedAttempts")}
    from notice join outbox on outbox.notice_id = notice.id where ${meant(fromMs, toMs)} group by outbox.channel order by outbox.channel`.execute(tx);
  const channels: ChannelTally[] = [];
  for (const row of rows) {
    const at = (place: number) => (row.sent === 0 ? null : latency(tx, row.channel, fromMs, toMs, place));
    channels.push({ ...row, medianMs: await at(Math.floor((row.sent - 1) / 2)), slowMs: await at(Math.ceil(row.sent * 0.95) - 1) });
  }
  return { notices: counted[0]?.n ?? 0, channels };
}

const MOST_DRILLS = 500;

/** Alert drills that began in [fromMs, toMs), ms UTC, newest first; the newest 500. */
export async function drillsBetween(tx: Tx, fromMs: number, toMs: number): Promise<Drill[]> {
  return (await tx.selectFrom("notify_drill").selectAll().where("started_at", ">=", fromMs).where("started_at", "<", toMs).orderBy("id", "desc").limit(MOST_DRILLS).execute()).map(toDrill);
}
