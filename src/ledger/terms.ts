import { inChunks, type Tx } from "../platform/index.ts";

/** The interned strings of these ids. A platform may have as many as it has connected accounts, so never all of them. */
export async function termsOfIds(tx: Tx, ids: Iterable<number | null>): Promise<Map<number, string>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null);
  const found = new Map<number, string>();
  for (const chunk of inChunks(wanted, 250)) {
    for (const row of await tx.selectFrom("term").select(["id", "value"]).where("id", "in", chunk).execute()) found.set(row.id, row.value);
  }
  return found;
}

/** The ids of these strings, as far as they are interned. */
export async function idsOfTerms(tx: Tx, values: Iterable<string>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const chunk of inChunks([...new Set(values)], 250)) {
    for (const row of await tx.selectFrom("term").select(["id", "value"]).where("value", "in", chunk).execute()) found.set(row.value, row.id);
  }
  return found;
}
