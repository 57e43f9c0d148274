import type { Migration } from "../../platform/index.ts";

/** Everything here is derived from the ledger: it may be thrown away and is then the same again after a rebuild. */
const payments: Migration = {
  name: "payments/0001_payments",
  statements: (ddl) => [
    `create table payment (
      no ${ddl.int} primary key,
      id text not null,
      live ${ddl.int} not null,
      account text not null,
      status text not null,
      final_outcome text,
      cause text,
      code text,
      currency text,
      amount ${ddl.int} not null,
      captured ${ddl.int} not null,
      refunded ${ddl.int} not null,
      disputed ${ddl.int} not null,
      email text,
      customer text,
      invoice text,
      method text,
      brand text,
      country text,
      created_at ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      state text not null
    )`,
    "create index payment_created on payment (live, created_at, no)",
    "create index payment_status on payment (live, status, created_at, no)",
    "create index payment_amount on payment (live, amount, created_at, no)",
    "create index payment_email on payment (live, email, created_at, no) where email is not null",
    "create index payment_code on payment (live, code, created_at, no) where code is not null",
    "create index payment_cause on payment (live, cause, created_at, no) where cause is not null",
    `create table payment_alias (
      alias text not null,
      live ${ddl.int} not null,
      account text not null,
      payment_no ${ddl.int} not null,
      primary key (alias, live, account)
    )${ddl.withoutRowid}`,
    "create index payment_alias_payment on payment_alias (payment_no)",
    `create table payment_event (
      payment_no ${ddl.int} not null,
      event_seq ${ddl.int} not null,
      primary key (payment_no, event_seq)
    )${ddl.withoutRowid}`,
    `create table attempt (
      payment_no ${ddl.int} not null,
      id text not null,
      live ${ddl.int} not null,
      account text not null,
      currency text not null,
      at ${ddl.int} not null,
      outcome text not null,
      cause text,
      code text,
      amount ${ddl.int} not null,
      primary key (payment_no, id)
    )${ddl.withoutRowid}`,
    "create index attempt_at on attempt (live, at)",
    `create table refund (
      payment_no ${ddl.int} not null,
      id text not null,
      live ${ddl.int} not null,
      account text not null,
      status text not null,
      currency text not null,
      amount ${ddl.int} not null,
      created_at ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      primary key (payment_no, id)
    )${ddl.withoutRowid}`,
    "create index refund_created on refund (live, created_at)",
  ],
};

/**
 * The sizes of a currency's last sales, read from the index alone: without it, a currency that is rare costs a walk
 * over the day of all others. Holds sales only, so that a failed attempt costs no more than before.
 */
const sales: Migration = {
  name: "payments/0002_sales",
  statements: () => ["create index attempt_sale on attempt (live, account, currency, at, amount) where outcome = 'succeeded' and amount > 0"],
};

export const paymentsMigrations: readonly Migration[] = [payments, sales];
