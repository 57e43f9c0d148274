import type { Migration } from "../../platform/index.ts";

export const links: Migration = {
  name: "access/0002_links",
  statements: (ddl) => [
    // What signatures are made with; it never leaves the database, and a link made before it was replaced opens nothing.
    "create table access_secret (name text primary key, secret text not null)",
    `create table access_link (
      id text primary key,
      page text not null,
      name text not null,
      params text not null,
      created_at ${ddl.int} not null,
      created_by text not null,
      expires_at ${ddl.int} not null,
      revoked_at ${ddl.int},
      last_used_at ${ddl.int}
    )`,
    "create index access_link_created on access_link (created_at)",
  ],
};
