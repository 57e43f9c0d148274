import { existsSync, mkdirSync } from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { PoolClient } from "pg";
import { AppError, type Clock, type Database, isoSeconds, migrate, type Migration, openPostgres, openSqlite, type Secret, type Tx } from "../platform/index.ts";
import { contentsOf, type Figures } from "./contents.ts";
import { loadPostgres, loadSqlite, type Loaded, type PostgresPlace } from "./load.ts";
import { differences, type Manifest, openManifest } from "./manifest.ts";
import { assertKnownSchema } from "./open.ts";
import { assertSpace, freeIn, scratchFile } from "./scratch.ts";
import { assertSound } from "./snapshot.ts";
import type { Target } from "./target.ts";

export type Place = { readonly kind: "sqlite"; readonly file: string } | ({ readonly kind: "postgres" } & PostgresPlace);

export interface RestoreOptions {
  readonly target: Target;
  readonly manifest: Manifest;
  readonly key: Secret | null;
  readonly figures: Figures;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly place: Place;
  /** What is at the place is put aside, not overwritten. Without it a place that is taken is refused. */
  readonly replace: boolean;
  /** Brings what must not be done twice into order, and notes the restore, in the restored database. */
  settle(tx: Tx, nowMs: number): Promise<void>;
  /** What else has to be done in the restored database before anybody sees it. */
  finish?(restored: Database): Promise<void>;
  onProgress?(share: number): void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Migrations that brought an older schema up to date. */
  readonly migrated: readonly string[];
  /** Where that which was there before is now; null when there was nothing. */
  readonly before: string | null;
  readonly tookMs: number;
}

function assertSameKind(manifest: Manifest, place: Place): void {
  if (manifest.database === place.kind) return;
  const names = { sqlite: "SQLite", postgres: "PostgreSQL" };
  const right = manifest.database === "sqlite" ? "give --to a file, or unset DATABASE_URL" : "set DATABASE_URL, or give --to postgres://…";
  throw new AppError("conflict", `backup ${manifest.id} is one of ${names[manifest.database]} and cannot be restored into ${names[place.kind]}; ${right}`, { code: "backup_other_database" });
}

/** Held against the manifest to the row before anything else is done with it. @throws AppError `backup_differs`. */
export async function assertSame(loaded: Loaded, opened: ReturnType<typeof openManifest>, figures: Figures): Promise<void> {
  const found = await contentsOf(loaded.db.read, loaded.db.kind, figures);
  const different = differences(opened.contents, found);
  if (different.length > 0) throw new AppError("unprocessable", `what was restored is not what the manifest of ${opened.manifest.id} says: ${different.slice(0, 10).join("; ")}`, { code: "backup_differs" });
}

const stamp = (ms: number): string => isoSeconds(ms).replaceAll(/[-:]/g, "").toLowerCase();

/**
 * Folds the WAL into an SQLite file that is to be put aside: left beside the new file it would be taken for the new
 * one's. @throws AppError `conflict` when another process has the file open.
 */
async function settleOld(file: string): Promise<void> {
  const old = openSqlite(file);
  await old.close();
  if (existsSync(`${file}-wal`)) throw new AppError("conflict", `${file} is in use by another process; stop it first`, { code: "database_in_use" });
}

async function restoreSqlite(options: RestoreOptions, file: string, work: (loaded: Loaded) => Promise<string[]>): Promise<Pick<Restored, "migrated" | "before">> {
  const { manifest, replace, clock } = options;
  const taken = (): AppError => new AppError("conflict", `there is a database at ${file}; restore to another place (--to), or give --replace to put it aside`, { code: "place_taken" });
  if (existsSync(file) && !replace) throw taken();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const opened = openManifest(manifest, options.key);
  assertSpace(dirname(file), freeIn(dirname(file)), opened.contents.raw_bytes);
  const scratch = scratchFile(dirname(file));
  const loaded = await loadSqlite({ target: options.target, opened, migrations: options.migrations, onProgress: options.onProgress ?? (() => {}) }, scratch);
  try {
    if (loaded.db.kind === "sqlite") await assertSound(loaded.db, true);
    await assertSame(loaded, opened, options.figures);
    const migrated = await work(loaded);
    await loaded.db.close();
    let before: string | null = null;
    if (replace && existsSync(file)) {
      await settleOld(file);
      before = `${file}.before-restore-${stamp(clock.now())}`;
      await link(file, before);
      // One step: at any moment there is either the old file or the new one.
      await rename(scratch, file);
    } else {
      // Unlike a rename this fails when somebody was quicker.
      await link(scratch, file).catch((error: unknown) => {
        throw error instanceof Error && "code" in error && error.code === "EEXIST" ? taken() : error;
      });
      await rm(scratch);
    }
    return { migrated, before };
  } catch (error) {
    await loaded.drop().catch(() => {});
    throw error;
  }
}

