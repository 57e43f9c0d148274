import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { expect, inject, it, onTestFinished } from "vitest";
import { loadConfig } from "../src/app/config.ts";
import { connect } from "../src/app/database.ts";
import { migrations } from "../src/app/migrations.ts";
import { S3_KEY, S3_SECRET, s3Server } from "../src/backup/testing/s3-server.ts";
import { shop } from "../src/backup/testing/shop.ts";
import { migrate, openPostgres, systemClock } from "../src/platform/index.ts";
import { onBothDatabases, temporaryDirectory } from "./databases.ts";
import { type Environment, runCommand, serviceEnvironment } from "./service.ts";

const TILLWATCH = join(import.meta.dirname, "..", "bin", "tillwatch");
const EVENTS = 3000;

/** Starts a command and kills it as soon as `seen` says that it is in the middle. False when it had ended before. */
async function killInTheMiddle(env: Environment, argv: readonly string[], seen: () => Promise<boolean>): Promise<boolean> {
  const child = spawn(TILLWATCH, argv, { env, cwd: env["DATA_DIR"], stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // A look at a process of its own: there is no event to wait for.
  while (child.exitCode === null && !(await seen())) await setTimeout(1);
  const killed = child.exitCode === null && child.kill("SIGKILL");
  await ended;
  return killed;
}

onBothDatabases("kill -9 during a backup and during a restore", migrations, (database) => {
  it("leaves nothing that is taken for whole, and the next one goes through", { timeout: 240_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const data = env["DATA_DIR"] ?? "";
    const backups = join(data, "backups");
    const config = loadConfig(env, { cwd: data });
    const db = connect(config);
    await migrate(db, migrations, 0);
    const source = shop(db, systemClock);
    await source.append(EVENTS);
    await source.derive();
    await db.close();

    const listed = async (): Promise<{ id: string }[]> => (JSON.parse((await runCommand(env, "backup", "list", "--json")).stdout) as { data: { id: string }[] }).data;
    const writing = async (): Promise<boolean> => existsSync(backups) && readdirSync(backups).length > 0;
    expect(await killInTheMiddle(env, ["backup", "create"], writing)).toBe(true);
    expect(await listed()).toEqual([]);
    const made = JSON.parse((await runCommand(env, "backup", "create", "--json")).stdout) as { id: string; contents: { tables: { event: number } } };
    expect(made.contents.tables.event).toBe(EVENTS);
    expect((await listed()).map(({ id }) => id)).toEqual([made.id]);
    expect((await runCommand(env, "backup", "verify")).code).toBe(0);

    const sqlite = config.database.kind === "sqlite";
    const folder = temporaryDirectory();
    const schema = `killed_${process.pid}`;
    const to = sqlite ? join(folder, "restored.db") : `${inject("postgresUrl")}?schema=${schema}`;
    const server = openPostgres(inject("postgresUrl"), { connections: 1 });
    onTestFinished(() => server.close());
    /** Files in the folder, or schemas that are there; a scratch one appears while a restore is under way. */
    const names = async (): Promise<string[]> => (sqlite ? readdirSync(folder) : (await sql<{ name: string }>`select nspname as name from pg_namespace where nspname = ${schema} or nspname like 'tw!_scratch!_%' escape '!'`.execute(server.read)).rows.map(({ name }) => name));
    const before = new Set(await names());
    expect(await killInTheMiddle(env, ["backup", "restore", "--to", to], async () => (await names()).some((name) => !before.has(name)))).toBe(true);
    expect((await names()).filter((name) => name === "restored.db" || name === schema)).toEqual([]);
    expect(await runCommand(env, "backup", "restore", "--to", to)).toMatchObject({ code: 0 });
    expect((await names()).filter((name) => name === "restored.db" || name === schema)).toHaveLength(1);
    if (!sqlite) await sql`drop schema ${sql.id(schema)} cascade`.execute(server.read);
  });
});

/** Until the first part is with S3, and the second is on its way. */
it("kill -9 during an upload to a bucket: nothing there is taken for whole, and the next one goes through", { timeout: 240_000 }, async () => {
  const server = await s3Server();
  const data = temporaryDirectory();
  const env: Environment = { ...serviceEnvironment({ DATA_DIR: data }), AWS_ACCESS_KEY_ID: S3_KEY, AWS_SECRET_ACCESS_KEY: S3_SECRET };
  writeFileSync(join(data, "tillwatch.yaml"), `backup:\n  directory: off\n  s3: { bucket: backups, prefix: shop, region: eu-central-1, endpoint: "${server.url}", path_style: on, allow_private: on }\n`);
  const db = connect(loadConfig(env, { cwd: data }));
  await migrate(db, migrations, 0);
  await shop(db, systemClock).append(100);
  // More than a part, and nothing that could be compressed.
  await db.write((tx) => sql`create table ballast as select randomblob(20 * 1024 * 1024) as bytes`.execute(tx));
  await db.close();

  server.fault = ({ operation, query }) => (operation === "UploadPart" && query.get("partNumber") === "2" ? "hang" : null);
  const second = async (): Promise<boolean> => server.asked.some(({ operation, query }) => operation === "UploadPart" && query.get("partNumber") === "2");
  expect(await killInTheMiddle(env, ["backup", "create"], second)).toBe(true);
  server.fault = () => null;
  expect([server.objects.size, server.uploads.size]).toEqual([0, 1]);
  expect(await runCommand(env, "backup", "verify")).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no backup in S3 bucket backups/shop") as string });

  // Killed again, with the data there and the manifest under way: that is no backup either.
  server.fault = ({ operation, key }) => (operation === "PutObject" && key.endsWith(".json") ? "hang" : null);
  const manifest = async (): Promise<boolean> => server.asked.some(({ operation, key }) => operation === "PutObject" && key.endsWith(".json"));
  expect(await killInTheMiddle(env, ["backup", "create"], manifest)).toBe(true);
  server.fault = () => null;
  expect([...server.objects.keys()].map((name) => name.slice(-4))).toEqual([".twb"]);
  expect(JSON.parse((await runCommand(env, "backup", "list", "--json")).stdout)).toMatchObject({ count: 0 });

  // What the first one left is an hour old by the next.
  for (const upload of server.uploads.values()) upload.begunAt = new Date(Date.now() - 2 * 3_600_000);
  const made = await runCommand(env, "backup", "create", "--json");
  expect(made).toMatchObject({ code: 0 });
  expect(server.uploads.size).toBe(0);
  expect(await runCommand(env, "backup", "restore", "--to", join(data, "restored.db"))).toMatchObject({ code: 0 });
  for (const text of [made.stdout, made.stderr]) expect(text).not.toContain(S3_SECRET);
});
