import type { Migration } from "../../platform/index.ts";

/**
 * `term` interns the few strings that every row repeats. Bodies of one commit lie together in one compressed block:
 * measured on Stripe's events, five times smaller and ten times cheaper than one by one.
 */
const events: Migration = {
  name: "ledger/0001_events",
  statements: (ddl) => [
    `create table term (id ${ddl.id}, value text not null unique)`,
    `create table event_block (id ${ddl.id}, codec text not null, raw_size ${ddl.int} not null, bytes ${ddl.blob} not null)`,
    `create table event (
      seq ${ddl.id},
      event_id text not null unique,
      type_id ${ddl.int} not null,
      received_at ${ddl.int} not null,
      created_at ${ddl.int} not null,
      live ${ddl.int} not null,
      account_id ${ddl.int},
      version_id ${ddl.int},
      source_id ${ddl.int} not null,
      object_id text,
      snapshot_event text,
      flags ${ddl.int} not null default 0,
      block_id ${ddl.int} not null,
      block_at ${ddl.int} not null,
      size ${ddl.int} not null
    )`,
    "create index event_received on event (received_at, seq)",
    "create index event_type on event (type_id, received_at, seq)",
    "create index event_flagged on event (received_at, seq) where flags <> 0",
    `create table event_variant (
      id ${ddl.id},
      event_seq ${ddl.int} not null,
      received_at ${ddl.int} not null,
      type text not null,
      bytes ${ddl.blob} not null
    )`,
    "create index event_variant_event on event_variant (event_seq)",
    `create table delivery (
      seq ${ddl.id},
      received_at ${ddl.int} not null,
      outcome text not null,
      endpoint_id ${ddl.int} not null,
      status ${ddl.int} not null,
      event_seq ${ddl.int},
      event_id text,
      event_type text,
      reason text,
      count ${ddl.int} not null default 1
    )`,
    "create index delivery_trouble on delivery (received_at) where outcome in ('malformed', 'failed', 'rejected')",
    // All but the ordinary outcome, so that a list of any of them is short work and the ordinary one costs no index.
    "create index delivery_unusual on delivery (outcome, seq) where outcome <> 'accepted'",
    `create table consumer (name text primary key, seq ${ddl.int} not null, updated_at ${ddl.int} not null)`,
    `create table event_failure (
      event_seq ${ddl.int} primary key,
      failed_at ${ddl.int} not null,
      attempts ${ddl.int} not null,
      armed ${ddl.int} not null,
      error text not null
    )`,
    "create index event_failure_failed on event_failure (failed_at)",
  ],
};

/**
 * Indexes whose condition the queries repeat literally: SQLite uses a partial index only where it can prove the
 * condition from the text of the query. Thin events are many, flagged ones few.
 */
const narrowIndexes: Migration = {
  name: "ledger/0002_narrow_indexes",
  statements: () => [
    "drop index event_flagged",
    "create index event_variants on event (received_at, seq) where (flags & 1) = 1",
    "create index event_failure_armed on event_failure (event_seq) where armed = 1",
  ],
};

/** A thousand contents under one id must cost the thousand-and-first no more than the first. */
const variantFacts: Migration = {
  name: "ledger/0003_variant_facts",
  statements: () => ["alter table event_variant add column fact text", "create index event_variant_fact on event_variant (event_seq, fact)"],
};

/** What is left of an erased event: that it was, and the SHA-256 of its bytes as they came. */
const erasures: Migration = {
  name: "ledger/0004_erasures",
  statements: (ddl) => [
    `create table erasure (
      no ${ddl.id},
      state text not null check (state in ('running', 'done')),
      started_at ${ddl.int} not null,
      finished_at ${ddl.int},
      made_by text not null,
      subjects text not null,
      events ${ddl.int} not null
    )`,
    `create table erased_event (event_id text primary key, erasure_no ${ddl.int} not null, sha256 text not null, erased_at ${ddl.int} not null)`,
    "create index erased_event_erasure on erased_event (erasure_no)",
  ],
};

export const ledgerMigrations: readonly Migration[] = [events, narrowIndexes, variantFacts, erasures];
