import { hash } from "node:crypto";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type AppendBeside, openAppendBeside } from "../../ledger/index.ts";
import { AppError, type Clock, type Database } from "../../platform/index.ts";
import { fileName } from "../import/import.ts";
import { readLine } from "../import/line.ts";
import type { Made } from "../import/made.ts";
import { type Occurrences, occurrences } from "../import/occurrences.ts";
import type { Reading } from "../import/reading.ts";
import { take } from "../import/take.ts";
import { LineCutter, MAX_LINE_BYTES } from "../import/text-lines.ts";
import { bookmark, setBookmark } from "../store.ts";
import { ANCHOR_BYTES, type FileNow, nextRead, type Place } from "./place.ts";

export interface TailOptions extends Pick<Reading, "timeZone" | "live"> {
  readonly db: Database;
  readonly clock: Clock;
  /** Absolute. */
  readonly paths: readonly string[];
  /** As for an import; asked once per step. */
  untilMs(): Promise<number | null>;
  /** Something a person should know: a bad line, a rest that was rotated away. */
  onNote(note: { readonly path: string; readonly text: string }): void;
}

/** Follows files that other applications append to, instead of (or besides) receiving webhooks. */
export interface Tail {
  /** Takes the next lines of each file; answers whether there were any. */
  step(): Promise<boolean>;
}

/** One step of one file; also the longest line that is looked at. */
const CHUNK = MAX_LINE_BYTES;
/** How far back lines are read again after a start, to number lines alike as an import of the file would. */
const WARM_BYTES = 32 * 1024 * 1024;

/** The counter of lines alike, and the place up to which it has counted. */
interface Memory {
  counter: Occurrences;
  ino: number;
  offset: number;
}

export function tailName(path: string): string {
  return `tail:${path}`;
}

export function createTail(options: TailOptions): Tail {
  const append = openAppendBeside(options.db);
  const memories = new Map<string, Memory>();
  return {
    step: async () => {
      let worked = false;
      for (const path of options.paths) worked = (await stepOne(options, append, memories, path)) || worked;
      return worked;
    },
  };
}

async function fileNow(file: FileHandle): Promise<FileNow> {
  const { dev, ino, size } = await file.stat();
  return { dev, ino, size };
}

async function readAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, from);
  return buffer.subarray(0, bytesRead);
}

async function anchorAt(file: FileHandle, offset: number): Promise<string | null> {
  const from = Math.max(0, offset - ANCHOR_BYTES);
  const bytes = await readAt(file, from, offset - from);
  return bytes.length < offset - from ? null : hash("sha256", bytes, "base64url").slice(0, 22);
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function stepOne(options: TailOptions, append: AppendBeside, memories: Map<string, Memory>, path: string): Promise<boolean> {
  const file = await openIfThere(path);
  if (file === null) return false;
  try {
    const place = await bookmark<Place>(options.db.read, tailName(path));
    const now = await fileNow(file);
    const next = nextRead(place, now, place === null ? null : await anchorAt(file, place.offset));
    const fresh = { ...(place ?? { taken: 0, bad: 0, lastBad: null }), dev: now.dev, ino: now.ino, offset: 0, lines: 0, anchor: hash("sha256", "", "base64url").slice(0, 22), skipping: false };
    switch (next.kind) {
      case "nothing_new":
        return false;
      case "go_on":
        return await readOn(options, append, memories, path, file, place ?? fresh, place);
      case "begin":
        if (next.reason !== "new") memories.delete(path);
        return await readOn(options, append, memories, path, file, fresh, place);
      case "rotated":
        return (place !== null && (await readRest(options, append, memories, path, place))) || (await readOn(options, append, memories, path, file, fresh, place));
    }
  } finally {
    await file.close();
  }
}

/** What was written to the old file after our last look: found by its inode beside the new one. */
async function readRest(options: TailOptions, append: AppendBeside, memories: Map<string, Memory>, path: string, place: Place): Promise<boolean> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(basename(path)) || name === basename(path)) continue;
    const found = await stat(join(folder, name));
    if (found.ino !== place.ino || found.dev !== place.dev) continue;
    const file = await open(join(folder, name), "r");
    try {
      if (found.size <= place.offset || (await anchorAt(file, place.offset)) !== place.anchor) return false;
      return await readOn(options, append, memories, path, file, place, place, true);
    } finally {
      await file.close();
    }
  }
  options.onNote({ path, text: "the file was rotated away and is not beside the new one; what was appended to it since our last look, if anything, is not taken (import it from where it is)" });
  return false;
}

