import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { claimEvents, consume, ledgerMigrations, openAppend, readHead, retainEvents } from "../ledger/index.ts";
import { foldPayments, paymentsMigrations } from "../payments/index.ts";
import { entry, type EventSketch, story, TELLERS } from "../payments/testing/stories.ts";
import { type Database, openScratch } from "../platform/index.ts";
import { foldDeliveries, foldMetrics, MEASURES, metricsMigrations, needsRebuild, rebuild } from "./index.ts";

const CONSUMER = "derive";
const options = { timeZone: "Europe/Berlin", consumer: CONSUMER };
const TABLES = ["payment", "payment_alias", "payment_event", "attempt", "refund", "metric", "delivery_metric"] as const;

function sketches(key: string): EventSketch[] {
  return Object.keys(TELLERS).flatMap((name, index) => story(name, { key: `${key}${index}`, pace: 600 }).events.map((sketch) => ({ ...sketch, second: sketch.second + index * 50_000 })));
}

async function append(db: Database, events: readonly EventSketch[], firstId: number): Promise<void> {
  const items = events.map((sketch, index) => {
    const { body, receivedAt } = entry(sketch, firstId + index);
    const read = readHead(body, receivedAt);
    if (read.kind !== "head") throw new Error(read.reason);
    return { kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(body)), receivedAt, source: "webhook", endpoint: "main" } as const;
  });
  await openAppend(db)(items);
}

async function step(db: Database, timeZone = options.timeZone, limit = 7): Promise<number> {
  return await consume(db, CONSUMER, limit, async (tx, entries) => {
    const { changes, failures } = await foldPayments(tx, entries);
    await foldMetrics(tx, changes, { timeZone });
    return failures;
  }, 0);
}

async function digestAll(db: Database, limit = 7): Promise<void> {
  while ((await step(db, options.timeZone, limit)) > 0);
  while ((await foldDeliveries(db, options, limit, 0)) > 0);
}

/** All rows; a bucket in which everything was taken back is as good as none. */
async function dump(db: Database): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows: readonly object[] = await db.read.selectFrom(table).selectAll().execute();
    const kept = rows.filter((row) => table !== "metric" || MEASURES.some((measure) => (row as Record<string, unknown>)[measure] !== 0));
    all[table] = kept.map((row) => JSON.stringify(row)).sort();
  }
  return all;
}

function wrong(report: Awaited<ReturnType<typeof rebuild>>): Record<string, string> {
  return Object.fromEntries(report.tables.filter((table) => table.missing + table.extra + table.different > 0).map((table) => [table.table, `${table.missing} missing, ${table.extra} extra, ${table.different} different`]));
}

async function damage(db: Database): Promise<void> {
  await db.write(async (tx) => {
    const nos = (await tx.selectFrom("payment").select("no").orderBy("no").execute()).map((row) => row.no);
    const [first = 0, second = 0, third = 0] = nos;
    await tx.deleteFrom("payment").where("no", "=", first).execute();
    await tx.updateTable("payment").set({ captured: 1 }).where("no", "=", second).execute();
    await tx.updateTable("payment_alias").set({ payment_no: second }).where("payment_no", "=", third).execute();
    await tx.insertInto("attempt").values({ payment_no: 999_999_999, id: "ch_nobody", live: 1, account: "", currency: "usd", at: 1, outcome: "failed", cause: null, code: null, amount: 1 }).execute();
    await tx.deleteFrom("refund").execute();
    await tx.updateTable("metric").set({ attempts: 77 }).where("grain", "=", "h").where("kind", "=", "brand").execute();
    await tx.deleteFrom("metric").where("grain", "=", "m").where("kind", "=", "all").execute();
    await tx.updateTable("delivery_metric").set({ failed: 5 }).where("grain", "=", "h").execute();
    await tx.deleteFrom("delivery_metric").where("grain", "=", "d").execute();
    await sql`update metric set start = start - 60000 where grain = 'm' and kind = 'country'`.execute(tx);
  });
}

