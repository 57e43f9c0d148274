import type { Migration } from "../../platform/index.ts";

const operations: Migration = {
  name: "operations/0001_operations",
  statements: (ddl) => [
    `create table operation (
      id text primary key,
      no ${ddl.int} not null,
      kind text not null,
      state text not null,
      live ${ddl.int} not null,
      payment text,
      amount ${ddl.int},
      currency text,
      request text not null,
      progress text not null,
      stripe_key text not null unique,
      request_key text,
      request_digest text not null,
      object_id text,
      object_status text,
      answer text,
      error_kind text,
      error_code text,
      error_text text,
      reason text,
      note text,
      actor_id text not null,
      actor_name text not null,
      request_id text,
      second_id text,
      second_name text,
      created_at ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      sent_at ${ddl.int},
      attempts ${ddl.int} not null,
      last_effect text,
      last_try_at ${ddl.int},
      next_try_at ${ddl.int},
      confirmed_at ${ddl.int},
      missed_at ${ddl.int}
    )`,
    "create unique index operation_no on operation (no)",
    // One refund at a time per payment, whatever the code does: a second intent for it cannot be stored.
    "create unique index operation_busy on operation (live, payment) where kind = 'refund' and state = 'sending'",
    "create unique index operation_request on operation (kind, actor_id, request_key) where request_key is not null",
    "create index operation_digest on operation (request_digest, created_at)",
    "create index operation_open on operation (state, created_at) where state in ('sending', 'submitted', 'awaiting_approval')",
    "create index operation_object on operation (object_id) where object_id is not null",
    "create index operation_created on operation (kind, created_at)",
    "create index operation_payment on operation (payment) where payment is not null",
    `create table operation_step (id ${ddl.id}, operation_id text not null, at ${ddl.int} not null, what text not null, text text not null, actor text not null)`,
    "create index operation_step_operation on operation_step (operation_id, id)",
    `create table refund_record (
      id text primary key,
      no ${ddl.int} not null,
      live ${ddl.int} not null,
      payment text,
      charge text,
      amount ${ddl.int} not null,
      currency text not null,
      status text not null,
      reason text,
      operation_id text,
      created_at ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      logged_as text
    )`,
    "create index refund_record_unlogged on refund_record (no) where logged_as is null or logged_as <> status",
  ],
};

/** One row per charge and one per refund: the primary key is what makes a receipt one. */
const receipts: Migration = {
  name: "operations/0002_receipts",
  statements: (ddl) => [
    `create table receipt (
      id text primary key,
      kind text not null,
      state text not null,
      via text not null,
      live ${ddl.int} not null,
      charge text not null,
      refund text,
      email text,
      copies ${ddl.int} not null,
      attempts ${ddl.int} not null,
      next_try_at ${ddl.int} not null,
      why text,
      created_at ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      sent_at ${ddl.int}
    )`,
    "create index receipt_due on receipt (next_try_at) where state in ('due', 'sending')",
    "create index receipt_created on receipt (created_at)",
    "create index receipt_charge on receipt (charge)",
    // Since when receipts are on: what came before is nobody's news.
    `create table receipt_start (only_row ${ddl.int} primary key check (only_row = 1), started_at ${ddl.int} not null)`,
  ],
};

/** A charge that says more went back than the refunds we know of: to be looked up. */
const refundHints: Migration = {
  name: "operations/0003_refund_hints",
  statements: (ddl) => [
    "create index refund_record_charge on refund_record (charge)",
    `create table refund_hint (charge text primary key, live ${ddl.int} not null, amount ${ddl.int} not null, look_at ${ddl.int} not null)`,
  ],
};

/** A key belongs to a mode: what it stands for in test mode must not be carried out, or answered, in live mode. */
const keysByMode: Migration = {
  name: "operations/0004_keys_by_mode",
  statements: () => [
    "drop index operation_request",
    "create unique index operation_request on operation (live, kind, actor_id, request_key) where request_key is not null",
    "create index operation_sent on operation (kind, sent_at) where sent_at is not null",
  ],
};

export const operationMigrations: readonly Migration[] = [operations, receipts, refundHints, keysByMode];
