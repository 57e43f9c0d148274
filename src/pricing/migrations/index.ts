import type { Migration } from "../../platform/index.ts";

/** What was offered: derived from the ledger, may be thrown away and read again. */
const offers: Migration = {
  name: "pricing/0001_offers",
  statements: (ddl) => [
    `create table pricing_price (
      id text not null,
      live ${ddl.int} not null,
      product text not null,
      currency text not null,
      unit_amount ${ddl.int},
      recurring text,
      active ${ddl.int} not null,
      lookup_key text,
      told_at ${ddl.int} not null,
      primary key (id, live)
    )${ddl.withoutRowid}`,
    "create index pricing_price_product on pricing_price (live, product, currency)",
    `create table pricing_product (
      id text not null,
      live ${ddl.int} not null,
      name text not null,
      active ${ddl.int} not null,
      default_price text,
      told_at ${ddl.int} not null,
      primary key (id, live)
    )${ddl.withoutRowid}`,
    // One line of an invoice, or what a payment says it was for. subject: in_…, pi_… or ch_….
    `create table pricing_line (
      subject text not null,
      line text not null,
      live ${ddl.int} not null,
      product text not null,
      price text,
      currency text not null,
      unit_amount ${ddl.int} not null,
      quantity ${ddl.int} not null,
      amount ${ddl.int} not null,
      renewal ${ddl.int} not null,
      told_at ${ddl.int} not null,
      primary key (subject, line, live)
    )${ddl.withoutRowid}`,
    `create table pricing_subscription (
      id text not null,
      live ${ddl.int} not null,
      product text not null,
      price text not null,
      first_amount ${ddl.int},
      unit_amount ${ddl.int},
      currency text not null,
      started_at ${ddl.int} not null,
      ended_at ${ddl.int},
      told_at ${ddl.int} not null,
      primary key (id, live)
    )${ddl.withoutRowid}`,
  ],
};

/** Suggestions and what became of them: kept for ever. */
const suggestions: Migration = {
  name: "pricing/0002_suggestions",
  statements: (ddl) => [
    `create table pricing_run (
      id ${ddl.id},
      live ${ddl.int} not null,
      at ${ddl.int} not null,
      facts text not null
    )`,
    "create index pricing_run_at on pricing_run (live, at)",
    `create table pricing_suggestion (
      id text primary key,
      no ${ddl.int} not null,
      kind text not null,
      state text not null,
      live ${ddl.int} not null,
      product text,
      price text,
      currency text,
      from_amount ${ddl.int},
      to_amount ${ddl.int},
      told text not null,
      basis text not null,
      proposer_id text not null,
      proposer_name text not null,
      first_id text,
      first_name text,
      second_id text,
      second_name text,
      reason text,
      progress text not null,
      new_price text,
      error_text text,
      attempts ${ddl.int} not null,
      sent_at ${ddl.int},
      next_try_at ${ddl.int},
      created_at ${ddl.int} not null,
      decided_at ${ddl.int},
      applied_at ${ddl.int},
      watch text,
      updated_at ${ddl.int} not null
    )`,
    "create unique index pricing_suggestion_no on pricing_suggestion (no)",
    "create index pricing_suggestion_state on pricing_suggestion (state, next_try_at)",
    // One change of a product's price in a currency at a time: otherwise nobody could tell which one worked.
    `create unique index pricing_suggestion_moving on pricing_suggestion (live, product, currency)
      where state in ('applying', 'applied', 'rolling_back')`,
    `create table pricing_step (
      id ${ddl.id},
      suggestion_id text not null,
      at ${ddl.int} not null,
      what text not null,
      text text not null,
      actor text not null
    )`,
    "create index pricing_step_suggestion on pricing_step (suggestion_id, id)",
  ],
};

export const pricingMigrations: readonly Migration[] = [offers, suggestions];
