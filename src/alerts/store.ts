import type { Generated, Selectable } from "kysely";
import { AppError, type Tx } from "../platform/index.ts";
import type { Alert, AlertEvidence, AlertResolution, AlertSeverity, Feedback, RuleHealth, Told } from "./alert.ts";
import type { AlertState, OpenAlert } from "./lifecycle.ts";

interface AlertRow {
  id: Generated<number>;
  key: string;
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
  subject: string;
  title: string;
  /** JSON lists of texts. */
  details: string;
  todo: string;
  stake_currency: string | null;
  stake_minor: number | null;
  /** JSON object of texts. */
  labels: string;
  /** JSON, `AlertEvidence`. */
  evidence: string | null;
  started_at: number | null;
  acked_by: string | null;
  acked_at: number | null;
  ack_note: string | null;
  health: Generated<string>;
  drill: Generated<number>;
  resolution: string | null;
  feedback: string | null;
  held: Generated<number>;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    alert: AlertRow;
  }
}

export function toAlert(row: Selectable<AlertRow>): Alert {
  return {
    id: row.id,
    key: row.key,
    rule: row.rule,
    state: row.state as AlertState,
    severity: row.severity as AlertSeverity,
    openedAt: row.opened_at,
    firedAt: row.fired_at,
    recoveringAt: row.recovering_at,
    resolvedAt: row.resolved_at,
    value: row.value,
    summary: row.summary,
    subject: row.subject,
    // Alerts from before there were titles have their summary.
    title: row.title === "" ? row.summary : row.title,
    details: JSON.parse(row.details) as string[],
    todo: JSON.parse(row.todo) as string[],
    stake: row.stake_currency === null || row.stake_minor === null ? null : { currency: row.stake_currency, minor: row.stake_minor },
    labels: JSON.parse(row.labels) as Record<string, string>,
    evidence: row.evidence === null ? null : (JSON.parse(row.evidence) as AlertEvidence),
    startedAt: row.started_at,
    acknowledged: row.acked_by === null || row.acked_at === null ? null : { by: row.acked_by, at: row.acked_at, note: row.ack_note },
    health: row.health as RuleHealth,
    drill: row.drill === 1,
    resolution: row.resolution as AlertResolution | null,
    feedback: row.feedback as Feedback | null,
  };
}

function toldColumns(told: Told) {
  return {
    severity: told.severity,
    value: told.value,
    summary: told.summary,
    subject: told.subject,
    title: told.title,
    details: JSON.stringify(told.details),
    todo: JSON.stringify(told.todo),
    stake_currency: told.stake?.currency ?? null,
    stake_minor: told.stake?.minor ?? null,
    labels: JSON.stringify(told.labels),
    evidence: told.evidence === null ? null : JSON.stringify(told.evidence),
    started_at: told.startedAt,
  };
}

/** At most one per key, in the order of the keys: that of the index which holds the open ones alone. */
export async function openAlerts(tx: Tx): Promise<Alert[]> {
  return (await tx.selectFrom("alert").selectAll().where("resolved_at", "is", null).orderBy("key").execute()).map(toAlert);
}

/** Keys that a person ended while it went on: they do not fire again until they were well once. With the severity they had. */
export async function heldKeys(tx: Tx): Promise<ReadonlyMap<string, { readonly severity: AlertSeverity; readonly since: number }>> {
  const rows = await tx.selectFrom("alert").select(["key", "severity", "resolved_at"]).where("held", "=", 1).orderBy("id").execute();
  return new Map(rows.map(({ key, severity, resolved_at }) => [key, { severity: severity as AlertSeverity, since: resolved_at ?? 0 }]));
}

export async function releaseKey(tx: Tx, key: string): Promise<void> {
  await tx.updateTable("alert").set({ held: 0 }).where("key", "=", key).where("held", "=", 1).execute();
}

export interface NewAlert {
  readonly key: string;
  readonly rule: string;
  readonly drill?: boolean;
}