onBothDatabases("rebuild", [...ledgerMigrations, ...paymentsMigrations, ...metricsMigrations], (database) => {
  it("finds live tables right that are right", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    const progress: number[] = [];
    const report = await rebuild(db, { ...options, check: true, onProgress: (done) => void progress.push(done) });
    expect(wrong(report)).toEqual({});
    expect(report).toMatchObject({ events: sketches("a").length, same: true, repaired: false });
    expect(progress.at(-1)).toBe(sketches("a").length);
  });

  it("says what is wrong without touching it, then repairs it", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    const right = await dump(db);
    await damage(db);
    const damaged = await dump(db);
    const checked = await rebuild(db, { ...options, check: true });
    expect(await dump(db)).toEqual(damaged);
    expect(Object.keys(wrong(checked))).toEqual(["payment", "payment_alias", "attempt", "refund", "metric", "delivery_metric"]);
    expect(wrong(checked)["payment"]).toBe("1 missing, 0 extra, 1 different");
    const repaired = await rebuild(db, { ...options, check: false });
    expect(repaired).toMatchObject({ same: false, repaired: true });
    expect(await dump(db)).toEqual(right);
    expect(wrong(await rebuild(db, { ...options, check: true }))).toEqual({});
  });

  it("makes everything again from nothing", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    const right = await dump(db);
    await db.write(async (tx) => {
      for (const table of TABLES) await tx.deleteFrom(table).execute();
    });
    await rebuild(db, { ...options, check: false });
    expect(await dump(db)).toEqual(right);
  });

  it("may run while events come in and are digested", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    await damage(db);
    let meanwhile: Promise<unknown> = Promise.resolve();
    let begun = 0;
    const report = await rebuild(db, {
      ...options,
      check: false,
      onProgress: () => {
        begun += 1;
        if (begun === 1) meanwhile = append(db, sketches("b"), 10_000).then(() => digestAll(db));
      },
    });
    await meanwhile;
    await digestAll(db);
    expect(report.repaired).toBe(true);
    expect(wrong(await rebuild(db, { ...options, check: true }))).toEqual({});
    const lonely = await database.open();
    await append(lonely, sketches("a"), 1);
    await append(lonely, sketches("b"), 10_000);
    await digestAll(lonely);
    expect(await dump(db)).toEqual(await dump(lonely));
  });

  it("keeps what retention made impossible to derive again", async () => {
    const db = await database.open();
    const events = sketches("a");
    await append(db, events, 1);
    await digestAll(db);
    const right = await dump(db);
    const half = entry(events[Math.floor(events.length / 2)] ?? { type: "", second: 0, object: {} }, 1).receivedAt;
    expect(await retainEvents(db, half, 1000)).toBeGreaterThan(10);
    expect(wrong(await rebuild(db, { ...options, check: true }))).toEqual({});
    await db.write((tx) => tx.updateTable("metric").set({ failed: 9 }).where("grain", "=", "d").execute());
    await rebuild(db, { ...options, check: false });
    expect(await dump(db)).toEqual(right);
    expect(await retainEvents(db, Number.MAX_SAFE_INTEGER, 1000)).toBeGreaterThan(10);
    expect(wrong(await rebuild(db, { ...options, check: false }))).toEqual({});
    expect(await dump(db)).toEqual(right);
  });

  it.each([true, false])("loses nothing to retention that takes what it may meanwhile (only compares: %s)", async (check) => {
    const db = await database.open();
    const events = Array.from({ length: 25 }, (_, index) => sketches(`k${index}`)).flat();
    await append(db, events, 1);
    await digestAll(db, 500);
    const right = await dump(db);
    const taken: number[] = [];
    const onProgress = async (): Promise<void> => {
      taken.push(await retainEvents(db, Number.MAX_SAFE_INTEGER, events.length));
    };
    const report = await rebuild(db, { ...options, check, onProgress });
    expect(wrong(report)).toEqual({});
    expect(await dump(db)).toEqual(right);
    // What was folded again may go, and no more: the rest was still to be read.
    expect(taken.slice(0, 2)).toEqual([1000, events.length - 1000]);
    expect((await db.read.selectFrom("consumer").select("name").orderBy("name").execute()).map((row) => row.name)).toEqual(["delivery:metrics", CONSUMER]);
  });

  it("takes over the claim of a killed run, and asks for a run while there is one", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    const dead = await claimEvents(db, "rebuild");
    expect(await retainEvents(db, Number.MAX_SAFE_INTEGER, 1000)).toBe(0);
    expect(await needsRebuild(db.read, options.timeZone)).toBe(true);
    expect(wrong(await rebuild(db, { ...options, check: true, onProgress: async () => await expect(dead.move(1)).rejects.toMatchObject({ code: "claim_taken_over" }) }))).toEqual({});
    expect(await needsRebuild(db.read, options.timeZone)).toBe(false);
    expect(await retainEvents(db, Number.MAX_SAFE_INTEGER, 1000)).toBe(sketches("a").length);
  });

  it("brings days into another time zone", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    expect(await needsRebuild(db.read, "Europe/Berlin")).toBe(false);
    expect(await needsRebuild(db.read, "Asia/Kolkata")).toBe(true);
    await rebuild(db, { ...options, timeZone: "Asia/Kolkata", check: false });
    expect(await needsRebuild(db.read, "Asia/Kolkata")).toBe(false);
    const other = await database.open();
    await append(other, sketches("a"), 1);
    while ((await step(other, "Asia/Kolkata")) > 0);
    while ((await foldDeliveries(other, options, 10, 0)) > 0);
    expect(await dump(db)).toEqual(await dump(other));
  });

  it("clears away what a killed run left", async () => {
    const db = await database.open();
    await append(db, sketches("a"), 1);
    await digestAll(db);
    const left = await openScratch(db, "rebuild", paymentsMigrations);
    await left.write((tx) => tx.insertInto("payment_event").values({ payment_no: 1, event_seq: 1 }).execute());
    if (db.kind === "postgres") {
      // While the other run lives, this one waits its turn; the server frees the lock of a killed one.
      await expect(rebuild(db, { ...options, check: true })).rejects.toMatchObject({ code: "scratch_in_use" });
      await left.drop();
      const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db.read);
      const schema = `${rows[0]?.schema}_rebuild`;
      await sql`create schema ${sql.id(schema)}`.execute(db.read);
      await sql`create table ${sql.id(schema, "payment")} (wrong text)`.execute(db.read);
    }
    expect(wrong(await rebuild(db, { ...options, check: true }))).toEqual({});
  });
});
