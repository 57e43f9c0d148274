import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { MINUTE_MS } from "../clock.ts";
import type { DatabaseBase } from "./database.ts";
import { postgresDialect } from "./dialect.ts";
import type { Tables } from "./tables.ts";

export interface PostgresDatabase extends DatabaseBase {
  readonly kind: "postgres";
  /** For the ledger's append only. */
  readonly pool: pg.Pool;
}

/** OIDs of pg_type. */
const INT8: number = 20;
const NUMERIC: number = 1700;

/** PostgreSQL gives bigint and sums as text; amounts, times and counts here are always safe integers. */
function toSafeInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`integer from the database out of range: ${text}`);
  return value;
}

/**
 * Connects to PostgreSQL lazily; a server that goes away is connected to again by the next statement.
 *
 * @param schema put first on the search path and made by `prepareSchema`, so that sandbox data or a test stays apart.
 */
export function openPostgres(url: string, options: { schema?: string; connections?: number; onIdleError?: (error: Error) => void } = {}): PostgresDatabase {
  const schema = options.schema ?? "public";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new TypeError(`not a schema name: ${schema}`);
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 8,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    statement_timeout: MINUTE_MS,
    // Read committed, whatever the server's default: a step that waited for its lock must see what was committed meanwhile.
    options: `-c search_path=${schema} -c synchronous_commit=on -c timezone=UTC -c default_transaction_isolation=read\\ committed`,
    types: {
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- typed as the built-in types; any OID may come
      getTypeParser: (oid: number, format?: "text" | "binary") => (oid === INT8 || oid === NUMERIC ? toSafeInteger : pg.types.getTypeParser(oid, format)),
    },
  });
  // Without a listener an idle connection that the server cuts would end the process.
  pool.on("error", (error) => options.onIdleError?.(error));
  // The pool listens to idle ones only: one that is cut between two statements of a transaction would end it too. Its
  // next statement fails, which is where the transaction learns of it.
  pool.on("connect", (client) => client.on("error", () => {}));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind: "postgres",
    pool,
    dialect: postgresDialect,
    read: kysely,
    write: (step) => kysely.transaction().execute(step),
    close: () => kysely.destroy(),
  };
}

/** Makes the schema when it is missing; `public` always exists. */
export async function prepareSchema(db: PostgresDatabase, schema: string): Promise<void> {
  if (schema !== "public") await sql`create schema if not exists ${sql.id(schema)}`.execute(db.read);
}
