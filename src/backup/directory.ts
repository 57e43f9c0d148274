import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errorText } from "../platform/index.ts";
import type { Stored, Target } from "./target.ts";

const UNFINISHED = /\.[0-9a-f]{8}\.unfinished$/;

function unusable(directory: string, error: unknown): AppError {
  return new AppError("unavailable", `cannot use the backup directory ${directory} (${errorText(error)}); see backup.directory`, { code: "backup_directory", cause: error });
}

/** So that a rename survives a power cut, too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(file, "wx", 0o600);
  let size = 0;
  try {
    for await (const chunk of bytes) {
      await handle.writeFile(chunk);
      size += chunk.byteLength;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return size;
}

/** A folder of this machine or of a mounted disk. It is the owner's alone. */
export function directoryTarget(directory: string): Target {
  const at = (name: string): string => join(directory, name);
  const names = async (): Promise<string[]> => await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? [] : Promise.reject(unusable(directory, error))));
  const describe = async (name: string): Promise<Stored[]> => {
    const found = await stat(at(name)).catch(() => null);
    return found?.isFile() === true ? [{ name, bytes: found.size, at: Math.round(found.mtimeMs) }] : [];
  };
  const make = async (): Promise<void> => {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unusable(directory, error);
    }
  };
  return {
    label: `directory ${directory}`,
    rotates: true,
    put: async (name, bytes) => {
      await make();
      const unfinished = at(`${name}.${randomBytes(4).toString("hex")}.unfinished`);
      try {
        const size = await writeAll(unfinished, bytes);
        await rename(unfinished, at(name));
        await syncDirectory(directory);
        return size;
      } catch (error) {
        await rm(unfinished, { force: true });
        if (error instanceof AppError) throw error;
        const code = error instanceof Error && "code" in error ? error.code : null;
        if (code === "ENOSPC") throw new AppError("unavailable", `the disk of ${directory} is full`, { code: "backup_no_space", cause: error });
        throw error;
      }
    },
    get: async (name) => {
      const stream = createReadStream(at(name), { highWaterMark: 1024 * 1024 });
      await new Promise<void>((resolve, reject) => {
        stream.once("open", () => resolve());
        stream.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? new AppError("not_found", `${name} is not in ${directory}`, { code: "backup_not_found" }) : unusable(directory, error)));
      });
      return stream as AsyncIterable<Buffer>;
    },
    list: async () => (await Promise.all((await names()).filter((name) => !UNFINISHED.test(name)).map(describe))).flat(),
    remove: async (name) => {
      await rm(at(name), { force: true });
    },
    clean: async (beforeMs) => {
      const left = (await Promise.all((await names()).filter((name) => UNFINISHED.test(name)).map(describe))).flat();
      for (const { name, at: writtenAt } of left) if (writtenAt < beforeMs) await rm(at(name), { force: true });
    },
    free: async () => {
      await make();
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
  };
}
