import type { Migration } from "../../platform/index.ts";

/** `notify_news` is what was told us, as it was; `notify_alert` is how each alert stands, until nobody is owed a word of it. */
const news: Migration = {
  name: "notify/0001_news",
  statements: (ddl) => [
    `create table notify_news (
      id ${ddl.id},
      alert_id ${ddl.int} not null,
      change text not null,
      at ${ddl.int} not null,
      body text not null
    )`,
    "create index notify_news_alert on notify_news (alert_id, id)",
    "create index notify_news_at on notify_news (at)",
    `create table notify_alert (
      alert_id ${ddl.int} primary key,
      state text not null,
      known_at ${ddl.int} not null,
      acknowledged_at ${ddl.int},
      updated_at ${ddl.int} not null,
      unplanned ${ddl.int} not null,
      closed_at ${ddl.int},
      body text not null
    )`,
    "create index notify_alert_open on notify_alert (alert_id) where closed_at is null",
    "create index notify_alert_unplanned on notify_alert (alert_id) where unplanned = 1",
    "create index notify_alert_closed on notify_alert (closed_at) where closed_at is not null",
  ],
};

/**
 * `notify_stream` is what one channel was told of one group, so that what follows can be decided from it; `outbox` is a
 * notice on its way to one channel; `notice_attempt` is every try.
 */
const notices: Migration = {
  name: "notify/0002_notices",
  statements: (ddl) => [
    `create table notify_silence (
      id ${ddl.id},
      kind text not null,
      matchers text not null,
      author text not null,
      reason text not null,
      created_at ${ddl.int} not null,
      starts_at ${ddl.int} not null,
      ends_at ${ddl.int},
      ended_at ${ddl.int},
      ended_by text
    )`,
    "create index notify_silence_open on notify_silence (id) where ended_at is null",
    `create table notify_plan (
      only_row ${ddl.int} primary key check (only_row = 1),
      due_at ${ddl.int} not null,
      routing text not null
    )`,
    "insert into notify_plan (only_row, due_at, routing) values (1, 0, '')",
    `create table notify_stream (
      id ${ddl.id},
      key text not null,
      channel text not null,
      route text not null,
      labels text not null,
      told text not null,
      sent_at ${ddl.int} not null
    )`,
    "create unique index notify_stream_key on notify_stream (key, channel)",
    `create table notice (
      id ${ddl.id},
      key text not null,
      route text not null,
      reason text not null,
      status text not null,
      severity text not null,
      title text not null,
      drill ${ddl.int} not null,
      created_at ${ddl.int} not null,
      body text not null
    )`,
    "create index notice_created on notice (created_at)",
    `create table notice_alert (
      alert_id ${ddl.int} not null,
      notice_id ${ddl.int} not null,
      primary key (alert_id, notice_id)
    )${ddl.withoutRowid}`,
    "create index notice_alert_notice on notice_alert (notice_id)",
    `create table outbox (
      id ${ddl.id},
      notice_id ${ddl.int} not null,
      channel text not null,
      key text not null,
      state text not null,
      queued_at ${ddl.int} not null,
      attempts ${ddl.int} not null,
      settled_at ${ddl.int},
      error text,
      merged_into ${ddl.int}
    )`,
    "create index outbox_queued on outbox (channel, id) where state = 'queued'",
    "create index outbox_notice on outbox (notice_id)",
    "create index outbox_settled on outbox (settled_at) where settled_at is not null",
    `create table notice_attempt (
      id ${ddl.id},
      outbox_id ${ddl.int} not null,
      channel text not null,
      started_at ${ddl.int} not null,
      latency_ms ${ddl.int},
      outcome text,
      status ${ddl.int},
      reason text
    )`,
    "create index notice_attempt_outbox on notice_attempt (outbox_id, id)",
    `create table channel (
      name text primary key,
      failures ${ddl.int} not null,
      wait_until ${ddl.int} not null,
      disabled_at ${ddl.int},
      disabled_why text,
      succeeded_at ${ddl.int},
      failed_at ${ddl.int},
      error text,
      owner text,
      lease_until ${ddl.int} not null
    )`,
  ],
};

/** Escalations on their way, why an alert is not told of, since when a channel fails, keys that sign links, drills. */
const chains: Migration = {
  name: "notify/0003_chains",
  statements: (ddl) => [
    "alter table notify_alert add column suppressed text",
    `create table notify_chain (
      alert_id ${ddl.int} primary key,
      route text not null,
      policy text not null,
      channels text not null,
      step ${ddl.int} not null,
      round ${ddl.int} not null,
      next_at ${ddl.int},
      state text not null
    )`,
    "create index notify_chain_open on notify_chain (alert_id) where state <> 'done'",
    `alter table channel add column failing_since ${ddl.int}`,
    `alter table channel add column told_at ${ddl.int}`,
    "alter table channel add column fingerprint text",
    "create index outbox_merged on outbox (merged_into) where merged_into is not null",
    "create table notify_key (name text primary key, secret text not null)",
    `create table notify_drill (
      id ${ddl.id},
      alert_id ${ddl.int} not null,
      started_at ${ddl.int} not null,
      asked_by text not null,
      cause text not null,
      finished_at ${ddl.int},
      outcome text not null,
      body text not null
    )`,
    "create index notify_drill_started on notify_drill (started_at)",
    "create index notify_drill_open on notify_drill (alert_id) where finished_at is null",
  ],
};

/** A drill begins with an event of its own: what signs it, when it was taken, and what of the ledger came before it. */
const drillEvents: Migration = {
  name: "notify/0004_drill_events",
  statements: (ddl) => ["alter table notify_drill add column secret text", `alter table notify_drill add column event_at ${ddl.int}`, `alter table notify_drill add column event_seq ${ddl.int}`],
};

export const notifyMigrations: readonly Migration[] = [news, notices, chains, drillEvents];
