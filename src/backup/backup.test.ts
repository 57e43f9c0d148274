import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, inject, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../test/databases.ts";
import { backupFigures } from "../app/backup.ts";
import { DERIVE } from "../app/derive.ts";
import { migrations } from "../app/migrations.ts";
import { rebuild } from "../metrics/index.ts";
import { type Database, DAY_MS, openPostgres, openSqlite, Secret, type VirtualClock } from "../platform/index.ts";
import { createBackup, type CreateOptions, type Created, directoryTarget, findBackup, lastBackup, listBackups, type Place, readBackups, restoreBackup, type RestoreOptions, verifyBackup } from "./index.ts";
import { superfluous } from "./rotate.ts";
import { newPlace, rowsOf } from "./testing/place.ts";
import { shop, shopClock, START } from "./testing/shop.ts";

const KEY = new Secret("correct horse battery staple");
const KEEP = { daily: 7, weekly: 4, monthly: 6 };

function create(db: Database, directory: string, clock: VirtualClock, more: Partial<CreateOptions> = {}): Promise<Created> {
  return createBackup({ db, targets: [directoryTarget(directory)], key: null, figures: backupFigures, keep: KEEP, clock, version: "1.2.3", scratchDirectory: temporaryDirectory(), ...more });
}

async function restore(directory: string, place: Place, clock: VirtualClock, more: Partial<RestoreOptions> = {}) {
  const target = directoryTarget(directory);
  const manifest = more.manifest ?? (await findBackup(target, "newest"));
  return await restoreBackup({ target, manifest, key: null, figures: backupFigures, migrations, clock, place, replace: false, settle: async () => {}, ...more });
}

