import { inChunks, type Tx } from "../platform/index.ts";
import { describe } from "./describe.ts";
import { pack, unpack } from "./packed.ts";
import { readAliases } from "./store.ts";
import type { PaymentState } from "./state.ts";

export interface PaymentOwner {
  /** Stripe's ids of customers. */
  readonly customers: readonly string[];
  /** In lower case. */
  readonly emails: readonly string[];
}

/** Numbers of the payments of these customers and addresses, and the other way round whom else they name. */
export async function paymentsOfOwner(tx: Tx, { customers, emails }: PaymentOwner): Promise<{ no: number; customer: string | null; email: string | null }[]> {
  const found = new Map<number, { no: number; customer: string | null; email: string | null }>();
  const keep = (rows: readonly { no: number; customer: string | null; email: string | null }[]): void => rows.forEach((row) => void found.set(row.no, row));
  if (customers.length > 0) keep(await tx.selectFrom("payment").select(["no", "customer", "email"]).where("customer", "in", customers).execute());
  if (emails.length > 0) keep(await tx.selectFrom("payment").select(["no", "customer", "email"]).where("live", "in", [0, 1]).where("email", "in", emails).execute());
  return [...found.values()];
}

/** Numbers of the payments that these ids of Stripe's (of intents, charges, invoices, refunds, disputes) belong to. */
export async function paymentsByIds(tx: Tx, ids: readonly string[]): Promise<number[]> {
  const found = new Set<number>();
  for (const chunk of inChunks(ids, 256)) for (const { payment_no } of await readAliases(tx, chunk)) found.add(payment_no);
  return [...found];
}

/** Ledger positions of the events of these payments. */
export async function eventsOfPayments(tx: Tx, nos: readonly number[]): Promise<number[]> {
  const found = new Set<number>();
  for (const chunk of inChunks(nos, 256)) for (const { event_seq } of await tx.selectFrom("payment_event").select("event_seq").where("payment_no", "in", chunk).execute()) found.add(event_seq);
  return [...found];
}

/** All ids of Stripe's that these payments go by. */
export async function idsOfPayments(tx: Tx, nos: readonly number[]): Promise<string[]> {
  const found = new Set<string>();
  for (const chunk of inChunks(nos, 256)) for (const { alias } of await tx.selectFrom("payment_alias").select("alias").where("payment_no", "in", chunk).execute()) found.add(alias);
  return [...found];
}

/** As the fold would make it of events without addresses. */
function withoutPeople(state: PaymentState): PaymentState {
  const { billed } = state;
  return {
    ...state,
    intents: state.intents.map((intent) => ({ ...intent, last: intent.last === null ? null : { ...intent.last, email: null } })),
    charges: state.charges.map((charge) => ({ ...charge, last: charge.last === null ? null : { ...charge.last, email: null } })),
    billed: billed === null || billed.customer === null ? null : { ...billed, email: null },
  };
}

/**
 * Takes the addresses out of payments whose events were erased, so that they are what the events now make of them.
 * In the transaction that holds what folds payments. Answers how many changed.
 */
export async function forgetOwners(tx: Tx, nos: readonly number[]): Promise<number> {
  let changed = 0;
  for (const chunk of inChunks(nos, 256)) {
    for (const row of await tx.selectFrom("payment").select(["no", "state"]).where("no", "in", chunk).execute()) {
      const state = withoutPeople(unpack(row.state));
      const text = pack(state);
      if (text === row.state) continue;
      await tx.updateTable("payment").set({ state: text, email: describe(state).email }).where("no", "=", row.no).execute();
      changed += 1;
    }
  }
  return changed;
}
