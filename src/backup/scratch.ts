import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../platform/index.ts";

const NAME = /^tillwatch-scratch-(\d+)-[0-9a-f]{8}\.db(?:\.rebuild)?(?:-wal|-shm|-journal)?$/;
const MIB = 1024 * 1024;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** A name for a file of this process that the next one may remove when we are killed. Removes what dead ones left. */
export function scratchFile(directory: string): string {
  for (const name of readdirSync(directory)) {
    const pid = NAME.exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) rmSync(join(directory, name), { force: true });
  }
  return join(directory, `tillwatch-scratch-${process.pid}-${randomBytes(4).toString("hex")}.db`);
}

const text = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

/** A backup must not be what fills the disk: then events could not be stored. @throws AppError `backup_no_space`. */
export function assertSpace(where: string, free: number | null, needed: number): void {
  const wanted = needed + 256 * MIB;
  if (free !== null && free < wanted) throw new AppError("unavailable", `${text(wanted)} are needed in ${where}, and ${text(free)} are free; free space, keep fewer backups (backup.keep), or keep them elsewhere (backup.directory)`, { code: "backup_no_space" });
}

export function freeIn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
