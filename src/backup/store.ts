import type { Generated, Selectable } from "kysely";
import type { Tx } from "../platform/index.ts";

/** One attempt at keeping a backup in one target. */
interface BackupRow {
  no: Generated<number>;
  /** Null when it failed before there was one. */
  backup_id: string | null;
  target: string;
  outcome: "ok" | "failed";
  /** The moment that it stands for, ms UTC. */
  snapshot_at: number;
  finished_at: number;
  bytes: number | null;
  encrypted: number;
  error: string | null;
  /** When rotation let it go. */
  removed_at: Generated<number | null>;
}

interface DrillRow {
  no: Generated<number>;
  started_at: number;
  finished_at: number;
  outcome: DrillOutcome;
  backup_id: string | null;
  target: string;
  /** From the order to a usable database, ms; null when none came of it. */
  recovery_time_ms: number | null;
  /** How old the restored state was, ms; null when none came of it. */
  recovery_point_ms: number | null;
  /** JSON of the steps. */
  evidence: string;
}

/** `verified`: everything was the same. `failed`: it would not have saved us. `inconclusive`: could not be found out. */
export type DrillOutcome = "verified" | "failed" | "inconclusive";

declare module "../platform/db/tables.ts" {
  interface Tables {
    backup: BackupRow;
    drill: DrillRow;
  }
}

export interface BackupRecord {
  readonly no: number;
  readonly backupId: string | null;
  readonly target: string;
  readonly outcome: "ok" | "failed";
  readonly snapshotAt: number;
  readonly finishedAt: number;
  readonly bytes: number | null;
  readonly encrypted: boolean;
  readonly error: string | null;
  readonly removedAt: number | null;
}

const fromRow = (row: Selectable<BackupRow>): BackupRecord => ({
  no: row.no,
  backupId: row.backup_id,
  target: row.target,
  outcome: row.outcome,
  snapshotAt: row.snapshot_at,
  finishedAt: row.finished_at,
  bytes: row.bytes,
  encrypted: row.encrypted === 1,
  error: row.error,
  removedAt: row.removed_at,
});

/** Notes that rotation let backups of a target go. */
export async function markRemoved(tx: Tx, target: string, ids: readonly string[], nowMs: number): Promise<void> {
  if (ids.length > 0) await tx.updateTable("backup").set({ removed_at: nowMs }).where("target", "=", target).where("backup_id", "in", ids).execute();
}

export async function insertBackup(tx: Tx, { backupId, target, outcome, snapshotAt, finishedAt, bytes, encrypted, error }: Omit<BackupRecord, "no" | "removedAt">): Promise<void> {
  await tx.insertInto("backup").values({ backup_id: backupId, target, outcome, snapshot_at: snapshotAt, finished_at: finishedAt, bytes, encrypted: encrypted ? 1 : 0, error }).execute();
}

/** Attempts, newest first. `beforeNo` is the number of the last one of the page before. */
export async function readBackups(tx: Tx, page: { readonly limit: number; readonly beforeNo?: number }): Promise<BackupRecord[]> {
  let query = tx.selectFrom("backup").selectAll().orderBy("no", "desc").limit(page.limit);
  if (page.beforeNo !== undefined) query = query.where("no", "<", page.beforeNo);
  return (await query.execute()).map(fromRow);
}

const MOST_OF_PERIOD = 5000;

/** Attempts that ended in [fromMs, toMs), ms UTC, newest first; at most 5000. */
export async function backupsBetween(tx: Tx, fromMs: number, toMs: number): Promise<BackupRecord[]> {
  return (await tx.selectFrom("backup").selectAll().where("finished_at", ">=", fromMs).where("finished_at", "<", toMs).orderBy("no", "desc").limit(MOST_OF_PERIOD).execute()).map(fromRow);
}

/** The last backup that was there at a time (ms UTC), whether or not it was let go since; null when there was none. */
export async function lastBackupBefore(tx: Tx, ms: number): Promise<BackupRecord | null> {
  const row = await tx.selectFrom("backup").selectAll().where("outcome", "=", "ok").where("finished_at", "<", ms).orderBy("no", "desc").limit(1).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** The last attempt with this outcome at a target; null when there is none. */
export async function lastBackup(tx: Tx, target: string, outcome: "ok" | "failed"): Promise<BackupRecord | null> {
  const row = await tx.selectFrom("backup").selectAll().where("target", "=", target).where("outcome", "=", outcome).orderBy("no", "desc").limit(1).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** A step of a drill: what was looked at, and what was found. */
export interface DrillStep {
  readonly step: "find" | "open" | "restore" | "integrity" | "counts" | "migrate" | "replay" | "completeness";
  readonly result: "ok" | "failed" | "inconclusive" | "skipped";
  readonly text: string;
  readonly ms: number;
}

export interface Drill {
  readonly no: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly outcome: DrillOutcome;
  readonly backupId: string | null;
  readonly target: string;
  readonly recoveryTimeMs: number | null;
  readonly recoveryPointMs: number | null;
  readonly steps: readonly DrillStep[];
}

const toDrill = (row: Selectable<DrillRow>): Drill => ({
  no: row.no,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  outcome: row.outcome,
  backupId: row.backup_id,
  target: row.target,
  recoveryTimeMs: row.recovery_time_ms,
  recoveryPointMs: row.recovery_point_ms,
  steps: JSON.parse(row.evidence) as DrillStep[],
});

export async function insertDrill(tx: Tx, drill: Omit<Drill, "no">): Promise<Drill> {
  const row = await tx
    .insertInto("drill")
    .values({
      started_at: drill.startedAt,
      finished_at: drill.finishedAt,
      outcome: drill.outcome,
      backup_id: drill.backupId,
      target: drill.target,
      recovery_time_ms: drill.recoveryTimeMs,
      recovery_point_ms: drill.recoveryPointMs,
      evidence: JSON.stringify(drill.steps),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toDrill(row);
}

/** Drills, newest first. `beforeNo` is the number of the last one of the page before. */
export async function readDrills(tx: Tx, page: { readonly limit: number; readonly beforeNo?: number }): Promise<Drill[]> {
  let query = tx.selectFrom("drill").selectAll().orderBy("no", "desc").limit(page.limit);
  if (page.beforeNo !== undefined) query = query.where("no", "<", page.beforeNo);
  return (await query.execute()).map(toDrill);
}

/** Drills that ended in [fromMs, toMs), ms UTC, newest first; at most 5000. */
export async function drillsBetween(tx: Tx, fromMs: number, toMs: number): Promise<Drill[]> {
  return (await tx.selectFrom("drill").selectAll().where("finished_at", ">=", fromMs).where("finished_at", "<", toMs).orderBy("no", "desc").limit(MOST_OF_PERIOD).execute()).map(toDrill);
}

/** The last drill, or the last one that was verified; null when there is none. */
export async function lastDrill(tx: Tx, outcome?: DrillOutcome): Promise<Drill | null> {
  let query = tx.selectFrom("drill").selectAll().orderBy("no", "desc").limit(1);
  if (outcome !== undefined) query = query.where("outcome", "=", outcome);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : toDrill(row);
}
