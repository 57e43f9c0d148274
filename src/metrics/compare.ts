import { sql } from "kysely";
import type { Tx } from "../platform/index.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface Table {
  readonly name: string;
  /** Columns that name a row. */
  readonly key: readonly string[];
  /** A column of whole numbers by which the table is walked. */
  readonly walk: string;
  /** All its columns, when some are `wide`: sums that a number may not hold, read as text. */
  readonly columns?: readonly string[];
  readonly wide?: readonly string[];
}

export interface Difference {
  /** Rows that ought to be there and are not. */
  readonly missing: readonly Row[];
  /** Rows that ought not to be there. */
  readonly extra: readonly Row[];
  /** Rows whose contents are wrong, as they ought to be. */
  readonly different: readonly Row[];
}

/** Where in a table, besides the walk: equality conditions. */
export type Where = Readonly<Record<string, string | number>>;

// The tables are named at run time; what is typed here are the few shapes that the queries below really have.
function from(tx: Tx, name: string, where: Where) {
  let query = tx.selectFrom(name as "payment");
  for (const [column, value] of Object.entries(where)) query = query.where(column as "no", "=", value as number);
  return query;
}

function rowsFrom(tx: Tx, table: Table, where: Where) {
  const query = from(tx, table.name, where);
  if (table.columns === undefined) return query.selectAll();
  return query.select(table.columns.map((column) => (table.wide?.includes(column) === true ? sql<string>`cast(${sql.ref(column)} as text)`.as(column) : (column as "no"))) as "no"[]);
}

export async function rowsIn(tx: Tx, table: Table, where: Where, values: readonly number[]): Promise<Row[]> {
  return await rowsFrom(tx, table, where).where(table.walk as "no", "in", values).execute();
}

async function rowsBetween(tx: Tx, table: Table, where: Where, after: number, upTo: number | null): Promise<Row[]> {
  const walk = table.walk;
  const query = rowsFrom(tx, table, where).where(walk as "no", ">", after);
  return await (upTo === null ? query : query.where(walk as "no", "<=", upTo)).execute();
}

/** The walk's value `rows` rows further on; null when there are fewer. */
async function further(tx: Tx, { name, walk }: Table, where: Where, after: number, rows: number): Promise<number | null> {
  const row: Row | undefined = await from(tx, name, where)
    .select(walk as "no")
    .where(walk as "no", ">", after)
    .orderBy(walk as "no")
    .limit(1)
    .offset(rows)
    .executeTakeFirst();
  return row === undefined ? null : Number(row[walk]);
}

/** Compares what ought to be with what is. */
export function difference(table: Table, wanted: readonly Row[], found: readonly Row[]): Difference {
  const nameOf = (row: Row): string => JSON.stringify(table.key.map((column) => row[column]));
  const there = new Map(found.map((row) => [nameOf(row), JSON.stringify(row)]));
  const missing: Row[] = [];
  const different: Row[] = [];
  for (const row of wanted) {
    const name = nameOf(row);
    const known = there.get(name);
    if (known === undefined) missing.push(row);
    else if (known !== JSON.stringify(row)) different.push(row);
    there.delete(name);
  }
  return { missing, different, extra: found.filter((row) => there.has(nameOf(row))) };
}

/** Rows of one piece of a walk; both sides of it are held in memory. */
const PIECE = 2000;

/**
 * Walks a table on both sides and answers, piece by piece, the walk's values at which they differ.
 *
 * @param keep rows that count; others are as good as not there.
 */
export async function* differingValues(wanted: Tx, found: Tx, table: Table, where: Where, keep: (row: Row) => boolean): AsyncGenerator<number[]> {
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const bounds = [await further(wanted, table, where, after, PIECE), await further(found, table, where, after, PIECE)].filter((bound) => bound !== null);
    const upTo = bounds.length === 0 ? null : Math.min(...bounds);
    const ought = (await rowsBetween(wanted, table, where, after, upTo)).filter(keep);
    const is = (await rowsBetween(found, table, where, after, upTo)).filter(keep);
    const { missing, extra, different } = difference(table, ought, is);
    yield [...new Set([...missing, ...extra, ...different].map((row) => Number(row[table.walk])))];
    if (upTo === null) return;
    after = upTo;
  }
}
