import type { Generated } from "kysely";
import type { Tx } from "../platform/index.ts";

/** What can happen to an alert, in the words of its time line. */
export const ALERT_EVENTS = [
  "opened",
  "fired",
  "relapsed",
  "worsened",
  "updated",
  "recovering",
  "resolved",
  "acknowledged",
  "unacknowledged",
  "commented",
  "feedback",
  "silenced",
  "health",
] as const;
export type AlertEventKind = (typeof ALERT_EVENTS)[number];

interface AlertEventRow {
  id: Generated<number>;
  alert_id: number;
  at: number;
  kind: string;
  actor_id: string;
  actor_name: string;
  reason: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    alert_event: AlertEventRow;
  }
}

/** Who did it: a person by a key, or the program by itself. */
export interface Doer {
  readonly id: string;
  readonly name: string;
}

export const TILLWATCH: Doer = { id: "tillwatch", name: "tillwatch" };

export interface AlertEvent {
  readonly id: number;
  readonly at: number;
  readonly kind: AlertEventKind;
  readonly doer: Doer;
  readonly reason: string | null;
}

/** Belongs into the transaction of the change that it tells of. */
export async function recordEvent(tx: Tx, alertId: number, kind: AlertEventKind, doer: Doer, reason: string | null, atMs: number): Promise<void> {
  await tx.insertInto("alert_event").values({ alert_id: alertId, at: atMs, kind, actor_id: doer.id, actor_name: doer.name, reason }).execute();
}

/** Read back at most this much of one alert's history: a rule that flaps for weeks must not fill a page. */
const MOST = 500;

/** In the order it happened; of a very long one the newest. */
export async function readHistory(tx: Tx, alertId: number): Promise<AlertEvent[]> {
  const rows = await tx.selectFrom("alert_event").selectAll().where("alert_id", "=", alertId).orderBy("id", "desc").limit(MOST).execute();
  return rows.reverse().map((row) => ({ id: row.id, at: row.at, kind: row.kind as AlertEventKind, doer: { id: row.actor_id, name: row.actor_name }, reason: row.reason }));
}
