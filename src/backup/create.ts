import { createHash, randomBytes } from "node:crypto";
import { AppError, type Clock, type Database, errorText, HOUR_MS, redact, type Secret } from "../platform/index.ts";
import { pack } from "./archive.ts";
import { dataName, manifestName, rotate } from "./catalog.ts";
import type { Figures } from "./contents.ts";
import { type Contents, type Manifest, manifestText, parseManifest } from "./manifest.ts";
import type { Keep } from "./rotate.ts";
import { assertSpace, freeIn, scratchFile } from "./scratch.ts";
import { CIPHER, newSalt, sealKeys } from "./seal.ts";
import { removeSqlite, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { insertBackup, markRemoved } from "./store.ts";
import type { Target } from "./target.ts";

export interface CreateOptions {
  readonly db: Database;
  /** The first is written to; the others get copies of the same bytes. */
  readonly targets: readonly Target[];
  /** `BACKUP_KEY`; null leaves backups readable. */
  readonly key: Secret | null;
  readonly figures: Figures;
  readonly keep: Keep;
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
  /** A folder that may hold a copy of the database for a while; used on SQLite. */
  readonly scratchDirectory: string;
  readonly signal?: AbortSignal;
  /** What is being done, 0 to 1. */
  onProgress?(part: "read" | "write" | "copy", share: number): void;
}

export interface Created {
  readonly manifest: Manifest;
  readonly contents: Contents;
  /** Where it is kept. */
  readonly targets: readonly string[];
  /** Ids that rotation removed. */
  readonly removed: readonly string[];
}

/** What a write that was broken off left behind is as old as this before it is removed. */
const LEFT_BEHIND_MS = HOUR_MS;

function newId(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z-${randomBytes(4).toString("hex")}`;
}

interface Written {
  bytes: number;
  sha256: string;
}

/** Counts and hashes what passes; breaks off when told to. */
async function* watched(source: AsyncIterable<Uint8Array>, written: Written, signal: AbortSignal | undefined, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of source) {
    signal?.throwIfAborted();
    hash.update(chunk);
    written.bytes += chunk.byteLength;
    onBytes(written.bytes);
    yield chunk;
  }
  written.sha256 = hash.digest("hex");
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function assertRoom({ db, targets, scratchDirectory }: CreateOptions): Promise<void> {
  const size = await db.dialect.size(db.read);
  // On SQLite the copy and the backup may lie on one disk. Data of the ledger are compressed already, so they may shrink little.
  if (db.kind === "sqlite") assertSpace(`the data directory ${scratchDirectory}`, freeIn(scratchDirectory), size * 2);
  for (const target of targets) assertSpace(target.label, await target.free(), size);
}

async function write(options: CreateOptions, target: Target, snapshot: Snapshot, snapshotAt: number): Promise<{ manifest: Manifest; text: string }> {
  const { key, db, clock, signal } = options;
  const id = newId(snapshotAt);
  const salt = key === null ? null : newSalt();
  const keys = key === null || salt === null ? null : sealKeys(key, salt);
  const written: Written = { bytes: 0, sha256: "" };
  const raw = snapshot.contents.raw_bytes;
  const stream = watched(pack(snapshot.entries(), { id, salt }, keys?.data ?? null), written, signal, (bytes) => {
    if (raw > 0) options.onProgress?.("write", Math.min(1, bytes / raw));
  });
  await target.put(dataName(id), stream);
  const text = manifestText(
    {
      format: "tillwatch-backup",
      format_version: 1,
      id,
      made_by: options.version,
      database: db.kind,
      migrations: [...snapshot.migrations],
      snapshot_at: snapshotAt,
      finished_at: clock.now(),
      data: { name: dataName(id), ...written },
      encryption: salt === null ? null : { cipher: CIPHER, salt },
    },
    snapshot.contents,
    keys,
  );
  signal?.throwIfAborted();
  await target.put(manifestName(id), once(text));
  return { manifest: parseManifest(text), text };
}

async function copyTo(to: Target, from: Target, { id, data }: Manifest, text: string, signal: AbortSignal | undefined, onShare: (share: number) => void): Promise<void> {
  const written: Written = { bytes: 0, sha256: "" };
  await to.put(data.name, watched(await from.get(data.name), written, signal, (bytes) => onShare(bytes / data.bytes)));
  if (written.sha256 !== data.sha256) {
    await to.remove(data.name);
    throw new AppError("unprocessable", `what ${from.label} gave back is not what was written to it`, { code: "backup_damaged" });
  }
  await to.put(manifestName(id), once(text));
}

/**
 * Makes a backup while the service goes on, keeps it in every target, removes what is no longer to be kept, and notes
 * the outcome per target. Long: run it in a process of its own.
 *
 * @throws AppError when one target did not get it; the others have it then.
 */
export async function createBackup(options: CreateOptions): Promise<Created> {
  const { db, targets, clock, keep, signal } = options;
  const [first, ...others] = targets;
  if (first === undefined) throw new AppError("conflict", "backups are off: neither backup.directory nor backup.s3.bucket names a place for them", { code: "backup_off" });
  const begunAt = clock.now();
  const note = async (target: Target, made: Manifest | null, error: unknown): Promise<void> => {
    await db.write((tx) =>
      insertBackup(tx, {
        backupId: made?.id ?? null,
        target: target.label,
        outcome: error === null ? "ok" : "failed",
        snapshotAt: made?.snapshot_at ?? begunAt,
        finishedAt: clock.now(),
        bytes: made?.data.bytes ?? null,
        encrypted: options.key !== null,
        error: error === null ? null : redact(errorText(error)).slice(0, 500),
      }),
    );
  };
  const scratch = scratchFile(options.scratchDirectory);
  let made: { manifest: Manifest; text: string; contents: Contents };
  try {
    // A place that is away is found out when it is written to, and keeps no other from its backup.
    for (const target of targets) await target.clean(begunAt - LEFT_BEHIND_MS).catch(() => {});
    await assertRoom(options);
    const snapshotAt = clock.now();
    const onProgress = (share: number): void => {
      signal?.throwIfAborted();
      options.onProgress?.("read", share);
    };
    const snapshot = await takeSnapshot(db, { figures: options.figures, scratch, onProgress });
    try {
      made = { ...(await write(options, first, snapshot, snapshotAt)), contents: snapshot.contents };
    } finally {
      await snapshot.close();
    }
  } catch (error) {
    await removeSqlite(scratch);
    await note(first, null, error).catch(() => {});
    throw error;
  }
  const { manifest, text, contents } = made;
  await note(first, manifest, null);
  const failures: Error[] = [];
  const taken = [first];
  for (const target of others) {
    const error = await copyTo(target, first, manifest, text, signal, (share) => options.onProgress?.("copy", share)).then(
      () => null,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
    await note(target, manifest, error);
    if (error === null) taken.push(target);
    else failures.push(error);
  }
  const removed = new Set<string>();
  for (const target of taken.filter(({ rotates }) => rotates)) {
    const gone = await rotate(target, keep, clock.now());
    await db.write((tx) => markRemoved(tx, target.label, gone, clock.now()));
    for (const id of gone) removed.add(id);
  }
  if (failures[0] !== undefined) throw failures[0];
  return { manifest, contents, targets: targets.map(({ label }) => label), removed: [...removed] };
}
