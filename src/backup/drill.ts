import { AppError, type Clock, type Database, errorText, migrate, type Migration, redact, type Secret } from "../platform/index.ts";
import { findBackup } from "./catalog.ts";
import type { Figures } from "./contents.ts";
import { type Loaded, loadPostgres, loadSqlite, type PostgresPlace } from "./load.ts";
import { type Manifest, openManifest } from "./manifest.ts";
import { assertKnownSchema } from "./open.ts";
import { assertSame } from "./restore.ts";
import { assertSpace, freeIn, scratchFile } from "./scratch.ts";
import { assertSound } from "./snapshot.ts";
import { type Drill, type DrillOutcome, type DrillStep, insertDrill } from "./store.ts";
import type { Target } from "./target.ts";

/** What a step that another room does found. */
export interface Proof {
  readonly result: DrillStep["result"];
  readonly text: string;
}

export interface DrillOptions {
  /** Where the outcome is noted; the restored database lies beside it and is taken away again. */
  readonly db: Database;
  readonly target: Target;
  readonly key: Secret | null;
  readonly figures: Figures;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
  /** A folder for the restored database, on SQLite. */
  readonly scratchDirectory: string;
  /** Null on SQLite. */
  readonly postgres: PostgresPlace | null;
  /** Derives everything anew in the restored database and compares. */
  replay(restored: Database): Promise<Proof>;
  /** Holds the restored events against what Stripe itself listed. */
  completeness(restored: Database): Promise<Proof>;
  onProgress?(step: DrillStep["step"], share: number): void;
}

/** What says that the backup would not have saved us. Everything else that goes wrong says nothing of the backup. */
const FAILING = new Set(["backup_damaged", "backup_differs", "backup_key_missing", "backup_key_wrong", "database_damaged"]);

/** SQLite: no such table or column, a damaged file, no database. PostgreSQL: an unknown table or column. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code === "ERR_SQLITE_ERROR") return "errcode" in error && typeof error.errcode === "number" && [1, 11, 26].includes(error.errcode & 0xff);
  return typeof error.code === "string" && error.code.startsWith("42");
}

function verdictOn(error: unknown): DrillStep["result"] {
  return isBroken(error) || (error instanceof AppError && FAILING.has(error.code)) ? "failed" : "inconclusive";
}

export function outcomeOf(steps: readonly DrillStep[]): DrillOutcome {
  if (steps.some(({ result }) => result === "failed")) return "failed";
  return steps.some(({ result }) => result === "inconclusive") ? "inconclusive" : "verified";
}

/** Thrown by a step that ended the drill; what it found is noted already. */
const ENDED = new Error("the drill ended");

class Record {
  readonly steps: DrillStep[] = [];

  note(step: DrillStep["step"], { result, text }: Proof, begun: number): void {
    this.steps.push({ step, result, text: redact(text).slice(0, 500), ms: Math.round(performance.now() - begun) });
  }

  /** Runs a step whose error is its finding and ends the drill. */
  async run<T>(step: DrillStep["step"], work: () => Promise<T>, text: (value: T) => string): Promise<T> {
    const begun = performance.now();
    try {
      const value = await work();
      this.note(step, { result: "ok", text: text(value) }, begun);
      return value;
    } catch (error) {
      this.note(step, { result: verdictOn(error), text: errorText(error) }, begun);
      throw ENDED;
    }
  }

  /** Runs a step of another room; the drill goes on whatever it finds. */
  async prove(step: DrillStep["step"], work: () => Promise<Proof>): Promise<void> {
    const begun = performance.now();
    const proof = await work().catch((error: unknown): Proof => ({ result: "inconclusive", text: errorText(error) }));
    this.note(step, proof, begun);
  }
}

