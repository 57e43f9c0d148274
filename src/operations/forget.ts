import { type Selectable, sql } from "kysely";
import { inChunks, type Tables, type Tx } from "../platform/index.ts";

export interface OperationsOf {
  readonly operations: readonly Selectable<Tables["operation"]>[];
  readonly receipts: readonly Selectable<Tables["receipt"]>[];
}

const LIKE = (text: string): string => `%${text.replaceAll(/[\\%_]/g, (one) => `\\${one}`)}%`;

/**
 * Operations and receipts about these payments, or to these addresses.
 *
 * @param ids of payments, charges and invoices at Stripe. @param words addresses and customers' ids.
 */
export async function operationsOf(tx: Tx, ids: readonly string[], words: readonly string[]): Promise<OperationsOf> {
  const operations = new Map<string, Selectable<Tables["operation"]>>();
  const receipts = new Map<string, Selectable<Tables["receipt"]>>();
  for (const chunk of inChunks(ids, 256)) {
    for (const row of await tx.selectFrom("operation").selectAll().where((is) => is.or([is("payment", "in", chunk), is("object_id", "in", chunk)])).execute()) operations.set(row.id, row);
    for (const row of await tx.selectFrom("receipt").selectAll().where("charge", "in", chunk).execute()) receipts.set(row.id, row);
  }
  for (const word of words) {
    const like = sql<string>`${LIKE(word)} escape '\\'`;
    const names = (column: "request" | "note" | "answer" | "progress" | "error_text") => sql<boolean>`lower(${sql.ref(column)}) like ${like}`;
    for (const row of await tx.selectFrom("operation").selectAll().where((is) => is.or([names("request"), names("note"), names("answer"), names("progress"), names("error_text")])).execute()) operations.set(row.id, row);
    for (const row of await tx.selectFrom("receipt").selectAll().where(sql<boolean>`lower(email) = ${word}`).execute()) receipts.set(row.id, row);
  }
  return { operations: [...operations.values()], receipts: [...receipts.values()] };
}

/** What an invoice is to when nobody may know any more; a name that no mail ever reaches (RFC 2606). */
const NOBODY = "erased@example.invalid";

function withoutPerson(text: string): string {
  const request = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...request, ...("email" in request ? { email: NOBODY } : {}), ...("description" in request ? { description: "erased" } : {}) });
}

function withoutLinks(text: string): string {
  const answer = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, /email|url|name/.test(key) ? null : value])));
}

/** Takes the person out of operations and receipts that are over; what was done, with which money, stays. */
export async function forgetInOperations(tx: Tx, { operations, receipts }: OperationsOf): Promise<void> {
  for (const { id, request, answer } of operations) {
    await tx.updateTable("operation").set({ request: withoutPerson(request), answer: answer === null ? null : withoutLinks(answer), note: null, error_text: sql`case when error_text is null then null else 'erased' end` }).where("id", "=", id).execute();
    await tx.updateTable("operation_step").set({ text: "erased" }).where("operation_id", "=", id).execute();
  }
  for (const { id } of receipts) await tx.updateTable("receipt").set({ email: null, why: sql`case when why is null then null else 'erased' end` }).where("id", "=", id).execute();
}