async function ours(client: PoolClient, schema: string): Promise<{ tables: string[]; functions: { name: string; signature: string }[] }> {
  const { rows: tables } = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = $1", [schema]);
  const { rows: functions } = await client.query<{ name: string; signature: string }>(
    "select proname as name, format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)) as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace where nspname = $1",
    [schema],
  );
  return { tables: tables.map(({ name }) => name), functions };
}

/** Moves tables and functions into another schema. Everything that belongs to a table goes with it. */
async function move(client: PoolClient, from: string, to: string, which: (name: string) => boolean): Promise<number> {
  const { tables, functions } = await ours(client, from);
  const wanted = tables.filter(which);
  for (const table of wanted) await client.query(`alter table "${from}"."${table}" set schema "${to}"`);
  for (const { name, signature } of functions) if (which(name)) await client.query(`alter function ${signature} set schema "${to}"`);
  return wanted.length;
}

/** In one transaction, so that there are either the old tables or the new ones. Others' tables in the schema stay. */
async function swap(client: PoolClient, scratch: string, schema: string, nowMs: number): Promise<string | null> {
  const before = `${schema.slice(0, 36)}_before_${stamp(nowMs)}`;
  await client.query("begin");
  try {
    const fresh = await ours(client, scratch);
    const names = new Set([...fresh.tables, ...fresh.functions.map(({ name }) => name)]);
    await client.query(`create schema if not exists "${schema}"`);
    await client.query(`create schema "${before}"`);
    const aside = await move(client, schema, before, (name) => names.has(name));
    if (aside === 0) await client.query(`drop schema "${before}" cascade`);
    await move(client, scratch, schema, () => true);
    await client.query("commit");
    return aside === 0 ? null : before;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function restorePostgres(options: RestoreOptions, place: PostgresPlace, work: (loaded: Loaded) => Promise<string[]>): Promise<Pick<Restored, "migrated" | "before">> {
  const admin = openPostgres(place.url.reveal(), { schema: place.schema, connections: 1 });
  const client = await admin.pool.connect();
  try {
    const known = await ours(client, place.schema);
    if (known.tables.includes("migration") && !options.replace) {
      throw new AppError("conflict", `there is a database in schema ${place.schema}; restore to another schema (--to …?schema=name), or give --replace to put it aside`, { code: "place_taken" });
    }
    const opened = openManifest(options.manifest, options.key);
    const loaded = await loadPostgres({ target: options.target, opened, migrations: options.migrations, onProgress: options.onProgress ?? (() => {}) }, place);
    try {
      await assertSame(loaded, opened, options.figures);
      const migrated = await work(loaded);
      return { migrated, before: await swap(client, loaded.schema, place.schema, options.clock.now()) };
    } finally {
      await loaded.drop();
    }
  } finally {
    client.release();
    await admin.close();
  }
}

/**
 * Restores a backup to a place of its own, holds it against the manifest to the row, brings an older schema up to date,
 * and only then puts it where it is wanted, in one step. Whether a service runs on that place is the caller's to find
 * out first.
 *
 * @throws AppError `unprocessable` for a damaged backup or a wrong key, `conflict` for one of a newer version or for
 *   another kind of database, and for a place that is taken. Nothing was changed then.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { manifest, place, migrations, clock } = options;
  const begun = performance.now();
  assertSameKind(manifest, place);
  assertKnownSchema(manifest, migrations);
  const work = async ({ db }: Loaded): Promise<string[]> => {
    const migrated = await migrate(db, migrations, clock.now());
    await db.write((tx) => options.settle(tx, clock.now()));
    await options.finish?.(db);
    return migrated;
  };
  const done = place.kind === "sqlite" ? await restoreSqlite(options, place.file, work) : await restorePostgres(options, place, work);
  return { manifest, ...done, tookMs: Math.round(performance.now() - begun) };
}
