import type { Migration } from "../../platform/index.ts";
import { life } from "./0002_life.ts";
import { watch } from "./0003_watch.ts";

const alerts: Migration = {
  name: "alerts/0001_alerts",
  statements: (ddl) => [
    `create table alert (
      id ${ddl.id},
      rule text not null,
      state text not null,
      severity text not null,
      opened_at ${ddl.int} not null,
      fired_at ${ddl.int},
      recovering_at ${ddl.int},
      resolved_at ${ddl.int},
      value ${ddl.float} not null,
      summary text not null,
      updated_at ${ddl.int} not null
    )`,
    // One incident, one alert: the database itself refuses a second open one of the same rule.
    "create unique index alert_open on alert (rule) where resolved_at is null",
    "create index alert_opened on alert (opened_at, id)",
  ],
};

export const alertMigrations: readonly Migration[] = [alerts, life, watch];
