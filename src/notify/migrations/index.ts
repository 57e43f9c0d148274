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

export const notifyMigrations: readonly Migration[] = [news];
