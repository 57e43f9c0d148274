import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../../test/databases.ts";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { isUnavailable } from "./database.ts";
import { migrate, type Migration } from "./migrate.ts";
import { openSqlite } from "./sqlite.ts";

interface NoteRow {
  id: number;
  amount: number;
  body: Uint8Array | null;
}

declare module "./tables.ts" {
  interface Tables {
    note: NoteRow;
  }
}

const notes: Migration = {
  name: "test/0001_note",
  statements: (ddl) => [`create table note (id ${ddl.int} primary key, amount ${ddl.int} not null, body ${ddl.blob})`],
};

onBothDatabases("database", [notes], (database) => {
  it("gives back integers and bytes as they went in", async () => {
    const db = await database.open();
    const body = Buffer.from([0, 255, 13, 10]);
    await db.write((tx) => tx.insertInto("note").values({ id: 1, amount: Number.MAX_SAFE_INTEGER, body }).execute());
    const row = await db.read.selectFrom("note").selectAll().executeTakeFirstOrThrow();
    expect(row.amount).toBe(Number.MAX_SAFE_INTEGER);
    expect(Buffer.from(row.body ?? [])).toEqual(body);
    const { total } = await db.read.selectFrom("note").select(({ fn }) => fn.sum<number>("amount").as("total")).executeTakeFirstOrThrow();
    expect(total).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("rolls back a step that throws, and goes on", async () => {
    const db = await database.open();
    const failing = db.write(async (tx) => {
      await tx.insertInto("note").values({ id: 1, amount: 1, body: null }).execute();
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await db.write((tx) => tx.insertInto("note").values({ id: 2, amount: 1, body: null }).execute());
    expect(await db.read.selectFrom("note").select("id").execute()).toEqual([{ id: 2 }]);
  });

  it("does not mix two steps that run at once", async () => {
    const db = await database.open();
    await db.write((tx) => tx.insertInto("note").values({ id: 1, amount: 0, body: null }).execute());
    const addOne = () =>
      db.write(async (tx) => {
        await db.dialect.lock(tx, "note");
        const { amount } = await tx.selectFrom("note").select("amount").where("id", "=", 1).executeTakeFirstOrThrow();
        await tx.updateTable("note").set({ amount: amount + 1 }).where("id", "=", 1).execute();
      });
    await Promise.all(Array.from({ length: 20 }, addOne));
    expect(await db.read.selectFrom("note").select("amount").execute()).toEqual([{ amount: 20 }]);
  });

  it("applies a migration once, and refuses a database of a newer version", async () => {
    const db = await database.open();
    expect(await migrate(db, [notes], 1)).toEqual([]);
    await expect(migrate(db, [], 1)).rejects.toMatchObject({ kind: "conflict", code: "schema_too_new" });
  });

  it("tells a fault of ours from a database that is away", async () => {
    const db = await database.open();
    const error = await sql`select * from nowhere`.execute(db.read).catch((thrown: unknown) => thrown);
    expect(isUnavailable(error)).toBe(false);
  });
});

describe("SQLite", () => {
  it("reports a full disk as unavailable and recovers without being opened again", async () => {
    const db = openSqlite(join(temporaryDirectory(), "full.db"));
    await migrate(db, [notes], 0);
    const insert = (id: number) => db.write((tx) => tx.insertInto("note").values({ id, amount: 1, body: Buffer.alloc(200_000) }).execute());
    const pages = await sql<{ page_count: number }>`pragma page_count`.execute(db.read);
    await db.exclusive(() => {});
    const limit = (count: number) => db.write((tx) => sql.raw(`pragma max_page_count = ${count}`).execute(tx));
    await limit((pages.rows[0]?.page_count ?? 0) + 2);
    const error = await insert(1).catch((thrown: unknown) => thrown);
    expect(isUnavailable(error)).toBe(true);
    await limit(1_000_000);
    await insert(2);
    expect(await db.read.selectFrom("note").select("id").execute()).toEqual([{ id: 2 }]);
    await db.close();
  });

  it("acknowledges nothing once its file was moved away", async () => {
    const directory = temporaryDirectory();
    const db = openSqlite(join(directory, "a.db"));
    await migrate(db, [notes], 0);
    renameSync(join(directory, "a.db"), join(directory, "b.db"));
    await expect(db.exclusive(() => {})).rejects.toMatchObject({ code: "database_file_replaced" });
    renameSync(join(directory, "b.db"), join(directory, "a.db"));
    await db.exclusive(() => {});
    await db.close();
  });
});
