import type { Migration } from "../../platform/index.ts";

export const session: Migration = {
  name: "access/0003_session",
  statements: (ddl) => [
    `create table access_session (
      digest text primary key,
      id text not null unique,
      key_id text not null,
      key_proof text not null,
      created_at ${ddl.int} not null,
      last_used_at ${ddl.int} not null,
      ended_at ${ddl.int},
      client text not null,
      address text not null
    )`,
    "create index access_session_key on access_session (key_id, created_at)",
    "create index access_session_created on access_session (created_at)",
  ],
};