async function load({ target, migrations, scratchDirectory, postgres, onProgress }: DrillOptions, opened: ReturnType<typeof openManifest>): Promise<Loaded> {
  const options = { target, opened, migrations, onProgress: (share: number) => onProgress?.("restore", share) };
  switch (opened.manifest.database) {
    case "sqlite":
      assertSpace(scratchDirectory, freeIn(scratchDirectory), opened.contents.raw_bytes);
      return await loadSqlite(options, scratchFile(scratchDirectory));
    case "postgres":
      if (postgres === null) throw new AppError("conflict", "the backup is one of PostgreSQL, and this service runs on SQLite; back up anew, then drill", { code: "backup_other_database" });
      return await loadPostgres(options, postgres);
  }
}

/** The way back to a usable database, then the proofs. Answers when the database could have been used. */
async function restoreAndProve(options: DrillOptions, record: Record, manifest: Manifest, begun: number): Promise<number> {
  const { key, migrations, figures, clock, version } = options;
  const opened = await record.run(
    "open",
    async () => {
      const read = openManifest(manifest, key);
      assertKnownSchema(manifest, migrations);
      return read;
    },
    () => (manifest.encryption === null ? "not encrypted" : "the key opens it"),
  );
  const loaded = await record.run("restore", () => load(options, opened), ({ db }) => `into a scratch ${db.kind === "sqlite" ? "file" : "schema"}, every byte as written`);
  const { db } = loaded;
  try {
    if (db.kind === "sqlite") await record.run("integrity", () => assertSound(db, true), () => "SQLite finds no damage");
    else record.note("integrity", { result: "ok", text: "PostgreSQL took every row and built every index" }, performance.now());
    await record.run("counts", () => assertSame(loaded, opened, figures), () => `rows of ${Object.keys(opened.contents.tables).length} tables, totals of ${opened.contents.totals.length} currencies, last event and audit trail are what the manifest says`);
    const migrated = await record.run("migrate", () => migrate(db, migrations, clock.now()), (names) => (names.length === 0 ? "the schema is this version's" : `brought up to date: ${names.join(", ")}`));
    const usableMs = Math.round(performance.now() - begun);
    options.onProgress?.("replay", 0);
    await record.prove("replay", async () => {
      const proof = await options.replay(db);
      // Another version may derive other figures from the same events; that is no damage.
      const other = manifest.made_by !== version || migrated.length > 0;
      return proof.result === "failed" && other ? { result: "inconclusive", text: `${proof.text}; the backup was made by version ${manifest.made_by}, this is ${version}` } : proof;
    });
    options.onProgress?.("completeness", 0);
    await record.prove("completeness", () => options.completeness(db));
    return usableMs;
  } finally {
    await loaded.drop();
  }
}

/**
 * Restores the newest backup into a scratch place and proves that it would have saved us: whole, the right key, every
 * row, the same money, everything derived comes out the same, no event missing that Stripe had. Notes the outcome with
 * the time it took and how old the state was. Long: run it in a process of its own.
 */
export async function drillRestore(options: DrillOptions): Promise<Drill> {
  const { db, target, clock } = options;
  const [startedAt, begun, record] = [clock.now(), performance.now(), new Record()];
  let manifest: Manifest | null = null;
  let recoveryTimeMs: number | null = null;
  try {
    manifest = await record.run("find", () => findBackup(target, "newest"), ({ id, snapshot_at }) => `${id} of ${new Date(snapshot_at).toISOString()} in ${target.label}`);
    recoveryTimeMs = await restoreAndProve(options, record, manifest, begun);
  } catch (error) {
    if (error !== ENDED) throw error;
  }
  const recoveryPointMs = manifest === null || recoveryTimeMs === null ? null : Math.max(0, startedAt - manifest.snapshot_at);
  return await db.write((tx) =>
    insertDrill(tx, { startedAt, finishedAt: clock.now(), outcome: outcomeOf(record.steps), backupId: manifest?.id ?? null, target: target.label, recoveryTimeMs, recoveryPointMs, steps: record.steps }),
  );
}
