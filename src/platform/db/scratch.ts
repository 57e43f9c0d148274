import { rmSync } from "node:fs";
import { sql } from "kysely";
import { AppError } from "../errors.ts";
import type { Database } from "./database.ts";
import { migrate, type Migration } from "./migrate.ts";
import type { PostgresDatabase } from "./postgres.ts";
import { openSqlite, type SqliteDatabase } from "./sqlite.ts";
import type { Tx } from "./tables.ts";

/** Tables beside the live ones, with the same names, to derive into and to throw away. */
export interface Scratch {
  readonly read: Tx;
  write<T>(step: (tx: Tx) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

async function scratchFile(db: SqliteDatabase, name: string, migrations: readonly Migration[]): Promise<Scratch> {
  const file = `${db.file}.${name}`;
  const remove = (): void => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  };
  // What a killed run left behind. A run that is still at work loses its file, notices, and ends with an error.
  remove();
  const scratch = openSqlite(file);
  await migrate(scratch, migrations, 0);
  return {
    read: scratch.read,
    write: (step) => scratch.write(step),
    drop: async () => {
      await scratch.close();
      remove();
    },
  };
}

async function scratchSchema(db: PostgresDatabase, name: string, migrations: readonly Migration[]): Promise<Scratch> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db.read);
  const schema = `${rows[0]?.schema ?? "public"}_${name}`;
  const holder = await db.pool.connect();
  const release = async (): Promise<void> => {
    await holder.query("select pg_advisory_unlock(hashtext($1))", [schema]);
    holder.release();
  };
  const { rows: got } = await holder.query<{ locked: boolean }>("select pg_try_advisory_lock(hashtext($1)) as locked", [schema]);
  if (got[0]?.locked !== true) {
    holder.release();
    throw new AppError("conflict", `another ${name} is at work on this database; wait for it to end`, { code: "scratch_in_use" });
  }
  try {
    await db.write(async (tx) => {
      await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(tx);
      await sql`create schema ${sql.id(schema)}`.execute(tx);
      await sql`set local search_path to ${sql.id(schema)}`.execute(tx);
      for (const migration of migrations) {
        for (const statement of migration.statements(db.dialect.ddl, db.kind)) await sql.raw(statement).execute(tx);
      }
    });
  } catch (error) {
    await release();
    throw error;
  }
  return {
    read: db.read.withSchema(schema),
    write: (step) => db.write((tx) => step(tx.withSchema(schema))),
    drop: async () => {
      await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(db.read);
      await release();
    },
  };
}

/**
 * Opens empty scratch tables: on SQLite a file of its own beside the database, so that filling it holds up no writer;
 * on PostgreSQL a schema of its own. Left over after a crash, it is removed by the next call. Only statements built
 * from table references (no SQL text of one's own) find the scratch tables on both.
 *
 * @param name lower-case letters. @throws AppError `conflict` while another run holds it (PostgreSQL).
 */
export async function openScratch(db: Database, name: string, migrations: readonly Migration[]): Promise<Scratch> {
  return db.kind === "sqlite" ? await scratchFile(db, name, migrations) : await scratchSchema(db, name, migrations);
}