/** The counter, warmed with the lines before the place when this process has not read them itself. */
async function counterFor(memories: Map<string, Memory>, path: string, file: FileHandle, from: Place): Promise<Memory> {
  const known = memories.get(path);
  if (known !== undefined && from.offset === 0) return { ...known, ino: from.ino, offset: 0 };
  if (known?.ino === from.ino && known.offset === from.offset) return known;
  const counter = occurrences();
  const start = Math.max(0, from.offset - WARM_BYTES);
  const cutter = new LineCutter();
  for (let at = start; at < from.offset; ) {
    const bytes = await readAt(file, at, Math.min(CHUNK, from.offset - at));
    if (bytes.length === 0) break;
    for (const { text } of cutter.push(bytes)) if (text !== null) counter.next(text);
    at += bytes.length;
  }
  return { counter, ino: from.ino, offset: from.offset };
}

interface Decided {
  readonly made: Made[];
  readonly place: Place;
}

function decide(bytes: Buffer, from: Place, reading: Reading, atEnd: boolean): Decided {
  const cutter = new LineCutter({ at: from.offset, number: from.lines });
  const lines = [...cutter.push(bytes), ...(atEnd ? cutter.end() : [])];
  const made: Made[] = [];
  let { bad, lastBad } = from;
  const first = lines[0];
  for (const line of from.skipping && first !== undefined ? lines.slice(1) : lines) {
    if (line.text !== null && line.text.trim() === "") continue;
    const outcome = line.text === null ? ({ kind: "bad", reason: "longer than 1 MiB" } as const) : readLine(line.text, reading);
    if (outcome.kind === "taken") made.push(...outcome.made);
    if (outcome.kind === "bad") {
      bad += 1;
      lastBad = { line: line.number, reason: outcome.reason };
    }
  }
  const last = lines.at(-1);
  // A full chunk without a line end: the line is too long, and is skipped up to its end.
  const skipping = last === undefined && bytes.length >= CHUNK;
  const offset = last?.end ?? (skipping ? from.offset + bytes.length : from.offset);
  if (skipping && !from.skipping) {
    bad += 1;
    lastBad = { line: from.lines + 1, reason: "longer than 1 MiB" };
  }
  return { made, place: { ...from, offset, lines: last?.number ?? from.lines, skipping: last === undefined ? from.skipping || skipping : false, bad, lastBad } };
}

async function readOn(options: TailOptions, append: AppendBeside, memories: Map<string, Memory>, path: string, file: FileHandle, from: Place, stored: Place | null, atEnd = false): Promise<boolean> {
  const { db, clock, timeZone, live } = options;
  const memory = await counterFor(memories, path, file, from);
  // Until the commit the memory is ahead of what is stored; a step that fails must find it gone.
  memories.delete(path);
  const bytes = await readAt(file, from.offset, CHUNK);
  const reading: Reading = { file: fileName(path), source: "tail", nowMs: clock.now(), timeZone, live, untilMs: await options.untilMs(), occurrence: (text) => memory.counter.next(text) };
  const decided = decide(bytes, from, reading, atEnd && bytes.length < CHUNK);
  const { made } = decided;
  const anchor = await anchorAt(file, decided.place.offset);
  if (anchor === null) return true;
  const place = { ...decided.place, anchor, taken: from.taken + made.length };
  if (place.offset === from.offset && stored !== null && stored.ino === from.ino && stored.offset === from.offset) {
    memories.set(path, memory);
    return false;
  }
  await take(db, append, made, async (tx) => {
    await db.dialect.lock(tx, tailName(path));
    const current = await bookmark<Place>(tx, tailName(path));
    if (current?.offset !== stored?.offset || current?.ino !== stored?.ino) throw new AppError("conflict", `${path} is followed by another process as well; follow it from one only`, { code: "tail_twice" });
    await setBookmark(tx, tailName(path), place, reading.nowMs);
  });
  memories.set(path, { counter: memory.counter, ino: place.ino, offset: place.offset });
  if (place.bad > from.bad) options.onNote({ path, text: `${place.bad - from.bad} bad line(s), the last one line ${place.lastBad?.line ?? 0}: ${place.lastBad?.reason ?? ""}` });
  return true;
}
