import { mkdirSync, chmodSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Names of files made by schedule; nothing else in the folder is ever shown or deleted. */
const MADE = /^((weekly|monthly)-(\d{4}-\d{2}-\d{2}))\.html$/;
export const KEPT_ID = /^(weekly|monthly)-\d{4}-\d{2}-\d{2}$/;

/** A report that was made by schedule and is kept as a page. */
export interface KeptReport {
  /** `weekly-2026-03-02`: what it is and the first day of its period, in the zone of the report. */
  readonly id: string;
  readonly name: "weekly" | "monthly";
  readonly from: string;
  readonly bytes: number;
  /** ms UTC. */
  readonly madeAt: number;
}

async function names(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? [] : Promise.reject(error)));
}

/** Whole or not at all, and the owner's alone; lets the oldest go beyond `most`. */
export async function keepReport(directory: string, id: string, content: Uint8Array, most: number): Promise<void> {
  if (mkdirSync(directory, { recursive: true }) !== undefined) chmodSync(directory, 0o700);
  const unfinished = join(directory, `.${id}.html.${process.pid}.part`);
  await writeFile(unfinished, content, { mode: 0o600 });
  await rename(unfinished, join(directory, `${id}.html`));
  for (const old of (await keptReports(directory)).slice(most)) await removeReport(directory, old.id);
}

/** Newest period first. */
export async function keptReports(directory: string): Promise<KeptReport[]> {
  const found = await Promise.all(
    (await names(directory)).map(async (file): Promise<KeptReport[]> => {
      const [, id, name, from] = MADE.exec(file) ?? [];
      const known = id === undefined ? null : await stat(join(directory, file)).catch(() => null);
      if (id === undefined || from === undefined || known?.isFile() !== true) return [];
      return [{ id, name: name === "weekly" ? "weekly" : "monthly", from, bytes: known.size, madeAt: Math.round(known.mtimeMs) }];
    }),
  );
  return found.flat().sort((a, b) => (a.from === b.from ? (a.id < b.id ? -1 : 1) : a.from < b.from ? 1 : -1));
}

/** The page; null when it is not there. @param id of `KEPT_ID`. */
export async function readReport(directory: string, id: string): Promise<Buffer | null> {
  return KEPT_ID.test(id) ? await readFile(join(directory, `${id}.html`)).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? null : Promise.reject(error))) : null;
}

/** False when it was not there. */
export async function removeReport(directory: string, id: string): Promise<boolean> {
  if (!KEPT_ID.test(id)) return false;
  return await rm(join(directory, `${id}.html`)).then(
    () => true,
    (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? false : Promise.reject(error)),
  );
}
