import type { Migration } from "../../platform/index.ts";

const oncall: Migration = {
  name: "oncall/0001_oncall",
  statements: (ddl) => [
    `create table oncall_override (
      id ${ddl.id},
      rotation text not null,
      person text not null,
      starts_at ${ddl.int} not null,
      ends_at ${ddl.int} not null,
      author text not null,
      reason text not null,
      created_at ${ddl.int} not null,
      cancelled_at ${ddl.int},
      cancelled_by text
    )`,
    "create index oncall_override_time on oncall_override (rotation, ends_at) where cancelled_at is null",
    `create table oncall_feed (
      id ${ddl.id},
      token_hash text not null unique,
      rotation text,
      person text,
      created_by text not null,
      created_at ${ddl.int} not null,
      used_at ${ddl.int},
      revoked_at ${ddl.int}
    )`,
  ],
};

export const onCallMigrations: readonly Migration[] = [oncall];