onBothDatabases("backup", migrations, (database) => {
  const filled = async (): Promise<{ db: Database; clock: VirtualClock; directory: string; append(count: number): Promise<void>; derive(): Promise<void> }> => {
    const [db, clock] = [await database.open(), shopClock()];
    const source = shop(db, clock);
    await source.append(300);
    await source.derive();
    return { db, clock, directory: join(temporaryDirectory(), "backups"), ...source };
  };

  it("gives back every row of every table", async () => {
    const { db, clock, directory } = await filled();
    const before = await rowsOf(db);
    const { manifest, contents } = await create(db, directory, clock);
    expect(contents.tables["event"]).toBe(300);
    expect(contents.totals.length).toBeGreaterThan(1);
    expect(manifest).toMatchObject({ database: db.kind, encryption: null, snapshot_at: START, made_by: "1.2.3" });
    expect(readdirSync(directory).sort()).toEqual([`${manifest.id}.json`, `${manifest.id}.twb`]);
    const { place, look } = newPlace(db.kind);
    expect(await restore(directory, place, clock)).toMatchObject({ migrated: [], before: null });
    expect(await look(rowsOf)).toEqual(before);
  });

  it("goes on numbering where the original does", async () => {
    const { db, clock, directory } = await filled();
    // The row with the highest number is gone: its number must not come back.
    await db.write((tx) => tx.deleteFrom("event").where("seq", "=", 300).execute());
    await create(db, directory, clock);
    const { place, look } = newPlace(db.kind);
    await restore(directory, place, clock);
    const last = await look(async (restored) => {
      await shop(restored, clock, 2).append(1);
      return await restored.read.selectFrom("event").select(({ fn }) => fn.max("seq").as("seq")).executeTakeFirstOrThrow();
    });
    expect(last.seq).toBe(301);
  });

  it("stands for one moment while events go on arriving", async () => {
    const { db, clock, directory, append, derive } = await filled();
    let going = true;
    const arriving = (async () => {
      while (going) {
        await append(25);
        await derive();
        // On SQLite all of this is synchronous, and would keep the backup from its turn.
        await setImmediate();
      }
    })();
    const made = await create(db, directory, clock);
    going = false;
    await arriving;
    const seq = made.contents.last_event?.seq ?? 0;
    const upTo = async (one: Database) => JSON.stringify(await one.read.selectFrom("event").select(["seq", "event_id", "received_at", "size"]).where("seq", "<=", seq).orderBy("seq").execute());
    const { place, look } = newPlace(db.kind);
    await restore(directory, place, clock);
    expect(await look(upTo)).toBe(await upTo(db));
    expect(await look(async (restored) => (await restored.read.selectFrom("event").selectAll().where("seq", ">", seq).execute()).length)).toBe(0);
    expect(await look((restored) => rebuild(restored, { check: true, timeZone: "UTC", consumer: DERIVE }))).toMatchObject({ same: true });
    expect((await db.read.selectFrom("event").select("seq").where("seq", ">", seq).execute()).length).toBeGreaterThan(0);
  });

  it("keeps what it holds from who has no key, and from who has another", async () => {
    const { db, clock, directory } = await filled();
    const { manifest } = await create(db, directory, clock, { key: KEY });
    const target = directoryTarget(directory);
    const text = readFileSync(join(directory, `${manifest.id}.json`), "utf8") + readFileSync(join(directory, `${manifest.id}.twb`), "latin1");
    for (const word of ["captured", "evt_", "payment_event"]) expect(text).not.toContain(word);
    const { place, look } = newPlace(db.kind);
    await expect(restore(directory, place, clock)).rejects.toMatchObject({ code: "backup_key_missing" });
    await expect(restore(directory, place, clock, { key: new Secret("another key of sixteen") })).rejects.toMatchObject({ code: "backup_key_wrong" });
    expect(await verifyBackup(target, manifest, null, () => {})).toMatchObject({ entries: null });
    await restore(directory, place, clock, { key: KEY });
    expect((await look(rowsOf))["event"]).toEqual((await rowsOf(db))["event"]);
  });

  it.each([null, KEY])("notices damage anywhere (key: %s)", async (key) => {
    const { db, clock, directory } = await filled();
    const { manifest } = await create(db, directory, clock, { key });
    const [target, data, told] = [directoryTarget(directory), join(directory, `${manifest.id}.twb`), join(directory, `${manifest.id}.json`)];
    const [bytes, text] = [readFileSync(data), readFileSync(told, "utf8")];
    const look = async () => await verifyBackup(target, await findBackup(target, "newest"), key, () => {});
    expect(await look()).toMatchObject({ bytes: bytes.length });
    const damages: (() => void)[] = [
      ...[0, 12, Math.floor(bytes.length / 2), bytes.length - 1].map((at) => () => writeFileSync(data, Buffer.from(bytes).fill((bytes[at] ?? 0) ^ 1, at, at + 1))),
      ...[0, 20, bytes.length - 20, bytes.length - 1].map((length) => () => truncateSync(data, length)),
      () => writeFileSync(data, Buffer.concat([bytes, Buffer.from("x")])),
      () => rmSync(data),
      () => writeFileSync(told, text.replace('"snapshot_at": 1', '"snapshot_at": 2')),
      () => truncateSync(told, 100),
    ];
    for (const damage of damages) {
      damage();
      await expect(look()).rejects.toMatchObject({ kind: "unprocessable", code: "backup_damaged" });
      writeFileSync(data, bytes);
      writeFileSync(told, text);
    }
    expect(await look()).toMatchObject({ bytes: bytes.length });
    const { place } = newPlace(db.kind);
    truncateSync(data, bytes.length - 1);
    await expect(restore(directory, place, clock, { key })).rejects.toMatchObject({ code: "backup_damaged" });
    if (place.kind === "sqlite") expect(readdirSync(join(place.file, ".."))).toEqual([]);
  });

  it("refuses a place that is taken, and puts what was there aside when told to", async () => {
    const { db, clock, directory, append } = await filled();
    await create(db, directory, clock);
    const { place, look } = newPlace(db.kind);
    await restore(directory, place, clock);
    await append(10);
    clock.advance(DAY_MS);
    await create(db, directory, clock);
    await expect(restore(directory, place, clock)).rejects.toMatchObject({ kind: "conflict", code: "place_taken" });
    const count = async (one: Database) => (await one.read.selectFrom("event").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirstOrThrow()).n;
    expect(await look(count)).toBe(300);
    const { before } = await restore(directory, place, clock, { replace: true });
    expect(await look(count)).toBe(310);
    expect(before).toMatch(/before/);
    if (place.kind === "sqlite") {
      const old = openSqlite(before ?? "");
      expect(await count(old)).toBe(300);
      await old.close();
    } else {
      const old = openPostgres(inject("postgresUrl"), { schema: before ?? "" });
      expect(await count(old)).toBe(300);
      await old.close();
    }
    const other: Place = place.kind === "sqlite" ? { kind: "postgres", url: new Secret("postgres://nowhere"), schema: "x" } : { kind: "sqlite", file: join(directory, "x.db") };
    await expect(restore(directory, other, clock)).rejects.toMatchObject({ code: "backup_other_database" });
  });

  it("brings an older schema up to date, and refuses a newer one", async () => {
    const { db, clock, directory } = await filled();
    const newer = { name: "backup/9999_later", statements: () => ["create table later (id integer primary key)", "insert into later (id) values (7)"] };
    await create(db, directory, clock);
    const old = newPlace(db.kind);
    expect(await restore(directory, old.place, clock, { migrations: [...migrations, newer] })).toMatchObject({ migrated: ["backup/9999_later"] });
    expect(await old.look(async (one) => (await sql`select id from later`.execute(one.read)).rows)).toEqual([{ id: 7 }]);
    await expect(restore(directory, newPlace(db.kind).place, clock, { migrations: migrations.slice(0, -1) })).rejects.toMatchObject({ kind: "conflict", code: "backup_too_new" });
  });

  it("finds the newest one, one by its id, and the newest before a time", async () => {
    const { db, clock, directory } = await filled();
    const ids: string[] = [];
    for (let day = 0; day < 3; day += 1) {
      ids.push((await create(db, directory, clock)).manifest.id);
      clock.advance(DAY_MS);
    }
    const target = directoryTarget(directory);
    expect((await findBackup(target, "newest")).id).toBe(ids[2]);
    expect((await findBackup(target, { id: ids[0] ?? "" })).id).toBe(ids[0]);
    expect((await findBackup(target, { beforeMs: START + DAY_MS + 1 })).id).toBe(ids[1]);
    await expect(findBackup(target, { beforeMs: START })).rejects.toMatchObject({ kind: "not_found" });
    await expect(findBackup(directoryTarget(`${directory}-none`), "newest")).rejects.toMatchObject({ kind: "not_found" });
    // A newer one that is damaged is told, not stepped over.
    writeFileSync(join(directory, `${ids[2] ?? ""}.json`), "{}");
    await expect(findBackup(target, "newest")).rejects.toMatchObject({ code: "backup_damaged" });
    expect((await listBackups(target)).map(({ kind }) => kind)).toEqual(["backup", "backup", "unreadable"]);
  });

  it("notes each attempt per target, and keeps copies of the same bytes in all of them", async () => {
    const { db, clock, directory } = await filled();
    const second = join(temporaryDirectory(), "second");
    const { manifest } = await create(db, directory, clock, { targets: [directoryTarget(directory), directoryTarget(second)] });
    for (const name of readdirSync(directory)) expect(readFileSync(join(second, name))).toEqual(readFileSync(join(directory, name)));
    clock.advance(1000);
    rmSync(second, { recursive: true });
    writeFileSync(second, "a file, not a folder");
    await expect(create(db, directory, clock, { targets: [directoryTarget(directory), directoryTarget(second)] })).rejects.toMatchObject({ code: "backup_directory" });
    expect(await lastBackup(db.read, `directory ${directory}`, "failed")).toMatchObject({ backupId: null, snapshotAt: START + 1000 });
    expect(await lastBackup(db.read, `directory ${second}`, "ok")).toMatchObject({ backupId: manifest.id, bytes: manifest.data.bytes, encrypted: false });
    expect((await readBackups(db.read, { limit: 10 })).map(({ outcome }) => outcome)).toEqual(["failed", "ok", "ok"]);
  });

  it("leaves nothing behind when it is broken off", async () => {
    const { db, clock, directory } = await filled();
    const [scratchDirectory, controller] = [temporaryDirectory(), new AbortController()];
    const onProgress = (part: string): void => {
      if (part === (db.kind === "sqlite" ? "write" : "read")) controller.abort(new Error("enough"));
    };
    await expect(create(db, directory, clock, { scratchDirectory, signal: controller.signal, onProgress })).rejects.toThrow("enough");
    expect([...readdirSync(directory), ...readdirSync(scratchDirectory)]).toEqual([]);
    // What a killed one left is removed by the next.
    const dead = join(scratchDirectory, "tillwatch-scratch-4194305-01234567.db");
    writeFileSync(dead, "left behind");
    await create(db, directory, clock, { scratchDirectory });
    expect(existsSync(dead)).toBe(false);
    expect(readdirSync(scratchDirectory)).toEqual([]);
    if (process.platform !== "win32") expect(statSync(join(directory, readdirSync(directory)[0] ?? "")).mode & 0o077).toBe(0);
  });
});

