/** What every room stands on: databases, clock, errors, loops, configuration, logs, HTTP. Knows no word of the domain. */
export * from "./batch.ts";
export * from "./clock.ts";
export * from "./config.ts";
export * from "./errors.ts";
export * from "./http/index.ts";
export { type Journal, type JournalTrouble, openJournal, requireWritableDirectory } from "./journal.ts";
export { createLog, type Logger } from "./log.ts";
export * from "./loop.ts";
export { type Mailer, type MailOutcome, openMailer, type SmtpSettings } from "./mail.ts";
export * from "./redact.ts";
export { inChunks } from "./db/chunks.ts";
export { type Database, databaseTrouble, isUnavailable } from "./db/database.ts";
export { type Dialect } from "./db/dialect.ts";
export { migrate, type Migration } from "./db/migrate.ts";
export { openPostgres, type PostgresDatabase, prepareSchema } from "./db/postgres.ts";
export { openScratch, type Scratch } from "./db/scratch.ts";
export { openSqlite, type SqliteDatabase } from "./db/sqlite.ts";
export { type Tables, type Tx } from "./db/tables.ts";
