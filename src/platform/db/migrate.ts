import { sql } from "kysely";
import { AppError } from "../errors.ts";
import type { Database } from "./database.ts";
import type { Dialect } from "./dialect.ts";

/**
 * A numbered change of the schema, named `room/0001_what`. Never edited once released; a mistake gets a further one.
 */
export interface Migration {
  readonly name: string;
  statements(ddl: Dialect["ddl"], kind: Dialect["kind"]): readonly string[];
}

interface MigrationRow {
  name: string;
  applied_at: number;
}

declare module "./tables.ts" {
  interface Tables {
    migration: MigrationRow;
  }
}

/**
 * Applies what is missing, in the given order, in one transaction; two processes that start together wait for each
 * other. Returns the names applied.
 *
 * @throws AppError `conflict` when the database was written by a newer version of the program.
 */
export async function migrate(db: Database, migrations: readonly Migration[], nowMs: number): Promise<string[]> {
  return await db.write(async (tx) => {
    // An index over a large ledger, or the wait for another process's, takes longer than a statement is allowed elsewhere.
    if (db.kind === "postgres") await sql`set local statement_timeout = 0`.execute(tx);
    await db.dialect.lock(tx, "migrate");
    await sql`create table if not exists migration (name text primary key, applied_at ${sql.raw(db.dialect.ddl.int)} not null)`.execute(tx);
    const applied = new Set((await tx.selectFrom("migration").select("name").execute()).map((row) => row.name));
    const known = new Set(migrations.map((migration) => migration.name));
    const unknown = [...applied].filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new AppError("conflict", `the database was written by a newer version of Tillwatch (it has ${unknown.join(", ")}); install that version, or restore a backup of this one`, {
        code: "schema_too_new",
      });
    }
    const missing = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) {
      for (const statement of migration.statements(db.dialect.ddl, db.kind)) await sql.raw(statement).execute(tx);
      await tx.insertInto("migration").values({ name: migration.name, applied_at: nowMs }).execute();
    }
    return missing.map((migration) => migration.name);
  });
}
