import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { sql } from "kysely";
import { onBothDatabases, temporaryDirectory } from "../../test/databases.ts";
import { backupFigures, drillOptions } from "../app/backup.ts";
import { loadConfig } from "../app/config.ts";
import { migrations } from "../app/migrations.ts";
import { type Database, DAY_MS, HOUR_MS, migrate, openSqlite, Secret, type VirtualClock } from "../platform/index.ts";
import { pack } from "./archive.ts";
import { createBackup, type Created, directoryTarget, type Drill, type DrillOptions, drillRestore, judgeBackups, judgeDrills, lastDrill, s3Target } from "./index.ts";
import { manifestText } from "./manifest.ts";
import { type Asked, s3Server, type S3Server } from "./testing/s3-server.ts";
import { shop, shopClock, START } from "./testing/shop.ts";

const KEEP = { daily: 7, weekly: 4, monthly: 6 };
const KEY = new Secret("correct horse battery staple");

onBothDatabases("drill", migrations, (database) => {
  const ready = async (key: Secret | null = null) => {
    const [db, clock, directory] = [await database.open(), shopClock(), join(temporaryDirectory(), "backups")];
    const source = shop(db, clock);
    await source.append(200);
    await source.derive();
    const target = directoryTarget(directory);
    const create = (): Promise<Created> => createBackup({ db, targets: [target], key, figures: backupFigures, keep: KEEP, clock, version: "1.0.0", scratchDirectory: temporaryDirectory() });
    const scratchDirectory = temporaryDirectory();
    const drill = (more: Partial<DrillOptions> = {}): Promise<Drill> => {
      const config = loadConfig({ DATA_DIR: scratchDirectory, ...(db.kind === "postgres" ? { DATABASE_URL: inject("postgresUrl") } : {}) }, { cwd: scratchDirectory });
      const { replay, completeness, postgres } = drillOptions(config, db, clock);
      return drillRestore({ db, target, key, figures: backupFigures, migrations, clock, version: "1.0.0", scratchDirectory, postgres, replay, completeness, ...more });
    };
    return { db, clock, directory, create, drill, ...source };
  };
  const found = (drill: Drill, step: string) => drill.steps.find((one) => one.step === step);
  /** What the sweep noted: Stripe listed `more` events beyond those that are there. */
  const witness = async (db: Database, clock: VirtualClock, more: number): Promise<void> => {
    const rows = await db.read.selectFrom("event").select("created_at").execute();
    const bucket = (ms: number): number => Math.floor(ms / 300_000) * 300_000;
    const counts = Map.groupBy(rows, (row) => bucket(row.created_at));
    await db.write(async (tx) => {
      for (const [start, events] of counts) await sql`insert into witness (account, start, sweep, seen, recovered) values ('', ${start}, 1, ${events.length + (start === bucket(START - 3_600_000) ? more : 0)}, 0)`.execute(tx);
      const state = { checkpointMs: clock.now(), sweeps: 1, begunAt: clock.now(), window: null, backfill: { fromMs: START - 30 * DAY_MS, toMs: START, after: null, reachedMs: START - 30 * DAY_MS, seen: 0, recovered: 0, doneAt: START }, last: { at: clock.now(), seen: rows.length, missing: 0, cause: null }, trouble: null, skewMs: 0, gap: null };
      await sql`insert into bookmark (name, value, updated_at) values ('sweep:', ${JSON.stringify(state)}, ${clock.now()})`.execute(tx);
    });
  };

  it("verifies a good backup, measures how long and how old, and leaves nothing behind", async () => {
    const { db, clock, create, drill } = await ready(KEY);
    await witness(db, clock, 0);
    const { manifest } = await create();
    clock.advance(5 * HOUR_MS);
    const done = await drill();
    expect(done.steps.map(({ step, result }) => `${step} ${result}`)).toEqual(["find ok", "open ok", "restore ok", "integrity ok", "counts ok", "migrate ok", "replay ok", "completeness ok"]);
    expect(done).toMatchObject({ outcome: "verified", backupId: manifest.id, recoveryPointMs: 5 * HOUR_MS });
    expect(done.recoveryTimeMs).toBeGreaterThan(0);
    expect(found(done, "completeness")?.text).toContain("all 200 events");
    expect(await lastDrill(db.read, "verified")).toEqual(done);
    if (db.kind === "postgres") expect((await sql`select 1 from pg_namespace where nspname like 'tw_scratch_%' and not exists (select 1 from pg_locks where locktype = 'advisory')`.execute(db.read)).rows).toEqual([]);
  });

  it("fails when events are missing that Stripe had listed, and is inconclusive when nothing was compared", async () => {
    const { db, clock, create, drill } = await ready();
    await create();
    expect(await drill()).toMatchObject({ outcome: "inconclusive" });
    await witness(db, clock, 3);
    clock.advance(1000);
    await create();
    const done = await drill();
    expect(done.outcome).toBe("failed");
    expect(found(done, "completeness")).toMatchObject({ result: "failed", text: expect.stringContaining("203 events") as string });
  });

  it("fails when what is derived comes out otherwise; with another version's backup that says nothing", async () => {
    const { db, clock, create, drill } = await ready();
    await witness(db, clock, 0);
    const { no } = await db.read.selectFrom("payment").select("no").orderBy("no").limit(1).executeTakeFirstOrThrow();
    await db.write((tx) => tx.updateTable("payment").set({ captured: 1 }).where("no", "=", no).execute());
    await create();
    const done = await drill();
    expect(done.outcome).toBe("failed");
    expect(found(done, "replay")).toMatchObject({ result: "failed", text: expect.stringContaining("payment") as string });
    expect(await drill({ version: "2.0.0" })).toMatchObject({ outcome: "inconclusive" });
  });

  it.each([null, KEY])("meets each damage with the right verdict (key: %s)", async (key) => {
    const { db, clock, directory, create, drill } = await ready(key);
    await witness(db, clock, 0);
    const { manifest } = await create();
    const data = join(directory, manifest.data.name);
    const bytes = readFileSync(data);
    const cases: [string, () => void, Partial<DrillOptions>, Drill["outcome"], string][] = [
      ["a flipped byte", () => writeFileSync(data, Buffer.from(bytes).fill((bytes[bytes.length >> 1] ?? 0) ^ 8, bytes.length >> 1, (bytes.length >> 1) + 1)), {}, "failed", "restore"],
      ["a truncated file", () => truncateSync(data, bytes.length - 100), {}, "failed", "restore"],
      ["another key", () => {}, { key: new Secret("another key of sixteen") }, key === null ? "verified" : "failed", "open"],
      ["no key", () => {}, { key: null }, key === null ? "verified" : "failed", "open"],
      ["a newer schema", () => {}, { migrations: migrations.slice(0, -1) }, "inconclusive", "open"],
      ["an older schema", () => {}, { migrations: [...migrations, { name: "backup/9999_later", statements: () => ["create table later (id integer primary key)"] }] }, "verified", "migrate"],
      ["a place that cannot be reached", () => {}, { target: { ...directoryTarget(directory), list: () => Promise.reject(new Error("connect ECONNREFUSED")) } }, "inconclusive", "find"],
      ["no backup at all", () => {}, { target: directoryTarget(`${directory}-none`) }, "inconclusive", "find"],
      ["nothing wrong", () => {}, {}, "verified", "completeness"],
    ];
    for (const [name, damage, more, outcome, step] of cases) {
      damage();
      const done = await drill(more);
      expect(done.outcome, `${name}: ${JSON.stringify(done.steps)}`).toBe(outcome);
      expect(found(done, step)?.result, name).toBe(outcome === "verified" ? "ok" : outcome);
      if (outcome === "failed") expect(done.recoveryTimeMs, name).toBeNull();
      writeFileSync(data, bytes);
    }
  });

  it("drills a bucket: what is damaged there has failed, what cannot be reached says nothing", async () => {
    const { db, clock, create, drill, directory } = await ready(KEY);
    await witness(db, clock, 0);
    const { manifest } = await create();
    const server = await s3Server();
    const target = s3Target(server.settings(), { part: 64 * 1024, requestMs: 20_000, idleMs: 20_000, tries: 1 });
    const names = [manifest.data.name, `${manifest.id}.json`];
    const near = directoryTarget(directory);
    for (const name of names) await target.put(name, await near.get(name));
    const data = ({ operation, key }: Asked): boolean => operation === "GetObject" && key.endsWith(".twb");
    const faults: [S3Server["fault"], Drill["outcome"], string][] = [
      [() => null, "verified", "completeness"],
      [(asked) => (data(asked) ? "flip" : null), "failed", "restore"],
      [(asked) => (data(asked) ? "500" : null), "inconclusive", "restore"],
      [(asked) => (data(asked) ? "cut" : null), "inconclusive", "restore"],
      [() => "403", "inconclusive", "find"],
    ];
    for (const [fault, outcome, step] of faults) {
      server.fault = fault;
      const done = await drill({ target });
      expect(done.outcome, JSON.stringify(done.steps)).toBe(outcome);
      expect(found(done, step)?.result).toBe(outcome === "verified" ? "ok" : outcome);
    }
  });

  it("tells backups and drills that are old, failed or missing", async () => {
    const { db, clock, directory, create, drill } = await ready();
    const label = `directory ${directory}`;
    const ages = (sinceMs: number) => judgeBackups(db.read, label, { sinceMs, maxAgeMs: 30 * HOUR_MS, nowMs: clock.now() });
    const drills = (sinceMs: number) => judgeDrills(db.read, { sinceMs, maxAgeMs: 9 * DAY_MS, nowMs: clock.now() });
    expect(await ages(clock.now())).toMatchObject({ state: "ok", figure: expect.stringContaining("no backup yet") as string });
    expect(await ages(clock.now() - 31 * HOUR_MS)).toMatchObject({ state: "degraded" });
    expect(await drills(clock.now())).toMatchObject({ state: "ok" });
    expect(await drills(clock.now() - 10 * DAY_MS)).toMatchObject({ state: "degraded" });
    await witness(db, clock, 0);
    const { manifest } = await create();
    expect(await drill()).toMatchObject({ outcome: "verified" });
    expect(await drills(0)).toMatchObject({ state: "ok" });
    clock.advance(31 * HOUR_MS);
    expect(await ages(0)).toMatchObject({ state: "degraded", sinceMs: START });
    clock.advance(3 * DAY_MS);
    expect(await ages(0)).toMatchObject({ state: "down" });
    truncateSync(join(directory, manifest.data.name), 50);
    await drill();
    expect(await drills(0)).toMatchObject({ state: "down", figure: expect.stringContaining("restore") as string });
  });
});