/** Answers its id. */
export async function insertAlert(tx: Tx, { key, rule, drill }: NewAlert, next: OpenAlert, told: Told, nowMs: number): Promise<number> {
  const { id } = await tx
    .insertInto("alert")
    .values({
      key,
      rule,
      state: next.state,
      opened_at: next.openedAt,
      fired_at: next.firedAt,
      recovering_at: next.recoveringAt,
      resolved_at: null,
      updated_at: nowMs,
      acked_by: null,
      acked_at: null,
      ack_note: null,
      drill: drill === true ? 1 : 0,
      resolution: null,
      feedback: null,
      ...toldColumns(told),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function updateAlert(tx: Tx, id: number, next: OpenAlert, told: Told | null, nowMs: number): Promise<void> {
  await tx
    .updateTable("alert")
    .set({ state: next.state, fired_at: next.firedAt, recovering_at: next.recoveringAt, updated_at: nowMs, ...(told === null ? {} : toldColumns(told)) })
    .where("id", "=", id)
    .execute();
}

/** @param held it still goes on: it does not fire again until it was well once. */
export async function resolveAlert(tx: Tx, id: number, resolution: AlertResolution, nowMs: number, held = false): Promise<void> {
  await tx
    .updateTable("alert")
    .set({ state: "resolved", resolved_at: nowMs, updated_at: nowMs, resolution, held: held ? 1 : 0 })
    .where("id", "=", id)
    .execute();
}

/** Null takes the acknowledgement back. */
export async function setAcknowledged(tx: Tx, id: number, acknowledged: Alert["acknowledged"], nowMs: number): Promise<void> {
  await tx
    .updateTable("alert")
    .set({ acked_by: acknowledged?.by ?? null, acked_at: acknowledged?.at ?? null, ack_note: acknowledged?.note ?? null, updated_at: nowMs })
    .where("id", "=", id)
    .execute();
}

export async function setHealth(tx: Tx, id: number, health: RuleHealth): Promise<void> {
  await tx.updateTable("alert").set({ health }).where("id", "=", id).execute();
}

export async function setFeedback(tx: Tx, id: number, feedback: Feedback, nowMs: number): Promise<void> {
  await tx.updateTable("alert").set({ feedback, updated_at: nowMs }).where("id", "=", id).execute();
}

/** An alert that never fired leaves no trace: nobody was told of it. */
export async function dropAlert(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom("alert").where("id", "=", id).execute();
}

export interface AlertFilter {
  readonly state?: AlertState | "open" | undefined;
  readonly rule?: string | undefined;
  readonly severity?: AlertSeverity | undefined;
  readonly subject?: string | undefined;
  /** Opened in `[sinceMs, untilMs)`, ms UTC. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Left out: both. */
  readonly drill?: boolean | undefined;
  readonly acknowledged?: boolean | undefined;
}

/** Newest first. The cursor is the `next_cursor` of the page before. */
export async function listAlerts(tx: Tx, filter: AlertFilter, limit: number, cursor: string | null): Promise<{ alerts: Alert[]; nextCursor: string | null }> {
  if (cursor !== null && !/^\d{1,15}$/.test(cursor)) {
    throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  }
  let query = tx.selectFrom("alert").selectAll().orderBy("id", "desc").limit(limit + 1);
  if (cursor !== null) query = query.where("id", "<", Number(cursor));
  if (filter.rule !== undefined) query = query.where("rule", "=", filter.rule);
  if (filter.severity !== undefined) query = query.where("severity", "=", filter.severity);
  if (filter.subject !== undefined) query = query.where("subject", "=", filter.subject);
  if (filter.sinceMs !== undefined) query = query.where("opened_at", ">=", filter.sinceMs);
  if (filter.untilMs !== undefined) query = query.where("opened_at", "<", filter.untilMs);
  if (filter.drill !== undefined) query = query.where("drill", "=", filter.drill ? 1 : 0);
  if (filter.acknowledged !== undefined) query = query.where("acked_at", filter.acknowledged ? "is not" : "is", null);
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

/** Alerts of the same key that fired before this one, newest first. */
export async function previousAlerts(tx: Tx, { id, rule, key }: Pick<Alert, "id" | "rule" | "key">, limit: number): Promise<Alert[]> {
  const rows = await tx.selectFrom("alert").selectAll().where("rule", "=", rule).where("key", "=", key).where("id", "<", id).where("fired_at", "is not", null).orderBy("id", "desc").limit(limit).execute();
  return rows.map(toAlert);
}

/** Times that a person called expected, of alerts opened since `sinceMs` (ms UTC): not to be learnt from. `untilMs` is null while it lasts. */
export async function expectedMasks(tx: Tx, sinceMs: number): Promise<{ readonly fromMs: number; readonly untilMs: number | null }[]> {
  const rows = await tx.selectFrom("alert").select(["started_at", "opened_at", "resolved_at"]).where("opened_at", ">=", sinceMs).where("feedback", "=", "expected").execute();
  return rows.map(({ started_at, opened_at, resolved_at }) => ({ fromMs: started_at ?? opened_at, untilMs: resolved_at }));
}
