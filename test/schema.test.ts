import { sql } from "kysely";
import { expect, it } from "vitest";
import { migrations } from "../src/app/migrations.ts";
import type { Database } from "../src/platform/index.ts";
import { onBothDatabases } from "./databases.ts";

async function sqliteSchema(db: Database): Promise<string> {
  const { rows } = await sql<{ sql: string | null }>`select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by name`.execute(db.read);
  return rows.map((row) => `${row.sql?.replaceAll(/\s+/g, " ")};\n`).join("");
}

async function postgresSchema(db: Database): Promise<string> {
  const { rows: columns } = await sql<{ line: string }>`
    select table_name || '.' || column_name || ' ' || data_type || case is_nullable when 'NO' then ' not null' else '' end || coalesce(' default ' || column_default, '') as line
    from information_schema.columns where table_schema = current_schema() order by table_name, ordinal_position`.execute(db.read);
  const { rows: indexes } = await sql<{ line: string }>`
    select replace(indexdef, current_schema() || '.', '') as line from pg_indexes where schemaname = current_schema() order by indexname`.execute(db.read);
  const { rows: triggers } = await sql<{ line: string }>`
    select tgname || ' on ' || relname as line from pg_trigger join pg_class on pg_class.oid = tgrelid
    where not tgisinternal and relnamespace = current_schema()::regnamespace order by tgname`.execute(db.read);
  return [...columns, ...indexes, ...triggers].map((row) => `${row.line}\n`).join("");
}

/** A migration on main is never edited: a change of these files without a new migration name is such an edit. */
onBothDatabases("schema", migrations, (database) => {
  it("is what all migrations together make", async () => {
    const db = await database.open();
    const applied = (await db.read.selectFrom("migration").select("name").execute()).map((row) => `-- ${row.name}\n`).sort();
    const schema = db.kind === "sqlite" ? await sqliteSchema(db) : await postgresSchema(db);
    await expect(`${applied.join("")}${schema}`).toMatchFileSnapshot(`schema/${db.kind}.sql`);
  });
});
