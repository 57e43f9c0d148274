import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists objects (
  scope text not null, id text not null, kind text not null, seq integer not null, created integer not null,
  customer text, payment_intent text, charge text, invoice text, status text, touched integer not null default 0, body text not null,
  primary key (scope, id)
) without rowid;
create index if not exists objects_by_kind on objects (scope, kind, seq);
create index if not exists objects_by_intent on objects (scope, kind, payment_intent) where payment_intent is not null;
create index if not exists objects_by_charge on objects (scope, kind, charge) where charge is not null;
create index if not exists objects_by_customer on objects (scope, kind, customer, seq) where customer is not null;
create index if not exists objects_by_invoice on objects (scope, kind, invoice) where invoice is not null;
create table if not exists events (
  seq integer primary key, id text not null unique, scope text not null, type text not null, at integer not null,
  undelivered integer not null, happening text not null
);
create index if not exists events_by_scope on events (scope, seq);
create table if not exists deliveries (
  id integer primary key, event text not null, endpoint text not null, attempt integer not null, next_at integer, first_failed_at integer, state text not null
);
create index if not exists deliveries_due on deliveries (next_at) where next_at is not null;
create index if not exists deliveries_by_event on deliveries (event);
create table if not exists idempotency (
  scope text not null, key text not null, endpoint text not null, fingerprint text not null, status integer not null, body text not null,
  request text not null, at integer not null, primary key (scope, key)
) without rowid;
create table if not exists agenda (id integer primary key, at integer not null, scope text not null, step text not null, subject text not null);
create index if not exists agenda_due on agenda (at);
`;

/**
 * The state's file. A killed process loses nothing it has answered for: every request is one transaction. The disk is
 * not synced at each of them, because the state of a stand-in need not survive a power cut.
 * @param location a path, or ":memory:"
 */
export function openState(location: string): DatabaseSync {
  const db = new DatabaseSync(location);
  db.exec("pragma journal_mode = wal; pragma synchronous = off; pragma busy_timeout = 2000; pragma cache_size = -32000;");
  db.exec(SCHEMA);
  return db;
}

/** Runs `work` as one transaction; nested calls join the outer one. */
export function transact<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec("begin immediate");
  try {
    const result = work();
    db.exec("commit");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("rollback");
    throw error;
  }
}

/** A number that grows by one at each start, so that ids made after a restart are new ones under the same seed. */
export function nextRun(db: DatabaseSync): number {
  const row = db.prepare("select value from meta where name = 'run'").get();
  const run = row === undefined ? 1 : Number(row["value"]) + 1;
  db.prepare("insert or replace into meta (name, value) values ('run', ?)").run(String(run));
  return run;
}
