import { inChunks, type Tx } from "../platform/index.ts";
import { unpack } from "./packed.ts";
import type { Payment } from "./payment.ts";
import type { PaymentState } from "./state.ts";

export interface PaymentRow {
  no: number;
  id: string;
  live: number;
  /** '' for the account itself. */
  account: string;
  status: string;
  final_outcome: string | null;
  /** Cause and code of the last failed attempt. */
  cause: string | null;
  code: string | null;
  currency: string | null;
  amount: number;
  captured: number;
  refunded: number;
  disputed: number;
  email: string | null;
  customer: string | null;
  invoice: string | null;
  method: string | null;
  brand: string | null;
  country: string | null;
  created_at: number;
  updated_at: number;
  /** PaymentState, packed. */
  state: string;
}

interface PaymentAliasRow {
  alias: string;
  live: number;
  account: string;
  payment_no: number;
}

interface PaymentEventRow {
  payment_no: number;
  event_seq: number;
}

interface AttemptRow {
  payment_no: number;
  id: string;
  live: number;
  account: string;
  currency: string;
  at: number;
  outcome: string;
  cause: string | null;
  code: string | null;
  amount: number;
}

interface RefundRow {
  payment_no: number;
  id: string;
  live: number;
  account: string;
  status: string;
  currency: string;
  amount: number;
  created_at: number;
  updated_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    payment: PaymentRow;
    payment_alias: PaymentAliasRow;
    payment_event: PaymentEventRow;
    attempt: AttemptRow;
    refund: RefundRow;
  }
}

/** Values in one `in (…)`: both databases allow many more, but few sizes mean few prepared statements. */
const IN_LIST = 250;

export async function readAliases(tx: Tx, aliases: readonly string[]): Promise<PaymentAliasRow[]> {
  const rows: PaymentAliasRow[] = [];
  for (const chunk of inChunks(aliases, IN_LIST)) {
    rows.push(...(await tx.selectFrom("payment_alias").select(["alias", "live", "account", "payment_no"]).where("alias", "in", chunk).execute()));
  }
  return rows;
}

/** A state as it is stored: the packed text tells whether anything changed. */
export interface Stored {
  readonly packed: string;
  readonly state: PaymentState;
}

export async function readStates(tx: Tx, nos: readonly number[]): Promise<Stored[]> {
  const stored: Stored[] = [];
  for (const chunk of inChunks(nos, IN_LIST)) {
    const rows = await tx.selectFrom("payment").select("state").where("no", "in", chunk).execute();
    for (const row of rows) stored.push({ packed: row.state, state: unpack(row.state) });
  }
  return stored;
}

export function paymentRow(payment: Payment, state: string): PaymentRow {
  const failed = payment.attempts.findLast((attempt) => attempt.outcome === "failed")?.failure ?? null;
  return {
    no: payment.no,
    id: payment.id,
    live: payment.live ? 1 : 0,
    account: payment.account ?? "",
    status: payment.status,
    final_outcome: payment.finalOutcome,
    cause: failed?.cause ?? null,
    code: failed?.code ?? null,
    currency: payment.currency,
    amount: payment.amount,
    captured: payment.captured,
    refunded: payment.refunded,
    disputed: payment.disputed,
    email: payment.email,
    customer: payment.customer,
    invoice: payment.invoice,
    method: payment.method,
    brand: payment.brand,
    country: payment.country,
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
    state,
  };
}

export function attemptRows(payment: Payment): AttemptRow[] {
  return payment.attempts.flatMap(({ id, at, outcome, failure, currency, amount }) => {
    if (at === null || outcome === "pending") return [];
    return [
      {
        payment_no: payment.no,
        id,
        live: payment.live ? 1 : 0,
        account: payment.account ?? "",
        currency,
        at,
        outcome,
        cause: failure?.cause ?? null,
        code: failure?.code ?? null,
        amount,
      },
    ];
  });
}

export function refundRows(payment: Payment): RefundRow[] {
  return payment.refunds.map(({ id, status, currency, amount, createdAt, updatedAt }) => ({
    payment_no: payment.no,
    id,
    live: payment.live ? 1 : 0,
    account: payment.account ?? "",
    status,
    currency,
    amount,
    created_at: createdAt,
    updated_at: updatedAt,
  }));
}
