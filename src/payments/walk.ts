import { sql } from "kysely";
import { type Currency, type Minor, minor } from "../money/index.ts";
import type { Tx } from "../platform/index.ts";
import type { Cause } from "./cause.ts";
import type { PaymentStatus } from "./payment.ts";

/** A payment as statistics need it. Amounts in minor units, times in ms UTC. */
export interface WalkedPayment {
  readonly no: number;
  readonly id: string;
  readonly status: PaymentStatus;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly captured: Minor;
  readonly refunded: Minor;
  readonly disputed: Minor;
  readonly customer: string | null;
  readonly email: string | null;
  readonly invoice: string | null;
  readonly country: string | null;
  /** Of the last failed attempt. */
  readonly cause: Cause | null;
  readonly code: string | null;
  readonly attempts: number;
  readonly createdAt: number;
}

export interface WalkPlace {
  readonly createdAt: number;
  readonly no: number;
}

/**
 * The account's own payments of one mode begun in `[fromMs, toMs)`, oldest first, `limit` at a time: pass the last one
 * back as `after`. Connected accounts are left out.
 */
export async function walkPayments(tx: Tx, live: boolean, fromMs: number, toMs: number, after: WalkPlace | null, limit: number): Promise<WalkedPayment[]> {
  let query = tx
    .selectFrom("payment")
    .select(["no", "id", "status", "currency", "amount", "captured", "refunded", "disputed", "customer", "email", "invoice", "country", "cause", "code", "created_at"])
    .select((eb) => eb.selectFrom("attempt").select(({ fn }) => fn.countAll<number>().as("n")).whereRef("attempt.payment_no", "=", "payment.no").as("attempts"))
    .where("live", "=", live ? 1 : 0)
    .where("created_at", ">=", after?.createdAt ?? fromMs)
    .where("created_at", "<", toMs)
    .where("account", "=", "")
    .where("currency", "is not", null)
    .orderBy("created_at")
    .orderBy("no")
    .limit(limit);
  if (after !== null) query = query.where(sql<boolean>`(created_at, no) > (${after.createdAt}, ${after.no})`);
  return (await query.execute()).map((row) => ({
    no: row.no,
    id: row.id,
    status: row.status as PaymentStatus,
    currency: row.currency as Currency,
    amount: minor(row.amount),
    captured: minor(row.captured),
    refunded: minor(row.refunded),
    disputed: minor(row.disputed),
    customer: row.customer,
    email: row.email,
    invoice: row.invoice,
    country: row.country,
    cause: row.cause as Cause | null,
    code: row.code,
    attempts: row.attempts ?? 0,
    createdAt: row.created_at,
  }));
}
