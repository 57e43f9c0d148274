import { createReadStream, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { backup as copyPages, DatabaseSync } from "node:sqlite";
import type { PoolClient } from "pg";
import { sql } from "kysely";
import { AppError, copyOut, type Database, openSqlite, type PostgresDatabase, type SqliteDatabase } from "../platform/index.ts";
import type { Entry } from "./archive.ts";
import { contentsOf, type Figures, migrationsOf, tablesOf } from "./contents.ts";
import type { Contents } from "./manifest.ts";

/** A database as it stood at one moment, while others go on writing. */
export interface Snapshot {
  readonly contents: Contents;
  readonly migrations: readonly string[];
  entries(): AsyncIterable<Entry>;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  readonly figures: Figures;
  /** A name for a file that may be as large as the database; used on SQLite. */
  readonly scratch: string;
  /** Told of the part that reads the database, 0 to 1. Throwing breaks off. */
  onProgress(share: number): void;
}

export const SQLITE_ENTRY = "database.sqlite";

/** 16 MiB at a time: more often would cost as much again (measured), more seldom would show no progress. */
const PAGES = 4096;

export async function removeSqlite(file: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) await rm(file + suffix, { force: true });
}

/** `pragma quick_check` or `integrity_check`. @throws AppError `unprocessable` `database_damaged` with what it says. */
export async function assertSound(db: SqliteDatabase, thorough: boolean): Promise<void> {
  const { rows } = await (thorough ? sql<Record<string, string>>`pragma integrity_check(5)` : sql<Record<string, string>>`pragma quick_check(5)`).execute(db.read);
  const said = rows.flatMap((row) => Object.values(row));
  if (said.length !== 1 || said[0] !== "ok") throw new AppError("unprocessable", `SQLite finds the database damaged: ${said.join("; ").slice(0, 500)}`, { code: "database_damaged" });
}

/**
 * Copies the file page by page within one read transaction, so that commits made meanwhile are neither in the copy nor
 * held up by it; the WAL grows until the copy is done. The copy is checked and counted, not the live file.
 */
async function sqliteSnapshot(db: SqliteDatabase, { figures, scratch, onProgress }: SnapshotOptions): Promise<Snapshot> {
  const source = new DatabaseSync(db.file, { readOnly: true, timeout: 5000 });
  try {
    // The snapshot is taken by the first read, not by `begin`.
    source.exec("begin");
    source.prepare("select count(*) from sqlite_master").get();
    await copyPages(source, scratch, { rate: PAGES, progress: ({ totalPages, remainingPages }) => onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages) });
    source.exec("commit");
  } finally {
    source.close();
  }
  const copy = openSqlite(scratch);
  try {
    await assertSound(copy, false);
    const [contents, migrations] = [await contentsOf(copy.read, "sqlite", figures), await migrationsOf(copy.read)];
    await copy.close();
    const size = statSync(scratch).size;
    return {
      contents: { ...contents, raw_bytes: size },
      migrations,
      entries: async function* () {
        yield { name: SQLITE_ENTRY, about: { bytes: size }, bytes: createReadStream(scratch, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer> };
      },
      close: () => removeSqlite(scratch),
    };
  } catch (error) {
    await copy.close().catch(() => {});
    throw error;
  }
}

interface TableShape {
  readonly columns: string[];
  /** Columns that number themselves, and the number given out last; null before the first. */
  readonly identities: Record<string, number | null>;
}

/** Where a table's own numbers stand. Read after the snapshot was taken, so never below any number in it. */
async function shapeOf(client: PoolClient, table: string): Promise<TableShape> {
  const { rows } = await client.query<{ name: string; identity: string; sequence: string | null }>(
    `select attname as name, attidentity as identity, pg_get_serial_sequence(quote_ident(current_schema()) || '.' || quote_ident($1), attname) as sequence
     from pg_attribute where attrelid = (quote_ident(current_schema()) || '.' || quote_ident($1))::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  const identities: TableShape["identities"] = {};
  for (const { name, identity, sequence } of rows) {
    if (identity === "" || sequence === null) continue;
    const { rows: last } = await client.query<{ n: number | null }>(`select case when is_called then last_value end as n from ${sequence}`);
    identities[name] = last[0]?.n ?? null;
  }
  return { columns: rows.map(({ name }) => name), identities };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Order in which rows can be put in: a table after those that it refers to. */
async function inOrder(client: PoolClient, tables: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select f.relname as "from", t.relname as "to" from pg_constraint c join pg_class f on f.oid = c.conrelid join pg_class t on t.oid = c.confrelid
     where c.contype = 'f' and c.connamespace = current_schema()::regnamespace and f.oid <> t.oid`,
  );
  const ordered: string[] = [];
  const left = new Set(tables);
  while (left.size > 0) {
    const ready = [...left].filter((table) => !rows.some(({ from, to }) => from === table && left.has(to)));
    // A circle of references has no order; none of our schemas has one.
    for (const table of ready.length === 0 ? [...left] : ready) {
      ordered.push(table);
      left.delete(table);
    }
  }
  return ordered;
}

/**
 * Reads all tables within one repeatable-read transaction, by `copy … to stdout`: what the database itself prints and
 * reads, across its versions and without client tools. Writers are not held up; changes of the schema wait.
 */
async function postgresSnapshot(db: PostgresDatabase, { figures, onProgress }: SnapshotOptions): Promise<Snapshot> {
  const client = await db.pool.connect();
  const close = async (): Promise<void> => {
    // A connection in the middle of a copy is of no more use.
    const broken = await client.query("rollback").then(() => false, () => true);
    client.release(broken);
  };
  try {
    await client.query("begin isolation level repeatable read read only; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0");
    const { rows } = await client.query<{ id: string }>("select pg_export_snapshot() as id");
    const counted = await db.read
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute(async (tx) => {
        await sql.raw(`set transaction snapshot '${rows[0]?.id ?? ""}'`).execute(tx);
        await sql`set local statement_timeout = 0`.execute(tx);
        return { contents: await contentsOf(tx, "postgres", figures), migrations: await migrationsOf(tx), tables: await tablesOf(tx, "postgres") };
      });
    const tables = await inOrder(client, counted.tables);
    const total = Math.max(1, Object.values(counted.contents.tables).reduce((sum, n) => sum + n, 0));
    let done = 0;
    return {
      contents: counted.contents,
      migrations: counted.migrations,
      entries: async function* () {
        for (const table of tables) {
          const shape = await shapeOf(client, table);
          const copy = copyOut(client, `copy ${quoted(table)} (${shape.columns.map(quoted).join(", ")}) to stdout`);
          yield { name: table, about: { ...shape, rows: counted.contents.tables[table] ?? 0 }, bytes: copy.bytes };
          const rowsRead = copy.rows();
          if (rowsRead !== counted.contents.tables[table]) throw new AppError("internal", `${rowsRead} rows of ${table} were read, and ${counted.contents.tables[table] ?? 0} counted, in one snapshot`, { code: "snapshot_inconsistent" });
          done += rowsRead;
          onProgress(done / total);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function takeSnapshot(db: Database, options: SnapshotOptions): Promise<Snapshot> {
  return db.kind === "sqlite" ? await sqliteSnapshot(db, options) : await postgresSnapshot(db, options);
}
