import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { AppError } from "../errors.ts";
import type { DatabaseBase } from "./database.ts";
import { sqliteDialect } from "./dialect.ts";
import type { Tables, Tx } from "./tables.ts";

export interface SqliteDatabase extends DatabaseBase {
  readonly kind: "sqlite";
  readonly file: string;
  /**
   * The write connection itself, alone, inside one transaction: for the ledger's append, where a query builder costs
   * more than the insert. The work is synchronous; it is committed with fsync when the promise resolves.
   */
  exclusive<T>(work: (connection: DatabaseSync) => T): Promise<T>;
  /** A statement of upkeep outside any transaction (`vacuum`, a checkpoint), on the write connection while nobody else writes here. */
  maintain(statement: string): Promise<readonly Record<string, unknown>[]>;
  /** `write`, with the connection of its transaction beside it: for an append that commits together with something else. */
  writeBeside<T>(step: (tx: Tx, connection: DatabaseSync) => Promise<T>): Promise<T>;
}

/** Kept prepared statements per connection; the SQL texts of the program are few, so this is never reached. */
const STATEMENT_CACHE = 500;

/** Page cache of a connection. The system caches the file too; more here saves copies, not reads from disk. */
const CACHE_KIB = 8192;

export interface SqliteOptions {
  writeCacheKib?: number;
  readCacheKib?: number;
}

interface Connection extends DatabaseConnection {
  readonly raw: DatabaseSync;
}

function toInput(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === undefined) throw new TypeError("undefined is no SQL value; pass null");
  // Everything else is checked by node:sqlite itself.
  return value as SQLInputValue;
}

function openConnection(file: string, options: { readOnly: boolean; cacheKib: number }): Connection {
  const raw = new DatabaseSync(file, { timeout: 5000, readOnly: options.readOnly });
  if (!options.readOnly) {
    // The page size counts only before the first table; a larger page fits a block of bodies and halves the tree.
    raw.exec("pragma page_size = 4096; pragma journal_mode = wal; pragma journal_size_limit = 67108864; pragma wal_autocheckpoint = 8000");
  }
  raw.exec(`pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory; pragma secure_delete = fast; pragma cache_size = -${options.cacheKib}`);
  const statements = new Map<string, StatementSync>();
  const prepare = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known) return known;
    if (statements.size >= STATEMENT_CACHE) statements.clear();
    const made = raw.prepare(text);
    statements.set(text, made);
    return made;
  };
  return {
    raw,
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const statement = prepare(query.sql);
      const parameters = query.parameters.map(toInput);
      if (statement.columns().length > 0) return { rows: statement.all(...parameters) as R[] };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
    async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
      // A statement of its own: a cached one could be restarted by someone else in between.
      for (const row of raw.prepare(query.sql).iterate(...query.parameters.map(toInput))) yield { rows: [row as R] };
    },
  };
}

/** A promise chain: whoever holds it is alone with the connection; first come, first served. */
class Turn {
  #last: Promise<void> = Promise.resolve();

  async take(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

function kyselyOver(connection: Connection, turn: Turn | null): Tx {
  let release: (() => void) | null = null;
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => {
      if (turn) release = await turn.take();
      return connection;
    },
    beginTransaction: async (held) => {
      await held.executeQuery({ sql: "begin immediate", parameters: [] } as unknown as CompiledQuery);
    },
    commitTransaction: async () => connection.raw.exec("commit"),
    rollbackTransaction: async () => {
      // A failed commit (disk full) may have rolled back by itself already.
      if (connection.raw.isTransaction) connection.raw.exec("rollback");
    },
    releaseConnection: async () => release?.(),
    destroy: async () => {},
  };
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

/** The file that a path names now; null when it names none. */
function inode(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

/** Asked before and after a write: a file moved or deleted under us still takes writes that nobody will ever find again. */
function stillThere(file: string): () => void {
  const opened = inode(file);
  return () => {
    if (inode(file) === opened) return;
    throw new AppError("unavailable", "the database file was moved or replaced while it was open; put it back, or restart", { code: "database_file_replaced" });
  };
}

function openBoth(file: string, options: SqliteOptions): { writer: Connection; reader: Connection } {
  try {
    // Payment data are the owner's alone; SQLite gives the files beside it the same mode.
    closeSync(openSync(file, "a", 0o600));
    const writer = openConnection(file, { readOnly: false, cacheKib: options.writeCacheKib ?? CACHE_KIB });
    return { writer, reader: openConnection(file, { readOnly: true, cacheKib: options.readCacheKib ?? CACHE_KIB }) };
  } catch (error) {
    throw new AppError("unavailable", `cannot open the database file ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      code: "database_not_opened",
      cause: error,
    });
  }
}

/** One synchronous transaction on a connection that the caller is alone with. */
function transact<T>(raw: DatabaseSync, work: (connection: DatabaseSync) => T, assertStillThere: () => void): T {
  assertStillThere();
  raw.exec("begin immediate");
  try {
    const result = work(raw);
    raw.exec("commit");
    assertStillThere();
    return result;
  } catch (error) {
    if (raw.isTransaction) raw.exec("rollback");
    throw error;
  }
}

/**
 * Opens (or makes) an SQLite file in WAL mode with `synchronous=FULL`: one connection that writes, one that reads.
 *
 * @throws AppError `unavailable` when the file cannot be opened.
 */
export function openSqlite(file: string, options: SqliteOptions = {}): SqliteDatabase {
  const { writer, reader } = openBoth(file, options);
  const assertStillThere = stillThere(file);
  const turn = new Turn();
  const write = kyselyOver(writer, turn);
  return {
    kind: "sqlite",
    file,
    dialect: sqliteDialect,
    read: kyselyOver(reader, null),
    write: async (step) => {
      assertStillThere();
      return await write.transaction().execute(step);
    },
    writeBeside: async (step) => {
      assertStillThere();
      return await write.transaction().execute((tx) => step(tx, writer.raw));
    },
    exclusive: async (work) => {
      const release = await turn.take();
      try {
        return transact(writer.raw, work, assertStillThere);
      } finally {
        release();
      }
    },
    maintain: async (statement) => {
      const release = await turn.take();
      try {
        assertStillThere();
        return writer.raw.prepare(statement).all();
      } finally {
        release();
      }
    },
    close: async () => {
      const release = await turn.take();
      reader.raw.close();
      writer.raw.close();
      release();
    },
  };
}
