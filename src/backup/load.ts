import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import type { PoolClient } from "pg";
import { sql } from "kysely";
import { AppError, copyIn, type Database, errorText, migrate, type Migration, openPostgres, openSqlite, type PostgresDatabase, type Secret } from "../platform/index.ts";
import { damaged, type Entry } from "./archive.ts";
import { tablesOf } from "./contents.ts";
import type { Opened } from "./manifest.ts";
import { readEntries } from "./open.ts";
import { removeSqlite, SQLITE_ENTRY } from "./snapshot.ts";
import type { Target } from "./target.ts";

/** A restored database that nobody else uses yet. */
export interface Loaded {
  readonly db: Database;
  /** Closes it and takes it away. */
  drop(): Promise<void>;
}

export interface LoadOptions {
  readonly target: Target;
  readonly opened: Opened;
  /** All that this version knows. */
  readonly migrations: readonly Migration[];
  onProgress(share: number): void;
}

async function writeEntry(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes the database of a backup into a new file. @throws AppError `unprocessable` when the backup is damaged. */
export async function loadSqlite({ target, opened, onProgress }: LoadOptions, file: string): Promise<Loaded> {
  let found = false;
  try {
    const take = async (entry: Entry): Promise<void> => {
      if (entry.name !== SQLITE_ENTRY || found) throw damaged(`there is an unknown entry in the backup: ${entry.name}`);
      found = true;
      await writeEntry(file, entry.bytes);
    };
    await readEntries(target, opened, take, onProgress);
    if (!found) throw damaged("there is no database in the backup");
    const db = openSqlite(file);
    return {
      db,
      drop: async () => {
        await db.close();
        await removeSqlite(file);
      },
    };
  } catch (error) {
    await removeSqlite(file);
    throw error;
  }
}

export interface PostgresPlace {
  readonly url: Secret;
  /** For an address that people may see. */
  readonly schema: string;
}

const SCRATCH = /^tw_scratch_[0-9a-f]{8}/;

/** Holds a name until the connection ends, so that the next run knows whose scratch schema is still in use. */
async function tryHold(client: PoolClient, name: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock(hashtext($1)) as held", [name]);
  return rows[0]?.held === true;
}

async function removeDead(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string }>("select nspname as name from pg_namespace where nspname like 'tw!_scratch!_%' escape '!'");
  for (const { name } of rows) {
    const whole = SCRATCH.exec(name)?.[0];
    if (whole === undefined || !(await tryHold(client, whole))) continue;
    await client.query(`drop schema if exists "${name}" cascade`);
    await client.query("select pg_advisory_unlock(hashtext($1))", [whole]);
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function fillTable(client: PoolClient, known: ReadonlySet<string>, { name, about, bytes }: Entry): Promise<void> {
  const columns = about["columns"];
  if (!known.has(name) || !Array.isArray(columns)) throw damaged(`there is an unknown table in the backup: ${name}`);
  await copyIn(client, `copy ${quoted(name)} (${columns.map((column) => quoted(String(column))).join(", ")}) from stdin`, bytes);
  for (const [column, last] of Object.entries((about["identities"] ?? {}) as Record<string, number | null>)) {
    if (last !== null) await client.query("select setval(pg_get_serial_sequence(quote_ident(current_schema()) || '.' || quote_ident($1), $2), $3)", [name, column, last]);
  }
}

/** Makes the tables as they were when the backup was made: the same migrations, and none of the rows that they bring. */
async function emptyTables(db: PostgresDatabase, opened: Opened, migrations: readonly Migration[]): Promise<Set<string>> {
  const applied = new Set(opened.manifest.migrations);
  await migrate(db, migrations.filter(({ name }) => applied.has(name)), 0);
  const tables = await tablesOf(db.read, "postgres");
  await db.write(async (tx) => {
    for (const table of tables) await sql`delete from ${sql.id(table)}`.execute(tx);
  });
  return new Set(tables);
}

/** Writes the tables of a backup into a new schema of the same database server. */
export async function loadPostgres({ target, opened, migrations, onProgress }: LoadOptions, { url }: PostgresPlace): Promise<Loaded & { readonly schema: string }> {
  const schema = `tw_scratch_${randomBytes(4).toString("hex")}`;
  const db = openPostgres(url.reveal(), { schema, connections: 4 });
  const client = await db.pool.connect();
  const drop = async (): Promise<void> => {
    await client.query(`drop schema if exists "${schema}" cascade`).catch(() => {});
    client.release(true);
    await db.close();
  };
  try {
    await client.query("set statement_timeout = 0; set idle_session_timeout = 0");
    await removeDead(client);
    await tryHold(client, schema);
    await client.query(`create schema "${schema}"`);
    const known = await emptyTables(db, opened, migrations);
    await readEntries(target, opened, (entry) => fillTable(client, known, entry), onProgress);
    await client.query("analyze");
    return { db, schema, drop };
  } catch (error) {
    await drop();
    if (error instanceof AppError) throw error;
    // What PostgreSQL does not take is not what it gave: its text may quote rows, so only its code is told.
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
    throw code !== null && /^(22|23|42)/.test(code) ? damaged(`PostgreSQL does not take the backup's rows (${code})`) : new AppError("unavailable", `the backup could not be restored: ${code ?? errorText(error)}`, { cause: error });
  }
}
