import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, inject, onTestFinished } from "vitest";
import { type Database, migrate, type Migration, openPostgres, openSqlite, prepareSchema } from "../src/platform/index.ts";

export interface TestDatabase {
  readonly kind: "sqlite" | "postgres";
  /** A fresh, migrated database of its own; closed and removed when the test ends. */
  open(): Promise<Database>;
  /** The same, as environment for a process of its own; its data stay until the test ends. */
  environment(): Promise<Record<string, string>>;
}

let schemas = 0;

function schemaName(): string {
  schemas += 1;
  return `t_${process.pid}_${schemas}`;
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tillwatch-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function sqlite(migrations: readonly Migration[]): TestDatabase {
  return {
    kind: "sqlite",
    open: async () => {
      const db = openSqlite(join(temporaryDirectory(), "test.db"));
      onTestFinished(() => db.close());
      await migrate(db, migrations, 0);
      return db;
    },
    environment: async () => ({ DATA_DIR: temporaryDirectory() }),
  };
}

function postgres(migrations: readonly Migration[]): TestDatabase {
  const fresh = async (): Promise<{ url: string; schema: string }> => {
    const url = inject("postgresUrl");
    const schema = schemaName();
    const db = openPostgres(url, { schema });
    await prepareSchema(db, schema);
    await db.close();
    onTestFinished(async () => {
      const cleaner = openPostgres(url);
      await sql`drop schema ${sql.id(schema)} cascade`.execute(cleaner.read);
      await cleaner.close();
    });
    return { url, schema };
  };
  return {
    kind: "postgres",
    open: async () => {
      const { url, schema } = await fresh();
      const db = openPostgres(url, { schema });
      onTestFinished(() => db.close());
      await migrate(db, migrations, 0);
      return db;
    },
    environment: async () => {
      const { url, schema } = await fresh();
      return { DATABASE_URL: `${url}?schema=${schema}`, DATA_DIR: temporaryDirectory() };
    },
  };
}

/** Runs the same suite on SQLite and on a real PostgreSQL. A store has no tests but these. */
export function onBothDatabases(name: string, migrations: readonly Migration[], suite: (database: TestDatabase) => void): void {
  describe.each([sqlite(migrations), postgres(migrations)])(`${name} on $kind`, suite);
}
