import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Happening } from "../shapes/event.ts";
import type { Page, Range, Scope } from "./objects.ts";

interface EventFilter {
  types: readonly string[];
  created: Range;
  /** true: delivered to every endpoint; false: to at least one not (yet). */
  deliverySuccess: boolean | null;
}

interface StoredEvent {
  happening: Happening;
  pendingWebhooks: number;
}

export interface EventStore {
  append(scope: Scope, happening: Happening, endpoints: number): void;
  get(scope: Scope, id: string): StoredEvent | null;
  /** In whichever scope it is: deliveries know the event only. */
  byId(id: string): (StoredEvent & { scope: Scope }) | null;
  list(scope: Scope, filter: EventFilter, page: Page): { events: StoredEvent[]; hasMore: boolean } | null;
  delivered(id: string): void;
  /** Forgets what is older than Stripe keeps. */
  prune(beforeMs: number): void;
  count(): number;
}

export function eventStore(db: DatabaseSync): EventStore {
  const insert = db.prepare("insert into events (id, scope, type, at, undelivered, happening) values (?, ?, ?, ?, ?, ?)");
  const find = db.prepare("select happening, undelivered from events where scope = ? and id = ?");
  const anywhere = db.prepare("select happening, undelivered, scope from events where id = ?");
  const position = db.prepare("select seq from events where scope = ? and id = ?");
  const lessUndelivered = db.prepare("update events set undelivered = max(0, undelivered - 1) where id = ?");
  return {
    append: (scope, happening, endpoints) => void insert.run(happening.id, scope, happening.type, happening.atMs, endpoints, JSON.stringify(happening)),
    get: (scope, id) => {
      const row = find.get(scope, id);
      return row === undefined ? null : stored(row);
    },
    byId: (id) => {
      const row = anywhere.get(id);
      return row === undefined ? null : { ...stored(row), scope: String(row["scope"]) };
    },
    list: (scope, filter, page) => {
      const cursor = page.startingAfter ?? page.endingBefore;
      const at = cursor === null ? null : position.get(scope, cursor);
      if (at === undefined) return null;
      const backwards = page.startingAfter === null && page.endingBefore !== null;
      const where = whereOf(filter);
      if (at !== null) {
        where.sql += backwards ? " and seq > ?" : " and seq < ?";
        where.values.push(Number(at["seq"]));
      }
      const sql = `select happening, undelivered from events where scope = ?${where.sql} order by seq ${backwards ? "asc" : "desc"} limit ?`;
      const found = db.prepare(sql).all(scope, ...where.values, page.limit + 1).map(stored);
      const events = found.slice(0, page.limit);
      return { events: backwards ? events.reverse() : events, hasMore: found.length > page.limit };
    },
    delivered: (id) => void lessUndelivered.run(id),
    prune: (beforeMs) => {
      db.prepare("delete from deliveries where event in (select id from events where at < ?)").run(beforeMs);
      db.prepare("delete from events where at < ?").run(beforeMs);
    },
    count: () => Number(db.prepare("select count(*) as n from events").get()?.["n"] ?? 0),
  };
}

function stored(row: Record<string, unknown>): StoredEvent {
  return { happening: JSON.parse(String(row["happening"])) as Happening, pendingWebhooks: Number(row["undelivered"]) };
}

/** `charge.*` stands for every type below it, as in the API. */
function whereOf(filter: EventFilter): { sql: string; values: SQLInputValue[] } {
  let sql = "";
  const values: SQLInputValue[] = [];
  if (filter.types.length > 0) {
    const clauses = filter.types.map((type) => {
      values.push(type.endsWith("*") ? `${type.slice(0, -1)}%` : type);
      return type.endsWith("*") ? "type like ?" : "type = ?";
    });
    sql += ` and (${clauses.join(" or ")})`;
  }
  const seconds = "at / 1000";
  const range = filter.created;
  for (const [operator, value] of [[">", range.gt], [">=", range.gte], ["<", range.lt], ["<=", range.lte]] as const) {
    if (value === undefined) continue;
    sql += ` and ${seconds} ${operator} ?`;
    values.push(value);
  }
  if (filter.deliverySuccess !== null) sql += filter.deliverySuccess ? " and undelivered = 0" : " and undelivered > 0";
  return { sql, values };
}
