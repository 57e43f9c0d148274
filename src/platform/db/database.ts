import { AppError } from "../errors.ts";
import type { Dialect } from "./dialect.ts";
import type { PostgresDatabase } from "./postgres.ts";
import type { SqliteDatabase } from "./sqlite.ts";
import type { Tx } from "./tables.ts";

/** What both databases offer. A room sees no more than this, but for the one hot path (the ledger's append). */
export interface DatabaseBase {
  readonly dialect: Dialect;
  /** For reading outside a transaction; each statement sees its own snapshot. */
  readonly read: Tx;
  /**
   * Runs a step in one write transaction: committed (on SQLite with fsync) when the promise resolves, rolled back when
   * the step throws. Never call the network, and never `write` again, from inside.
   */
  write<T>(step: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type Database = SqliteDatabase | PostgresDatabase;

/**
 * True for the failures that pass or that an operator must mend outside the program (disk full, file gone, server
 * away or too slow, connection cut, too many connections), false for a fault in what we asked.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === "unavailable";
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "ERR_SQLITE_ERROR") {
    const primary = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : -1;
    // busy, locked, nomem, readonly, interrupt, ioerr, corrupt, full, cantopen, notadb
    return [5, 6, 7, 8, 9, 10, 11, 13, 14, 26].includes(primary);
  }
  if (code === "ERR_INVALID_STATE") return true;
  // PostgreSQL classes: 08 connection, 53 resources, 57P shutdown, 58 system, 40 serialization; 57014 a statement that was
  // cut short (by its time limit or an operator), 25006 read-only.
  if (/^(08|53|57P|58|40)/.test(code) || code === "57014" || code === "25006") return true;
  if (/^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|ENOSPC|EIO)/.test(code)) return true;
  return /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable/i.test(
    error.message,
  );
}

/** One line, safe to show: what kind of trouble the database has, without SQL, paths or addresses. */
export function databaseTrouble(error: unknown): string {
  if (!(error instanceof Error)) return "the database failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const errcode = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : -1;
  if (errcode === 13 || code === "53100" || code === "ENOSPC") return "the disk is full";
  if (errcode === 8 || code === "25006") return "the database is read-only";
  if (errcode === 5 || errcode === 6) return "the database is locked by another process";
  if (errcode === 11 || errcode === 26) return "the database file is damaged";
  if (isUnavailable(error)) return "the database cannot be reached";
  return "the database refused the statement";
}
