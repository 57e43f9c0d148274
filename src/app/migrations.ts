import type { Migration } from "../platform/index.ts";
import { accessMigrations } from "../access/index.ts";
import { alertMigrations } from "../alerts/index.ts";
import { backupMigrations } from "../backup/index.ts";
import { healthMigrations } from "../health/index.ts";
import { ingestMigrations } from "../ingest/index.ts";
import { ledgerMigrations } from "../ledger/index.ts";
import { metricsMigrations } from "../metrics/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { onCallMigrations } from "../oncall/index.ts";
import { operationMigrations } from "../operations/index.ts";
import { paymentsMigrations } from "../payments/index.ts";
import { sloMigrations } from "../slo/index.ts";
import { pricingMigrations } from "../pricing/index.ts";
import { taskMigrations } from "../tasks/index.ts";
import { nodeMigrations } from "./nodes.ts";
import { pulseMigrations } from "./pulse.ts";

/** Every room's migrations, in the order they are applied to a new database. */
export const migrations: readonly Migration[] = [
  ...ledgerMigrations,
  ...ingestMigrations,
  ...accessMigrations,
  ...paymentsMigrations,
  ...metricsMigrations,
  ...alertMigrations,
  ...taskMigrations,
  ...operationMigrations,
  ...notifyMigrations,
  ...backupMigrations,
  ...pricingMigrations,
  ...onCallMigrations,
  ...nodeMigrations,
  ...sloMigrations,
  ...healthMigrations,
  ...pulseMigrations,
];
