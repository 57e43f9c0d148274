import type { Generated, Selectable } from "kysely";
import { inChunks, type Tx } from "../platform/index.ts";
import type { AlertChange, AlertNews } from "./news.ts";

interface NewsRow {
  id: Generated<number>;
  alert_id: number;
  change: string;
  at: number;
  body: string;
}

interface KnownAlertRow {
  alert_id: number;
  state: "firing" | "resolved";
  known_at: number;
  acknowledged_at: number | null;
  updated_at: number;
  unplanned: number;
  closed_at: number | null;
  body: string;
  suppressed: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_news: NewsRow;
    notify_alert: KnownAlertRow;
  }
}

/** An alert as this room knows it. Times in ms UTC. */
export interface KnownAlert {
  readonly id: number;
  readonly state: "firing" | "resolved";
  /** When we were first told that it fires. */
  readonly knownAt: number;
  readonly acknowledgedAt: number | null;
  readonly updatedAt: number;
  /** Why it is not told of, in words, as of the last planning; null when it is. */
  readonly suppressed: string | null;
  /** The latest news of it. */
  readonly news: AlertNews;
}

function toKnown(row: Selectable<KnownAlertRow>): KnownAlert {
  return { id: row.alert_id, state: row.state, knownAt: row.known_at, acknowledgedAt: row.acknowledged_at, updatedAt: row.updated_at, suppressed: row.suppressed, news: JSON.parse(row.body) as AlertNews };
}

export async function insertNews(tx: Tx, news: AlertNews, nowMs: number): Promise<void> {
  await tx.insertInto("notify_news").values({ alert_id: news.alertId, change: news.change, at: nowMs, body: JSON.stringify(news) }).execute();
}

function acknowledgedAt(change: AlertChange, before: number | null, nowMs: number): number | null {
  switch (change) {
    case "acknowledged":
      return nowMs;
    case "unacknowledged":
    case "fired":
    // What was acknowledged was less than this.
    case "worsened":
      return null;
    case "relapsed":
    case "updated":
    case "recovering":
    case "resolved":
      return before;
  }
}

/** Moves the alert on to what the news say, and marks it for planning. One that had ended fires anew. */
export async function upsertAlert(tx: Tx, news: AlertNews, nowMs: number): Promise<void> {
  const before = await tx.selectFrom("notify_alert").selectAll().where("alert_id", "=", news.alertId).executeTakeFirst();
  const anew = before === undefined || (before.state === "resolved" && news.change !== "resolved");
  const row = {
    state: news.change === "resolved" ? ("resolved" as const) : ("firing" as const),
    known_at: anew ? nowMs : before.known_at,
    acknowledged_at: acknowledgedAt(news.change, anew ? null : before.acknowledged_at, nowMs),
    updated_at: nowMs,
    unplanned: 1,
    // Told of the end of something we never heard of: there is nothing to tell, and planning closes it.
    closed_at: null,
    body: JSON.stringify(news),
  };
  await tx
    .insertInto("notify_alert")
    .values({ alert_id: news.alertId, suppressed: null, ...row })
    .onConflict((conflict) => conflict.column("alert_id").doUpdateSet(row))
    .execute();
}

/** The alerts of which somebody may still have to be told something, oldest first. */
export async function readOpenAlerts(tx: Tx): Promise<KnownAlert[]> {
  return (await tx.selectFrom("notify_alert").selectAll().where("closed_at", "is", null).orderBy("alert_id").execute()).map(toKnown);
}

/** Everything that was ever said of an alert, oldest first. */
export async function readNews(tx: Tx, alertId: number): Promise<{ readonly at: number; readonly news: AlertNews }[]> {
  const rows = await tx.selectFrom("notify_news").select(["at", "body"]).where("alert_id", "=", alertId).orderBy("id").execute();
  return rows.map(({ at, body }) => ({ at, news: JSON.parse(body) as AlertNews }));
}

/** These alerts as they stand, closed or not. */
export async function knownAlerts(tx: Tx, ids: readonly number[]): Promise<KnownAlert[]> {
  const found: KnownAlert[] = [];
  for (const some of inChunks(ids, 256)) found.push(...(await tx.selectFrom("notify_alert").selectAll().where("alert_id", "in", some).execute()).map(toKnown));
  return found;
}
