import type { Tx } from "../platform/index.ts";
import { inChunks } from "../platform/index.ts";
import { describe } from "./describe.ts";
import { unpack } from "./packed.ts";
import type { Payment } from "./payment.ts";

/** The tables derived here, and the column that holds the payment's number. */
export const PAYMENT_TABLES = [
  { table: "payment", number: "no", key: ["no"] },
  { table: "payment_alias", number: "payment_no", key: ["alias", "live", "account"] },
  { table: "payment_event", number: "payment_no", key: ["payment_no", "event_seq"] },
  { table: "attempt", number: "payment_no", key: ["payment_no", "id"] },
  { table: "refund", number: "payment_no", key: ["payment_no", "id"] },
] as const;

/** Payments whose first event is before this ledger position have smaller numbers than this one. */
export function firstNo(seq: number): number {
  return seq * 64;
}

/**
 * Copies payments as they are, with all that belongs to them: those whose first events the ledger no longer has cannot
 * be derived again, but what the ledger still has can be folded onto them. Answers the payments of this step; call
 * again with the last one's number while there are any.
 */
export async function copyPayments(from: Tx, to: Tx, afterNo: number, beforeNo: number, limit: number): Promise<Payment[]> {
  const rows = await from.selectFrom("payment").selectAll().where("no", ">", afterNo).where("no", "<", beforeNo).orderBy("no").limit(limit).execute();
  const nos = rows.map((row) => row.no);
  if (nos.length === 0) return [];
  for (const chunk of inChunks(rows, 64)) await to.insertInto("payment").values(chunk).execute();
  for (const { table } of PAYMENT_TABLES.slice(1)) {
    const name = table as "payment_event";
    const parts = await from.selectFrom(name).selectAll().where("payment_no", "in", nos).execute();
    for (const chunk of inChunks(parts, 64)) await to.insertInto(name).values(chunk).execute();
  }
  return rows.map((row) => describe(unpack(row.state)));
}
