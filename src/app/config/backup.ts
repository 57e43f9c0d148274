import { z } from "zod";
import { field } from "../../platform/index.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const keep = z
  .strictObject({
    daily: field.integer(1, 366).default(7).describe("Days of which the newest backup is kept"),
    weekly: field.integer(0, 520).default(4).describe("Weeks"),
    monthly: field.integer(0, 120).default(6).describe("Months"),
  })
  .prefault({});

export const backupSection = z
  .strictObject({
    directory: field.text(4096).default("backups").describe("Where backups are kept, relative to storage.data_dir; better another disk; or off"),
    keep,
    max_age: field.duration(HOUR_MS, 30 * DAY_MS).prefault("30h").describe("A newest backup older than this raises an alert"),
    drill_max_age: field.duration(DAY_MS, 366 * DAY_MS).prefault("9d").describe("So does a last verified drill older than this"),
  })
  .describe("Backups; BACKUP_KEY encrypts them, tasks.backup and tasks.drill say when")
  .prefault({})
  .transform((given) => ({
    directory: given.directory === "off" ? null : given.directory,
    keep: given.keep,
    maxAgeMs: given.max_age,
    drillMaxAgeMs: given.drill_max_age,
  }));
