import { type Expression, type RawBuilder, sql } from "kysely";
import type { Minor } from "../money/index.ts";
import type { Tx } from "../platform/index.ts";

export interface Sales {
  readonly count: number;
  readonly amount: Minor;
}

/** More than a number holds exactly is told as the most that it does. */
function widest(sum: Expression<Minor>): RawBuilder<Minor> {
  const bound = sql.lit(Number.MAX_SAFE_INTEGER);
  return sql<Minor>`case when ${sum} > ${bound} then ${bound} else ${sum} end`;
}

/**
 * Successful attempts told in `[fromMs, toMs)` per currency, exact to the millisecond: for the part of a minute that no
 * bucket can tell. Authorisations that are captured later are in it, which the buckets leave out.
 */
export async function salesByCurrency(tx: Tx, fromMs: number, toMs: number, live: boolean, account: string | null): Promise<ReadonlyMap<string, Sales>> {
  const rows = await tx
    .selectFrom("attempt")
    .select(({ fn }) => ["currency", fn.countAll<number>().as("count"), widest(fn.sum<Minor>("amount")).as("amount")])
    .where("live", "=", live ? 1 : 0)
    .where("at", ">=", fromMs)
    .where("at", "<", toMs)
    .where("account", "=", account ?? "")
    .where("outcome", "=", "succeeded")
    .groupBy("currency")
    .execute();
  return new Map(rows.map(({ currency, count, amount }) => [currency, { count, amount }]));
}
