import type { Migration } from "../../platform/index.ts";

/** Which node follows the minutes, and what is usual as it last said: the pages and the commands have no detector of their own. */
export const watch: Migration = {
  name: "alerts/0003_watch",
  statements: (ddl) => [
    `create table alert_watch (name text primary key, node text not null, until ${ddl.int} not null)`,
    `create table alert_usual (name text primary key, at ${ddl.int} not null, body text not null)`,
  ],
};
