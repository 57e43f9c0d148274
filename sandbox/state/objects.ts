import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Thing } from "../shapes/thing.ts";

/** One account in one mode: test data and live data never see each other. */
export type Scope = string;

/** The lists of the API can be narrowed by these. */
export interface Filter {
  customer?: string;
  payment_intent?: string;
  charge?: string;
  invoice?: string;
  status?: string;
  created?: Range;
  /** Equality on fields that have no column of their own. */
  fields?: Readonly<Record<string, string | number | boolean>>;
}

export interface Range {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

export interface Page {
  limit: number;
  startingAfter: string | null;
  endingBefore: string | null;
}

export interface ObjectStore {
  get(scope: Scope, id: string): Thing | null;
  /** @param touched changed through the API: traffic leaves the payment alone from then on */
  put(scope: Scope, thing: Thing, touched: boolean): void;
  remove(scope: Scope, id: string): void;
  /** Newest first. @returns null when the cursor names no object */
  list(scope: Scope, kind: string, filter: Filter, page: Page): { things: Thing[]; hasMore: boolean } | null;
  /** All that match, oldest first. */
  all(scope: Scope, kind: string, filter: Filter): Thing[];
  isTouched(scope: Scope, id: string): boolean;
  /** The invoice whose hosted page's address ends so. */
  invoiceBehind(scope: Scope, ending: string): Thing | null;
  /** The server is reached at another address than at the last start: links in stored objects follow. */
  moveLinks(from: string, to: string): void;
  count(): Record<string, number>;
  balances(scope: Scope, atSeconds: number): { currency: string; available: number; pending: number }[];
}

export function objectStore(db: DatabaseSync): ObjectStore {
  let seq = Number(db.prepare("select coalesce(max(seq), 0) as seq from objects").get()?.["seq"] ?? 0);
  const touchedIds = new Set(db.prepare("select scope || ' ' || id as key from objects where touched = 1").all().map((row) => String(row["key"])));
  const find = db.prepare("select body from objects where scope = ? and id = ?");
  const insert = db.prepare(`
    insert into objects (scope, id, kind, seq, created, customer, payment_intent, charge, invoice, status, touched, body)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, id) do update set customer = excluded.customer, payment_intent = excluded.payment_intent, charge = excluded.charge,
      invoice = excluded.invoice, status = excluded.status, touched = max(touched, excluded.touched), body = excluded.body`);
  const drop = db.prepare("delete from objects where scope = ? and id = ?");
  const position = db.prepare("select seq from objects where scope = ? and id = ? and kind = ?");

  const rows = (scope: Scope, kind: string, filter: Filter, extra: string, values: SQLInputValue[], tail: string): Thing[] => {
    const where = whereOf(filter);
    const sql = `select body from objects where scope = ? and kind = ?${where.sql}${extra} ${tail}`;
    return db.prepare(sql).all(scope, kind, ...where.values, ...values).map((row) => JSON.parse(String(row["body"])) as Thing);
  };

  return {
    get: (scope, id) => {
      const row = find.get(scope, id);
      return row === undefined ? null : (JSON.parse(String(row["body"])) as Thing);
    },
    put: (scope, thing, touched) => {
      if (touched) touchedIds.add(`${scope} ${thing.id}`);
      const links = linksOf(thing);
      const created = Number(thing["created"] ?? thing["date"] ?? 0);
      insert.run(scope, thing.id, thing.object, ++seq, created, links.customer, links.payment_intent, links.charge, links.invoice, links.status, touched ? 1 : 0, JSON.stringify(thing));
    },
    remove: (scope, id) => void drop.run(scope, id),
    list: (scope, kind, filter, page) => {
      const cursor = page.startingAfter ?? page.endingBefore;
      const at = cursor === null ? null : position.get(scope, cursor, kind);
      if (at === undefined) return null;
      const backwards = page.startingAfter === null && page.endingBefore !== null;
      const extra = at === null ? "" : backwards ? " and seq > ?" : " and seq < ?";
      const values: SQLInputValue[] = at === null ? [] : [Number(at["seq"])];
      const found = rows(scope, kind, filter, extra, [...values, page.limit + 1], `order by seq ${backwards ? "asc" : "desc"} limit ?`);
      const things = found.slice(0, page.limit);
      return { things: backwards ? things.reverse() : things, hasMore: found.length > page.limit };
    },
    all: (scope, kind, filter) => rows(scope, kind, filter, "", [], "order by seq"),
    isTouched: (scope, id) => touchedIds.has(`${scope} ${id}`),
    invoiceBehind: (scope, ending) => {
      const sql = "select body from objects where scope = ? and kind = 'invoice' and substr(json_extract(body, '$.hosted_invoice_url'), ?) = ?";
      const row = db.prepare(sql).get(scope, -ending.length, ending);
      return row === undefined ? null : (JSON.parse(String(row["body"])) as Thing);
    },
    moveLinks: (from, to) => void db.prepare("update objects set body = replace(body, ?, ?) where kind in ('invoice', 'charge')").run(`"${from}/`, `"${to}/`),
    count: () => Object.fromEntries(db.prepare("select kind, count(*) as n from objects group by kind order by kind").all().map((row) => [String(row["kind"]), Number(row["n"])])),
    balances: (scope, atSeconds) =>
      db.prepare(`
        select json_extract(body, '$.currency') as currency,
          sum(case when json_extract(body, '$.available_on') <= ? then json_extract(body, '$.net') else 0 end) as available,
          sum(case when json_extract(body, '$.available_on') > ? then json_extract(body, '$.net') else 0 end) as pending
        from objects where scope = ? and kind = 'balance_transaction' group by 1 order by 1`)
        .all(atSeconds, atSeconds, scope)
        .map((row) => ({ currency: String(row["currency"]), available: Number(row["available"]), pending: Number(row["pending"]) })),
  };
}

function whereOf(filter: Filter): { sql: string; values: SQLInputValue[] } {
  let sql = "";
  const values: SQLInputValue[] = [];
  const add = (clause: string, value: SQLInputValue): void => {
    sql += ` and ${clause}`;
    values.push(value);
  };
  for (const column of ["customer", "payment_intent", "charge", "invoice", "status"] as const) {
    const value = filter[column];
    if (value !== undefined) add(`${column} = ?`, value);
  }
  const range = filter.created ?? {};
  if (range.gt !== undefined) add("created > ?", range.gt);
  if (range.gte !== undefined) add("created >= ?", range.gte);
  if (range.lt !== undefined) add("created < ?", range.lt);
  if (range.lte !== undefined) add("created <= ?", range.lte);
  for (const [field, value] of Object.entries(filter.fields ?? {})) add(`json_extract(body, '$.${field}') = ?`, typeof value === "boolean" ? Number(value) : value);
  return { sql, values };
}

/** An invoice payment names its payment intent one level down. */
function linksOf(thing: Thing): Record<"customer" | "payment_intent" | "charge" | "invoice" | "status", string | null> {
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const payment = thing["payment"] as { payment_intent?: string } | undefined;
  return {
    customer: text(thing["customer"]),
    payment_intent: text(thing["payment_intent"]) ?? text(payment?.payment_intent),
    charge: text(thing["charge"]),
    invoice: text(thing["invoice"]),
    status: text(thing["status"]),
  };
}
