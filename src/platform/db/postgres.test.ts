import { sql } from "kysely";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { isUnavailable } from "./database.ts";
import { migrate, type Migration } from "./migrate.ts";
import { openPostgres, type PostgresDatabase } from "./postgres.ts";
import type { Tx } from "./tables.ts";

/** A database of its own in the tests' server, with a setting that its owner chose for all who connect. */
async function databaseWith(name: string, setting: string): Promise<PostgresDatabase> {
  const server = openPostgres(inject("postgresUrl"), { connections: 1 });
  onTestFinished(() => server.close());
  await sql`create database ${sql.id(name)}`.execute(server.read);
  onTestFinished(async () => void (await sql`drop database ${sql.id(name)} with (force)`.execute(server.read)));
  await sql`alter database ${sql.id(name)} set ${sql.raw(setting)}`.execute(server.read);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const db = openPostgres(url.href, { connections: 2 });
  onTestFinished(() => db.close());
  return db;
}

describe("PostgreSQL", () => {
  it("gives read committed to every transaction, whatever the database's own default is", async () => {
    const db = await databaseWith(`isolated_${process.pid}`, "default_transaction_isolation = 'repeatable read'");
    const { rows } = await db.write((tx) => sql<{ transaction_isolation: string }>`show transaction_isolation`.execute(tx));
    expect(rows).toEqual([{ transaction_isolation: "read committed" }]);
    const { rows: path } = await sql<{ search_path: string }>`show search_path`.execute(db.read);
    expect(path).toEqual([{ search_path: "public" }]);
  });

  it("does not end with a connection that is cut between two statements of a transaction", async () => {
    const db = await databaseWith(`cut_${process.pid}`, "lock_timeout = 0");
    const step = db.write(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid}::int, 10000)`.execute(db.read);
      // What the server said on its way out is read before the next statement.
      for (let turns = 0; turns < 100; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      await sql`select 1`.execute(tx);
    });
    await expect(step).rejects.toSatisfy(isUnavailable);
    expect((await sql<{ one: number }>`select 1 as one`.execute(db.read)).rows).toEqual([{ one: 1 }]);
  });

  it("lets a step see what was committed while it waited for its lock", async () => {
    const db = await databaseWith(`waiting_${process.pid}`, "default_transaction_isolation = 'repeatable read'");
    await sql`create table total (amount bigint not null)`.execute(db.read);
    await sql`insert into total values (0)`.execute(db.read);
    const addOne = (meanwhile: (tx: Tx) => Promise<void>) =>
      db.write(async (tx) => {
        await db.dialect.lock(tx, "total");
        await sql`update total set amount = amount + 1`.execute(tx);
        await meanwhile(tx);
      });
    let second = Promise.resolve();
    await addOne(async (tx) => {
      second = addOne(async () => {});
      const waiting = async () => (await sql<{ pid: number }>`select pid from pg_locks where locktype = 'advisory' and not granted`.execute(tx)).rows.length;
      while ((await waiting()) === 0);
    });
    await second;
    expect((await sql<{ amount: number }>`select amount from total`.execute(db.read)).rows).toEqual([{ amount: 2 }]);
  });

  it("gives a migration all the time it takes, and a statement of ours a minute", async () => {
    const db = await databaseWith(`patient_${process.pid}`, "timezone = 'UTC'");
    const slow: Migration = { name: "test/0001_slow", statements: () => ["create table allowed as select current_setting('statement_timeout') as timeout"] };
    await migrate(db, [slow], 0);
    expect((await sql`select timeout from allowed`.execute(db.read)).rows).toEqual([{ timeout: "0" }]);
    expect((await sql`show statement_timeout`.execute(db.read)).rows).toEqual([{ statement_timeout: "1min" }]);
  });

  it("takes a statement that was cut short for a database that is away: the same may work later", async () => {
    const db = openPostgres(inject("postgresUrl"), { connections: 1 });
    onTestFinished(() => db.close());
    const cut = db.write(async (tx) => {
      await sql`set local statement_timeout = 1`.execute(tx);
      await sql`select pg_sleep(60)`.execute(tx);
    });
    const error: unknown = await cut.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "57014" });
    expect(isUnavailable(error)).toBe(true);
  });
});
