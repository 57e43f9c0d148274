import { join } from "node:path";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../test/databases.ts";
import { backupFigures } from "../app/backup.ts";
import { migrations } from "../app/migrations.ts";
import { type Clock, type Database, DAY_MS, Secret } from "../platform/index.ts";
import { createBackup, type CreateOptions, type Created, directoryTarget, findBackup, lastBackup, listBackups, restoreBackup, s3Target, verifyBackup } from "./index.ts";
import { newPlace, rowsOf } from "./testing/place.ts";
import { s3Server } from "./testing/s3-server.ts";
import { shop, shopClock } from "./testing/shop.ts";

const KEY = new Secret("correct horse battery staple");

function create(db: Database, clock: Clock, more: Pick<CreateOptions, "targets"> & Partial<CreateOptions>): Promise<Created> {
  return createBackup({ db, key: null, figures: backupFigures, keep: { daily: 7, weekly: 4, monthly: 6 }, clock, version: "1.2.3", scratchDirectory: temporaryDirectory(), ...more });
}

onBothDatabases("backup in a directory and a bucket", migrations, (database) => {
  it("is kept in a bucket too, restored and drilled from there, and loses nothing when one of both places is away", async () => {
    const [db, clock, directory] = [await database.open(), shopClock(), join(temporaryDirectory(), "backups")];
    const source = shop(db, clock);
    await source.append(300);
    await source.derive();
    const before = await rowsOf(db);
    const server = await s3Server();
    const bucket = s3Target(server.settings(), { part: 32 * 1024, requestMs: 20_000, idleMs: 20_000, tries: 2 });
    const targets = [directoryTarget(directory), bucket];
    const { manifest } = await create(db, clock, { targets, key: KEY });
    expect([...server.objects.keys()].sort()).toEqual([`shop/${manifest.id}.json`, `shop/${manifest.id}.twb`]);
    expect(server.asked.filter(({ operation }) => operation === "UploadPart").length).toBeGreaterThan(1);
    // The manifest is written when the data are there, and not before.
    const written = server.asked.filter(({ operation }) => operation === "CompleteMultipartUpload" || operation === "PutObject").map(({ key }) => key);
    expect(written).toEqual([`shop/${manifest.id}.twb`, `shop/${manifest.id}.json`]);
    expect(await verifyBackup(bucket, await findBackup(bucket, "newest"), KEY, () => {})).toMatchObject({ bytes: manifest.data.bytes });
    const { place, look } = newPlace(db.kind);
    await restoreBackup({ target: bucket, manifest: await findBackup(bucket, "newest"), key: KEY, figures: backupFigures, migrations, clock, place, replace: false, settle: async () => {} });
    // The backup's own record came after it.
    expect(await look(rowsOf)).toEqual(before);

    clock.advance(DAY_MS);
    server.fault = ({ operation, query }) => (operation === "UploadPart" && query.get("partNumber") === "2" ? "500" : null);
    await expect(create(db, clock, { targets })).rejects.toThrow(/S3 bucket backups\/shop .* answered 500/);
    expect(await listBackups(directoryTarget(directory))).toHaveLength(2);
    server.fault = () => null;
    expect((await listBackups(bucket)).map((one) => one.kind === "backup" && one.manifest.id)).toEqual([manifest.id]);
    expect(await lastBackup(db.read, bucket.label, "failed")).toMatchObject({ error: expect.stringContaining("500") as string });
    expect((await lastBackup(db.read, bucket.label, "ok"))?.backupId).toBe(manifest.id);

    // Rotation, where it is ours.
    const kept = s3Target(server.settings({ prefix: "kept", rotates: false }));
    for (const [name, object] of server.objects) server.objects.set(name.replace("shop/", "kept/"), object);
    clock.advance(DAY_MS);
    const last = await create(db, clock, { targets: [...targets, kept], keep: { daily: 1, weekly: 0, monthly: 0 } });
    expect([...server.objects.keys()].filter((name) => name.endsWith(".json")).sort()).toEqual([`kept/${manifest.id}.json`, `kept/${last.manifest.id}.json`, `shop/${last.manifest.id}.json`]);
    expect(await listBackups(directoryTarget(directory))).toHaveLength(1);
  });
});
