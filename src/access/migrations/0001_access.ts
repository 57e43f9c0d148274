import type { Dialect, Migration } from "../../platform/index.ts";

/** Nothing changes or deletes an audit row by accident; who does it on purpose has to break the chain as well. */
function appendOnly(kind: Dialect["kind"]): string[] {
  if (kind === "sqlite") {
    return ["update", "delete"].map((verb) => `create trigger audit_no_${verb} before ${verb} on audit begin select raise(abort, 'the audit trail is append-only'); end`);
  }
  return [
    "create function audit_append_only() returns trigger language plpgsql as $$ begin raise exception 'the audit trail is append-only'; end $$",
    "create trigger audit_no_change before update or delete on audit for each row execute function audit_append_only()",
    "create trigger audit_no_truncate before truncate on audit for each statement execute function audit_append_only()",
  ];
}

export const access: Migration = {
  name: "access/0001_access",
  statements: (ddl, kind) => [
    `create table access_key (
      id text primary key,
      name text not null,
      role text not null check (role in ('viewer', 'operator', 'admin')),
      digest text not null,
      created_at ${ddl.int} not null,
      created_by text not null,
      last_used_at ${ddl.int},
      revoked_at ${ddl.int},
      expires_at ${ddl.int}
    )`,
    "create unique index access_key_name on access_key (name) where revoked_at is null",
    "create index access_key_revoked on access_key (revoked_at) where revoked_at is not null",
    `create table audit (
      id ${ddl.int} primary key,
      at ${ddl.int} not null,
      actor_id text not null,
      actor_name text not null,
      action text not null,
      subject text not null,
      detail text not null,
      request_id text,
      outcome text not null,
      hash text not null
    )`,
    "create index audit_action on audit (action, id)",
    "create index audit_actor on audit (actor_id, id)",
    "create index audit_subject on audit (subject, id)",
    ...appendOnly(kind),
    // The end of the chain: where the next row hooks in, and what tells that the last rows are gone.
    `create table audit_head (only_row ${ddl.int} primary key check (only_row = 1), id ${ddl.int} not null, hash text not null)`,
    "insert into audit_head (only_row, id, hash) values (1, 0, '')",
  ],
};
