import { createHash } from "node:crypto";
import { join } from "node:path";
import { sql } from "kysely";
import { inject, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../../test/databases.ts";
import { type Database, openPostgres, openSqlite, Secret } from "../../platform/index.ts";
import { tablesOf } from "../contents.ts";
import type { Place } from "../index.ts";

let places = 0;

/** A place to restore to, and a look at what is there afterwards. */
export function newPlace(kind: Database["kind"]): { place: Place; look<T>(work: (db: Database) => Promise<T>): Promise<T> } {
  places += 1;
  const schema = `restored_${process.pid}_${places}`;
  const file = join(temporaryDirectory(), "restored.db");
  const open = (): Database => (kind === "sqlite" ? openSqlite(file) : openPostgres(inject("postgresUrl"), { schema }));
  if (kind === "postgres") {
    onTestFinished(async () => {
      const cleaner = openPostgres(inject("postgresUrl"));
      const { rows } = await sql<{ name: string }>`select nspname as name from pg_namespace where nspname like ${`${schema}%`}`.execute(cleaner.read);
      for (const { name } of rows) await sql`drop schema ${sql.id(name)} cascade`.execute(cleaner.read);
      await cleaner.close();
    });
  }
  return {
    place: kind === "sqlite" ? { kind, file } : { kind, url: new Secret(inject("postgresUrl")), schema },
    look: async (work) => {
      const db = open();
      try {
        return await work(db);
      } finally {
        await db.close();
      }
    },
  };
}

/** Every row of every table, as one fingerprint per table. */
export async function rowsOf(db: Database): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const table of await tablesOf(db.read, db.kind)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.id(table)}`.execute(db.read);
    const lines = rows.map((row) => JSON.stringify(Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value))));
    all[table] = `${lines.length} ${createHash("sha256").update(lines.sort().join("\n")).digest("hex")}`;
  }
  return all;
}