it("fails a copy of an SQLite file whose WAL is missing, whole as its bytes may be", async () => {
  const [clock, directory] = [shopClock(), temporaryDirectory()];
  const file = join(directory, "live.db");
  const db = openSqlite(file);
  await migrate(db, migrations, 0);
  const source = shop(db, clock);
  await source.append(100);
  const good = directoryTarget(join(directory, "good"));
  const { manifest, contents } = await createBackup({ db, targets: [good], key: null, figures: backupFigures, keep: KEEP, clock, version: "1.0.0", scratchDirectory: directory });
  // What somebody would have who copied the file alone: all that is not in the WAL.
  const bare = join(directory, "bare.db");
  copyFileSync(file, bare);
  await db.close();
  const bad = directoryTarget(join(directory, "bad"));
  const bytes: Buffer[] = [];
  const entries = (async function* () {
    yield { name: "database.sqlite", about: {}, bytes: (async function* () { yield readFileSync(bare); })() };
  })();
  for await (const chunk of pack(entries, { id: manifest.id, salt: null }, null)) bytes.push(chunk);
  const all = Buffer.concat(bytes);
  await bad.put(manifest.data.name, (async function* () { yield all; })());
  const text = manifestText({ ...manifest, data: { name: manifest.data.name, bytes: all.length, sha256: createHash("sha256").update(all).digest("hex") } }, contents, null);
  await bad.put(`${manifest.id}.json`, (async function* () { yield Buffer.from(text); })());
  const notes = openSqlite(join(directory, "notes.db"));
  await migrate(notes, migrations, 0);
  const done = await drillRestore({ db: notes, target: bad, key: null, figures: backupFigures, migrations, clock, version: "1.0.0", scratchDirectory: directory, postgres: null, replay: async () => ({ result: "ok", text: "" }), completeness: async () => ({ result: "ok", text: "" }) });
  await notes.close();
  expect(done.outcome).toBe("failed");
  expect(done.steps.at(-1)).toMatchObject({ step: "counts", result: "failed" });
});
