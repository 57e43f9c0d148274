import { AppError, DAY_MS } from "../platform/index.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { type Keep, superfluous } from "./rotate.ts";
import type { Target } from "./target.ts";

const MANIFEST = /^(\d{8}T\d{6}Z-[0-9a-f]{8})\.json$/;
const DATA = /^(\d{8}T\d{6}Z-[0-9a-f]{8})\.twb$/;
const MAX_MANIFEST = 4 * 1024 * 1024;

export const manifestName = (id: string): string => `${id}.json`;
export const dataName = (id: string): string => `${id}.twb`;

/** A backup as its manifest tells, or why that cannot be read. */
export type Listed = { readonly kind: "backup"; readonly manifest: Manifest } | { readonly kind: "unreadable"; readonly id: string; readonly error: AppError };

/** @throws AppError `not_found`; `unprocessable` when it is damaged. */
export async function readManifest(target: Target, id: string): Promise<Manifest> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of await target.get(manifestName(id))) {
    bytes += chunk.byteLength;
    if (bytes > MAX_MANIFEST) throw new AppError("unprocessable", `the manifest of ${id} is too large to be one`, { code: "backup_damaged" });
    parts.push(Buffer.from(chunk));
  }
  const manifest = parseManifest(Buffer.concat(parts).toString("utf8"));
  if (manifest.id !== id) throw new AppError("unprocessable", `the manifest of ${id} is that of another backup`, { code: "backup_damaged" });
  return manifest;
}

/** All backups of a target, newest first; those that cannot be read come last. */
export async function listBackups(target: Target): Promise<Listed[]> {
  const ids = (await target.list()).flatMap(({ name }) => MANIFEST.exec(name)?.[1] ?? []);
  const read = async (id: string): Promise<Listed> => {
    try {
      return { kind: "backup", manifest: await readManifest(target, id) };
    } catch (error) {
      if (error instanceof AppError) return { kind: "unreadable", id, error };
      throw error;
    }
  };
  const all: Listed[] = [];
  for (const id of ids.sort().reverse()) all.push(await read(id));
  const at = (listed: Listed): number => (listed.kind === "backup" ? listed.manifest.snapshot_at : Number.NEGATIVE_INFINITY);
  return all.sort((a, b) => at(b) - at(a));
}

export type Wanted = { readonly id: string } | { readonly beforeMs: number } | "newest";

function idOf(listed: Listed): string {
  return listed.kind === "backup" ? listed.manifest.id : listed.id;
}

/**
 * The one that is wanted: by its id, the newest of all, or the newest that stands for a moment before a time. The newest
 * whose manifest is damaged is told, not stepped over: whoever restores must know that a newer one was there.
 *
 * @throws AppError `not_found`; or what is wrong with its manifest.
 */
export async function findBackup(target: Target, wanted: Wanted): Promise<Manifest> {
  if (wanted !== "newest" && "id" in wanted) return await readManifest(target, wanted.id);
  const listed = await listBackups(target);
  if (wanted === "newest") {
    const [newest] = [...listed].sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
    if (newest === undefined) throw new AppError("not_found", `there is no backup in ${target.label}; make one: tillwatch backup create`, { code: "backup_not_found" });
    if (newest.kind === "unreadable") throw newest.error;
    return newest.manifest;
  }
  const fitting = listed.find((one) => one.kind === "backup" && one.manifest.snapshot_at < wanted.beforeMs);
  if (fitting?.kind !== "backup") throw new AppError("not_found", `there is no backup from before ${new Date(wanted.beforeMs).toISOString()} in ${target.label}; see tillwatch backup list`, { code: "backup_not_found" });
  return fitting.manifest;
}

/** The manifest goes first: what is left then is no backup any more, and goes at the next time if we are killed here. */
export async function removeBackup(target: Target, id: string): Promise<void> {
  await target.remove(manifestName(id));
  await target.remove(dataName(id));
}

/** Data are written before their manifest; so old ones without a manifest are what a broken-off backup left behind. */
async function removeOrphans(target: Target, nowMs: number): Promise<void> {
  const stored = await target.list();
  const complete = new Set(stored.flatMap(({ name }) => MANIFEST.exec(name)?.[1] ?? []));
  for (const { name, at } of stored) {
    const id = DATA.exec(name)?.[1];
    if (id !== undefined && !complete.has(id) && at < nowMs - DAY_MS) await target.remove(name);
  }
}

/** Removes what is no longer to be kept. Answers the ids. A manifest that cannot be read is left for a person to look at. */
export async function rotate(target: Target, keep: Keep, nowMs: number): Promise<string[]> {
  const listed = (await listBackups(target)).flatMap((one) => (one.kind === "backup" ? [{ id: one.manifest.id, snapshotAt: one.manifest.snapshot_at }] : []));
  const gone = superfluous(listed, keep);
  for (const { id } of gone) await removeBackup(target, id);
  await removeOrphans(target, nowMs);
  return gone.map(({ id }) => id);
}
