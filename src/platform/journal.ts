import { accessSync, closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Clock, MINUTE_MS } from "./clock.ts";
import { makeDirectory } from "./directory.ts";
import { AppError, errorText } from "./errors.ts";
import { type Rotation, rotation } from "./journal/rotation.ts";
import { redact } from "./redact.ts";

/** What went wrong with the mirrors; told at once, then once a minute while it lasts, and when it is over. */
export type JournalTrouble = { kind: "lost"; lines: number; reason: string } | { kind: "recovered"; lines: number };

export interface JournalOptions {
  /** Null: nothing is written. */
  dir: string | null;
  clock: Clock;
  onTrouble(trouble: JournalTrouble): void;
  /** A file that has grown past this is put aside. */
  maxFileBytes?: number;
  /** Files put aside that are kept, per name. */
  keep?: number;
  /** For tests. */
  write?: (fd: number, bytes: Buffer) => number;
}

/**
 * NDJSON files that mirror what is in the database, for `tail -f`, `grep` and `jq`. The database is the truth: a mirror
 * that cannot be written is counted and reported, and stops nothing. Several processes may append to one file.
 */
export interface Journal {
  /** One write with all lines. Never throws. */
  append(name: string, objects: readonly object[]): void;
  /** Lines that could not be written since the start. */
  lostLines(): number;
  /** Resolves when files put aside are compressed; closes the files. */
  close(): Promise<void>;
}

interface OpenFile {
  fd: number;
  inode: number;
  size: number;
  /** The file ends in the middle of a line, of ours or another's. */
  torn: boolean;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const KEEP = 10;
const MAX_LINE_BYTES = 256 * 1024;
const REPORT_EVERY_MS = MINUTE_MS;
const NEWLINE = 0x0a;

export function openJournal(options: JournalOptions): Journal {
  if (options.dir === null) return { append: () => {}, lostLines: () => 0, close: async () => {} };
  const dir = options.dir;
  const files = new Map<string, OpenFile>();
  const rotate = rotation(options.keep ?? KEEP);
  const trouble = troubleReport(options);
  return {
    append: (name, objects) => {
      if (objects.length === 0) return;
      let unwritten = objects.length;
      try {
        const { text, lines } = linesOf(objects);
        if (lines > 0) {
          const file = ready(files, dir, name);
          unwritten -= lines - write(file, text, options.write ?? writeSync);
          if (file.size >= (options.maxFileBytes ?? MAX_FILE_BYTES)) putAside(files, name, join(dir, name), rotate, options.clock.now());
        }
        if (unwritten > 0) trouble.lost(unwritten, lines < objects.length ? "a line was no JSON or too long" : "the disk took only a part");
        else trouble.fine();
      } catch (error) {
        // A descriptor that failed once (file system gone and back) may fail for ever.
        forget(files, name);
        trouble.lost(unwritten, errorText(error));
      }
    },
    lostLines: () => trouble.total(),
    close: async () => {
      for (const name of files.keys()) forget(files, name);
      await rotate.idle();
    },
  };
}

function troubleReport(options: JournalOptions): { lost(lines: number, reason: string): void; fine(): void; total(): number } {
  let total = 0;
  let unreported = 0;
  let inTrouble = 0;
  let reportedAt: number | null = null;
  return {
    lost: (lines, reason) => {
      total += lines;
      unreported += lines;
      inTrouble += lines;
      const now = options.clock.now();
      if (reportedAt !== null && now >= reportedAt && now - reportedAt < REPORT_EVERY_MS) return;
      reportedAt = now;
      options.onTrouble({ kind: "lost", lines: unreported, reason });
      unreported = 0;
    },
    fine: () => {
      if (inTrouble === 0) return;
      options.onTrouble({ kind: "recovered", lines: inTrouble });
      unreported = 0;
      inTrouble = 0;
    },
    total: () => total,
  };
}

function linesOf(objects: readonly object[]): { text: string; lines: number } {
  let text = "";
  let lines = 0;
  for (const object of objects) {
    const line = lineOf(object);
    if (line === null) continue;
    text += `${line}\n`;
    lines += 1;
  }
  return { text: redact(text), lines };
}

function lineOf(object: object): string | null {
  try {
    const line = JSON.stringify(object);
    return line.length > MAX_LINE_BYTES ? null : line;
  } catch {
    return null;
  }
}

/** The open file that the name stands for now: opened anew when it was moved or deleted by someone else. */
function ready(files: Map<string, OpenFile>, dir: string, name: string): OpenFile {
  const path = join(dir, name);
  const known = files.get(name);
  if (known !== undefined) {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.ino === known.inode) {
      known.size = there.size;
      return known;
    }
    forget(files, name);
  }
  if (!/^[a-z0-9][a-z0-9_.-]{0,99}$/.test(name)) throw new TypeError(`not a journal's name: ${name}`);
  makeDirectory(dir);
  const fd = openSync(path, "a+", 0o640);
  const { ino, size } = fstatSync(fd);
  const file = { fd, inode: ino, size, torn: size > 0 && lastByte(fd, size) !== NEWLINE };
  files.set(name, file);
  return file;
}

function lastByte(fd: number, size: number): number | null {
  const byte = Buffer.alloc(1);
  return readSync(fd, byte, 0, 1, size - 1) === 1 ? (byte[0] ?? null) : null;
}

function forget(files: Map<string, OpenFile>, name: string): void {
  const file = files.get(name);
  if (file === undefined) return;
  files.delete(name);
  try {
    closeSync(file.fd);
  } catch {
    // It is given up either way.
  }
}

/** Writes at the end of the file, whole lines only; returns how many lines were not written. */
function write(file: OpenFile, text: string, writeBytes: (fd: number, bytes: Buffer) => number): number {
  // What a crash cut off stays a line of its own, so that ours is whole.
  const bytes = Buffer.from(file.torn ? `\n${text}` : text);
  const written = writeBytes(file.fd, bytes);
  file.torn = false;
  file.size += written;
  if (written === bytes.length) return 0;
  const whole = bytes.lastIndexOf(NEWLINE, written - 1) + 1;
  // Takes the half line back, unless someone else has written behind it.
  if (fstatSync(file.fd).size === file.size) {
    ftruncateSync(file.fd, file.size - (written - whole));
    file.size -= written - whole;
  } else {
    file.torn = true;
  }
  return bytes.subarray(whole).filter((byte) => byte === NEWLINE).length;
}

function putAside(files: Map<string, OpenFile>, name: string, path: string, rotate: Rotation, nowMs: number): void {
  // Between our write and now another process may have put it aside: then the name stands for another file.
  if (statSync(path, { throwIfNoEntry: false })?.ino === files.get(name)?.inode) rotate.putAside(path, nowMs);
  forget(files, name);
}

/**
 * @param name what the directory is called where it is configured, for the message.
 * @throws AppError `invalid` when the directory cannot be made or written.
 */
export function requireWritableDirectory(directory: string, name: string): void {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    throw new AppError("invalid", `${name}: the directory ${directory} cannot be written (${code}); give one that this user may write, or change its owner`, {
      code: "directory_not_writable",
      cause: error,
    });
  }
}
