import { createHash } from "node:crypto";
import { AppError, type Migration, type Secret } from "../platform/index.ts";
import { damaged, type Entry, unpack } from "./archive.ts";
import { type Manifest, type Opened, openManifest } from "./manifest.ts";
import type { Target } from "./target.ts";

/** @throws AppError `conflict` `backup_too_new` when this version of the program does not know the backup's schema. */
export function assertKnownSchema(manifest: Manifest, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = manifest.migrations.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new AppError("conflict", `backup ${manifest.id} was made by a newer version of Tillwatch (${manifest.made_by}; it has ${unknown.join(", ")}); install that version to restore it`, { code: "backup_too_new" });
}

/**
 * Hands out the entries of a backup while it is read, and holds the bytes against the manifest's size and SHA-256 at the
 * end: nothing that came of it may be used before this has returned.
 *
 * @throws AppError `unprocessable` `backup_damaged` when anything is not what was written.
 */
export async function readEntries(target: Target, { manifest, dataKey }: Opened, take: (entry: Entry) => Promise<void>, onProgress: (share: number) => void): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const source = await target.get(manifest.data.name).catch((error: unknown) => {
    throw error instanceof AppError && error.kind === "not_found" ? damaged(`the data of backup ${manifest.id} are missing`) : error;
  });
  const counted = (async function* () {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      onProgress(Math.min(1, bytes / manifest.data.bytes));
      yield chunk;
    }
  })();
  const key = (): Buffer => {
    if (dataKey === null) throw damaged("the data are encrypted, and the manifest says they are not");
    return dataKey;
  };
  try {
    for await (const entry of unpack(counted, key)) await take(entry);
    for await (const rest of counted) void rest;
  } finally {
    await counted.return(undefined);
  }
  if (bytes !== manifest.data.bytes || hash.digest("hex") !== manifest.data.sha256) throw damaged(`the data of backup ${manifest.id} are not what its manifest says`);
}

export interface Verified {
  readonly manifest: Manifest;
  /** Entries that were read and are what was written; null when there is no key to read them with. */
  readonly entries: number | null;
  readonly bytes: number;
}

/**
 * Reads a backup whole and holds it against its manifest. Without the key of an encrypted one only its bytes can be
 * compared.
 *
 * @throws AppError `unprocessable` when it is damaged, or the key is another one.
 */
export async function verifyBackup(target: Target, manifest: Manifest, key: Secret | null, onProgress: (share: number) => void): Promise<Verified> {
  if (manifest.encryption !== null && key === null) {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of await target.get(manifest.data.name)) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      onProgress(Math.min(1, bytes / manifest.data.bytes));
    }
    if (hash.digest("hex") !== manifest.data.sha256) throw damaged(`the data of backup ${manifest.id} are not what its manifest says`);
    return { manifest, entries: null, bytes };
  }
  let entries = 0;
  const take = async ({ bytes }: Entry): Promise<void> => {
    for await (const chunk of bytes) void chunk;
    entries += 1;
  };
  await readEntries(target, openManifest(manifest, key), take, onProgress);
  return { manifest, entries, bytes: manifest.data.bytes };
}
