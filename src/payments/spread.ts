import { sql } from "kysely";
import type { Tx } from "../platform/index.ts";

/** Sales looked at; more would tell the same. The conditions on outcome and amount are those of the index, word for word. */
const SAMPLE = 2000;

/**
 * How uneven the sizes of successful attempts in `[fromMs, toMs)` are: E[x²] ÷ E[x]², 1 when all are equal, at least
 * 1; null without any. A figure for judging other figures, not an amount: the only place where sizes become floats.
 */
export async function saleUnevenness(tx: Tx, fromMs: number, toMs: number, live: boolean, account: string | null, currency: string): Promise<number | null> {
  const { rows } = await sql<{ first: number | null; second: number | null }>`
    select avg(size) as first, avg(size * size) as second from (
      select cast(amount as double precision) as size from attempt
      where live = ${live ? 1 : 0} and at >= ${fromMs} and at < ${toMs} and account = ${account ?? ""} and currency = ${currency} and outcome = 'succeeded' and amount > 0
      order by at desc limit ${SAMPLE}
    ) as sample`.execute(tx);
  const [row] = rows;
  return row === undefined || row.first === null || row.second === null ? null : Math.max(1, row.second / (row.first * row.first));
}
