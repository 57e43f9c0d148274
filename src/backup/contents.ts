import { sql } from "kysely";
import { lastEvent } from "../ledger/index.ts";
import type { Dialect, Tx } from "../platform/index.ts";
import type { Contents } from "./manifest.ts";

/** What other rooms know of a database, as proof that a restored one is the same. */
export type Figures = (tx: Tx) => Promise<Pick<Contents, "totals" | "audit">>;

/** Tables of ours, in the order of their names. */
export async function tablesOf(tx: Tx, kind: Dialect["kind"]): Promise<string[]> {
  const { rows } = await (kind === "sqlite"
    ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!' order by name`.execute(tx)
    : sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema() order by tablename`.execute(tx));
  return rows.map(({ name }) => name);
}

/** Counts a database, within one snapshot of it. */
export async function contentsOf(tx: Tx, kind: Dialect["kind"], figures: Figures): Promise<Contents> {
  const tables: Record<string, number> = {};
  for (const name of await tablesOf(tx, kind)) {
    const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.id(name)}`.execute(tx);
    tables[name] = rows[0]?.n ?? 0;
  }
  const last = await lastEvent(tx);
  return { tables, ...(await figures(tx)), last_event: last === null ? null : { seq: last.seq, id: last.eventId, received_at: last.receivedAt }, raw_bytes: 0 };
}

/** The version of a database's schema. */
export async function migrationsOf(tx: Tx): Promise<string[]> {
  return (await tx.selectFrom("migration").select("name").orderBy("applied_at").orderBy("name").execute()).map(({ name }) => name);
}
