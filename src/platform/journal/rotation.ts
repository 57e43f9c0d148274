import { createReadStream, createWriteStream, existsSync, renameSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface Rotation {
  /** Renames the file to `<path>.<time>`; what was put aside before is compressed, and the oldest removed, afterwards. */
  putAside(path: string, nowMs: number): void;
  idle(): Promise<void>;
}

/** @param keep files put aside that are kept, per path. */
export function rotation(keep: number): Rotation {
  let tidying: Promise<void> = Promise.resolve();
  return {
    putAside: (path, nowMs) => {
      renameSync(path, freeName(path, nowMs));
      // A file that cannot be compressed or removed is met again at the next turn.
      tidying = tidying.then(() => tidy(path, keep)).catch(() => {});
    },
    idle: () => tidying,
  };
}

function freeName(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  for (let number = 0; ; number += 1) {
    const name = `${path}.${stamp}-${String(number).padStart(3, "0")}`;
    if (!existsSync(name) && !existsSync(`${name}.gz`)) return name;
  }
}

async function tidy(path: string, keep: number): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const aside = (await readdir(folder)).filter((name) => name.startsWith(prefix) && /^\d{8}T\d{9}Z-\d+(\.gz)?$/.test(name.slice(prefix.length))).sort().reverse();
  for (const name of aside.slice(keep)) await rm(join(folder, name), { force: true });
  // Not the newest: another process may still hold it open and write a last line.
  for (const name of aside.slice(1, keep)) if (!name.endsWith(".gz")) await compress(join(folder, name));
}

async function compress(path: string): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished));
    await rename(unfinished, `${path}.gz`);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await rm(path, { force: true });
}
