import type { Tx } from "../platform/index.ts";

/** All interned strings by id. They are few (event types, API versions, accounts, endpoints) and never change. */
export async function readTerms(tx: Tx): Promise<{ byId: Map<number, string>; byValue: Map<string, number> }> {
  const rows = await tx.selectFrom("term").select(["id", "value"]).execute();
  return { byId: new Map(rows.map((row) => [row.id, row.value])), byValue: new Map(rows.map((row) => [row.value, row.id])) };
}
