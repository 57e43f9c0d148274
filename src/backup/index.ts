/** Backups that are proven by restoring them: made while the service goes on, kept elsewhere, drilled every week. */
import "./store.ts";

export { findBackup, type Listed, listBackups, type Wanted } from "./catalog.ts";
export { createBackup, type Created, type CreateOptions } from "./create.ts";
export type { Figures } from "./contents.ts";
export { directoryTarget } from "./directory.ts";
export { type DrillOptions, drillRestore, type Proof } from "./drill.ts";
export { type BackupVerdict, judgeBackups, judgeDrills } from "./judge.ts";
export type { Manifest, Total } from "./manifest.ts";
export { backupMigrations } from "./migrations/index.ts";
export { type Verified, verifyBackup } from "./open.ts";
export { type Place, restoreBackup, type Restored, type RestoreOptions } from "./restore.ts";
export { type BackupRoutes, backupRoutes, showDrill } from "./routes.ts";
export type { Keep } from "./rotate.ts";
export { type BackupRecord, backupsBetween, type Drill, type DrillOutcome, drillsBetween, type DrillStep, lastBackup, lastBackupBefore, lastDrill, readBackups } from "./store.ts";
export type { S3Settings } from "./bucket.ts";
export { s3Target } from "./s3.ts";
export type { Target } from "./target.ts";
