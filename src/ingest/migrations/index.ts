import type { Migration } from "../../platform/index.ts";

/**
 * `bookmark`: where a source stands (a sweep's checkpoint, a tailed file's place), as JSON of its own. `witness`: what
 * Stripe's list of events said per five minutes of Stripe's time. `gap`: a time of which events did not come by
 * themselves.
 */
const sources: Migration = {
  name: "ingest/0001_sources",
  statements: (ddl) => [
    `create table bookmark (name text primary key, value text not null, updated_at ${ddl.int} not null)`,
    `create table witness (
      account text not null,
      start ${ddl.int} not null,
      sweep ${ddl.int} not null,
      seen ${ddl.int} not null,
      recovered ${ddl.int} not null,
      primary key (account, start)
    )${ddl.withoutRowid}`,
    `create table gap (
      id ${ddl.id},
      account text not null,
      from_at ${ddl.int} not null,
      to_at ${ddl.int} not null,
      events ${ddl.int} not null,
      seen ${ddl.int} not null,
      found_at ${ddl.int} not null,
      closed_at ${ddl.int},
      cause text not null
    )`,
    "create index gap_from on gap (from_at)",
  ],
};

const quarantine: Migration = {
  name: "ingest/0002_quarantine",
  statements: (ddl) => [
    `create table quarantine (id ${ddl.id}, received_at ${ddl.int} not null, signature text not null, body ${ddl.blob} not null, size ${ddl.int} not null)`,
  ],
};

/** Events that an application did not take while it took others. `next_at` null: a dead letter. */
const forward: Migration = {
  name: "ingest/0003_forward",
  statements: (ddl) => [
    `create table forward_parked (
      target text not null,
      event_seq ${ddl.int} not null,
      since ${ddl.int} not null,
      attempts ${ddl.int} not null,
      next_at ${ddl.int},
      primary key (target, event_seq)
    )${ddl.withoutRowid}`,
    "create index forward_parked_due on forward_parked (target, next_at)",
  ],
};

/** Stripe's own signature of an event, for an application that wants the event with it. */
const signatures: Migration = {
  name: "ingest/0004_signatures",
  statements: (ddl) => [
    `create table event_signature (event_id text primary key, signature text not null, received_at ${ddl.int} not null)`,
    "create index event_signature_received on event_signature (received_at)",
  ],
};

/** What Stripe lists and nobody can read is missing, and counts as that. */
const unreadable: Migration = {
  name: "ingest/0005_unreadable",
  statements: (ddl) => [`alter table witness add column unreadable ${ddl.int} not null default 0`],
};

export const ingestMigrations: readonly Migration[] = [sources, quarantine, forward, signatures, unreadable];
