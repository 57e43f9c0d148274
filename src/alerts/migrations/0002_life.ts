import type { Dialect, Migration } from "../../platform/index.ts";

/** What happened to an alert stays as it happened; the events of an alert go only with the alert itself. */
function appendOnly(kind: Dialect["kind"]): string[] {
  if (kind === "sqlite") {
    return ["update", "delete"].map((verb) => `create trigger alert_event_no_${verb} before ${verb} on alert_event begin select raise(abort, 'the history of an alert is append-only'); end`);
  }
  return [
    "create function alert_event_append_only() returns trigger language plpgsql as $$ begin raise exception 'the history of an alert is append-only'; end $$",
    "create trigger alert_event_no_change before update or delete on alert_event for each row execute function alert_event_append_only()",
  ];
}

/**
 * All that is told of an alert, and what became of it. `key` is its identity (a rule, or a rule and a scope): of each at
 * most one is open. `held`: ended by a person while it went on; it does not fire again until it was well once.
 */
export const life: Migration = {
  name: "alerts/0002_life",
  statements: (ddl, kind) => [
    "alter table alert add column key text not null default ''",
    "update alert set key = rule",
    "alter table alert add column subject text not null default ''",
    "alter table alert add column title text not null default ''",
    "alter table alert add column details text not null default '[]'",
    "alter table alert add column todo text not null default '[]'",
    "alter table alert add column stake_currency text",
    `alter table alert add column stake_minor ${ddl.int}`,
    "alter table alert add column labels text not null default '{}'",
    "alter table alert add column evidence text",
    `alter table alert add column started_at ${ddl.int}`,
    "alter table alert add column acked_by text",
    `alter table alert add column acked_at ${ddl.int}`,
    "alter table alert add column ack_note text",
    "alter table alert add column health text not null default 'ok'",
    `alter table alert add column drill ${ddl.int} not null default 0`,
    "alter table alert add column resolution text",
    "alter table alert add column feedback text",
    `alter table alert add column held ${ddl.int} not null default 0`,
    "drop index alert_open",
    "create unique index alert_open on alert (key) where resolved_at is null",
    "create index alert_held on alert (key) where held = 1",
    "create index alert_rule on alert (rule, id)",
    `create table alert_event (
      id ${ddl.id},
      alert_id ${ddl.int} not null,
      at ${ddl.int} not null,
      kind text not null,
      actor_id text not null,
      actor_name text not null,
      reason text
    )`,
    "create index alert_event_alert on alert_event (alert_id, id)",
    ...appendOnly(kind),
  ],
};