describe("rotation", () => {
  const at = (iso: string) => ({ id: iso, snapshotAt: Date.parse(iso) });

  it("keeps the newest of each day, week and month, as many as asked for", () => {
    const backups = Array.from({ length: 120 }, (_, index) => at(new Date(Date.UTC(2026, 0, 1, 3) + index * DAY_MS).toISOString()));
    const gone = new Set(superfluous(backups, { daily: 3, weekly: 3, monthly: 3 }));
    // 2026-04-30 is a Thursday.
    expect(backups.filter((backup) => !gone.has(backup)).map(({ id }) => id.slice(0, 10))).toEqual(["2026-02-28", "2026-03-31", "2026-04-19", "2026-04-26", "2026-04-28", "2026-04-29", "2026-04-30"]);
  });

  it("never lets the newest go, and nothing that a later run would have kept", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 400 * 24 }), { minLength: 1, maxLength: 200 }), fc.record({ daily: fc.integer({ min: 1, max: 10 }), weekly: fc.nat(6), monthly: fc.nat(6) }), (hours, keep) => {
        const backups = hours.map((hour) => ({ id: String(hour), snapshotAt: hour * 3_600_000 }));
        const gone = superfluous(backups, keep);
        const left = backups.filter((backup) => !gone.includes(backup));
        expect(left.some(({ snapshotAt }) => snapshotAt === Math.max(...hours) * 3_600_000)).toBe(true);
        expect(superfluous(left, keep)).toEqual([]);
        expect(left.length).toBeLessThanOrEqual(keep.daily + keep.weekly + keep.monthly + 1);
      }),
    );
  });
});
