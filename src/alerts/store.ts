import type { Generated, Selectable } from "kysely";
import { AppError, type Tx } from "../platform/index.ts";
import type { AlertState, OpenAlert } from "./lifecycle.ts";

interface AlertRow {
  id: Generated<number>;
  rule: string;
  state: string;
  severity: string;
  opened_at: number;
  fired_at: number | null;
  recovering_at: number | null;
  resolved_at: number | null;
  value: number;
  summary: string;
  updated_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    alert: AlertRow;
  }
}

/** An alert as it was or is: one incident of one rule. Times in ms UTC. */
export interface Alert {
  readonly id: number;
  readonly rule: string;
  readonly state: AlertState;
  readonly severity: "WARNING" | "CRITICAL";
  readonly openedAt: number;
  readonly firedAt: number | null;
  readonly recoveringAt: number | null;
  readonly resolvedAt: number | null;
  readonly value: number;
  readonly summary: string;
}

function toAlert(row: Selectable<AlertRow>): Alert {
  return {
    id: row.id,
    rule: row.rule,
    state: row.state as AlertState,
    severity: row.severity as Alert["severity"],
    openedAt: row.opened_at,
    firedAt: row.fired_at,
    recoveringAt: row.recovering_at,
    resolvedAt: row.resolved_at,
    value: row.value,
    summary: row.summary,
  };
}

/** At most one per rule, in the order of the rules' names: that of the index which holds the open ones alone. */
export async function openAlerts(tx: Tx): Promise<Alert[]> {
  return (await tx.selectFrom("alert").selectAll().where("resolved_at", "is", null).orderBy("rule").execute()).map(toAlert);
}

interface Told {
  readonly severity: Alert["severity"];
  readonly value: number;
  readonly summary: string;
}

export async function insertAlert(tx: Tx, rule: string, next: OpenAlert, told: Told, nowMs: number): Promise<void> {
  await tx
    .insertInto("alert")
    .values({
      rule,
      state: next.state,
      opened_at: next.openedAt,
      fired_at: next.firedAt,
      recovering_at: next.recoveringAt,
      resolved_at: null,
      updated_at: nowMs,
      severity: told.severity,
      value: told.value,
      summary: told.summary,
    })
    .execute();
}

export async function updateAlert(tx: Tx, id: number, next: OpenAlert, told: Told | null, nowMs: number): Promise<void> {
  await tx
    .updateTable("alert")
    .set({ state: next.state, fired_at: next.firedAt, recovering_at: next.recoveringAt, updated_at: nowMs, ...told })
    .where("id", "=", id)
    .execute();
}

export async function resolveAlert(tx: Tx, id: number, nowMs: number): Promise<void> {
  await tx.updateTable("alert").set({ state: "resolved", resolved_at: nowMs, updated_at: nowMs }).where("id", "=", id).execute();
}

/** An alert that never fired leaves no trace: nobody was told of it. */
export async function dropAlert(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom("alert").where("id", "=", id).execute();
}

export interface AlertFilter {
  readonly state?: AlertState | "open" | undefined;
  readonly rule?: string | undefined;
}

/** Newest first. The cursor is the `next_cursor` of the page before. */
export async function listAlerts(tx: Tx, filter: AlertFilter, limit: number, cursor: string | null): Promise<{ alerts: Alert[]; nextCursor: string | null }> {
  if (cursor !== null && !/^\d{1,15}$/.test(cursor)) {
    throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  }
  let query = tx.selectFrom("alert").selectAll().orderBy("id", "desc").limit(limit + 1);
  if (cursor !== null) query = query.where("id", "<", Number(cursor));
  if (filter.rule !== undefined) query = query.where("rule", "=", filter.rule);
  // Ids first: ordered by id, SQLite would walk back through all there ever were to find the few open ones.
  if (filter.state === "open") query = query.where("id", "in", tx.selectFrom("alert").select("id").where("resolved_at", "is", null));
  else if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  // A pending one may come to nothing, and then it leaves no trace: it is shown to who asks for it.
  else query = query.where("state", "<>", "pending");
  const rows = await query.execute();
  const alerts = rows.slice(0, limit).map(toAlert);
  return { alerts, nextCursor: rows.length > limit ? String(alerts.at(-1)?.id) : null };
}

export async function getAlert(tx: Tx, id: number): Promise<Alert | null> {
  const row = await tx.selectFrom("alert").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toAlert(row);
}
