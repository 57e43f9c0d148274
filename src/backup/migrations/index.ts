import type { Migration } from "../../platform/index.ts";

/** The record of backups and drills; the backups themselves say what they are in their manifests. */
const backups: Migration = {
  name: "backup/0001_backups",
  statements: (ddl) => [
    `create table backup (
      no ${ddl.id},
      backup_id text,
      target text not null,
      outcome text not null check (outcome in ('ok', 'failed')),
      snapshot_at ${ddl.int} not null,
      finished_at ${ddl.int} not null,
      bytes ${ddl.int},
      encrypted ${ddl.int} not null,
      error text,
      removed_at ${ddl.int}
    )`,
    "create index backup_target on backup (target, outcome, no)",
    `create table drill (
      no ${ddl.id},
      started_at ${ddl.int} not null,
      finished_at ${ddl.int} not null,
      outcome text not null check (outcome in ('verified', 'failed', 'inconclusive')),
      backup_id text,
      target text not null,
      recovery_time_ms ${ddl.int},
      recovery_point_ms ${ddl.int},
      evidence text not null
    )`,
    "create index drill_outcome on drill (outcome, no)",
  ],
};

export const backupMigrations: readonly Migration[] = [backups];
