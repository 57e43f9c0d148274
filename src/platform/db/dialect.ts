import { sql, type RawBuilder } from "kysely";
import type { Tx } from "./tables.ts";

/**
 * The true differences between the two databases; everything else is one SQL text. Amounts, times and counts are
 * integers in both.
 */
export interface Dialect {
  readonly kind: "sqlite" | "postgres";
  /** Column types for migrations. */
  readonly ddl: {
    /** Primary key that only grows and is never used again, also after every row was deleted. */
    readonly id: string;
    readonly int: string;
    readonly blob: string;
    readonly float: string;
    /** What follows the closing bracket of a table whose primary key is its only order. */
    readonly withoutRowid: string;
  };
  /** Holds others that ask for the same name until this transaction ends. A write on SQLite is alone anyway. */
  lock(tx: Tx, name: string): Promise<void>;
  /** Bytes the database takes on disk. */
  size(tx: Tx): Promise<number>;
  /** The value of a top-level key of a JSON text column, as text. */
  jsonText(column: string, key: string): RawBuilder<string | null>;
}

export const sqliteDialect: Dialect = {
  kind: "sqlite",
  ddl: {
    id: "integer primary key autoincrement",
    int: "integer",
    blob: "blob",
    float: "real",
    withoutRowid: " without rowid",
  },
  lock: async () => {},
  size: async (tx) => {
    const pages = await sql<{ page_count: number }>`pragma page_count`.execute(tx);
    const size = await sql<{ page_size: number }>`pragma page_size`.execute(tx);
    return (pages.rows[0]?.page_count ?? 0) * (size.rows[0]?.page_size ?? 0);
  },
  jsonText: (column, key) => sql`json_extract(${sql.ref(column)}, ${`$.${key}`})`,
};

export const postgresDialect: Dialect = {
  kind: "postgres",
  ddl: {
    id: "bigint generated always as identity primary key",
    int: "bigint",
    blob: "bytea",
    float: "double precision",
    withoutRowid: "",
  },
  lock: async (tx, name) => {
    await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(tx);
  },
  size: async (tx) => {
    const found = await sql<{ size: number }>`select pg_database_size(current_database()) as size`.execute(tx);
    return found.rows[0]?.size ?? 0;
  },
  jsonText: (column, key) => sql`(${sql.ref(column)}::jsonb ->> ${key})`,
};
