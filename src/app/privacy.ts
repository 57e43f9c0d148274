import { sql } from "kysely";
import type { Target } from "../backup/index.ts";
import { erasedEvents } from "../ledger/index.ts";
import { AppError, type Clock, type Database } from "../platform/index.ts";
import { eraseAgain, TEXT_TABLES } from "../privacy/index.ts";
import { DERIVE } from "./derive.ts";

/** Beside the backups: which events were erased, so that a restored backup does not bring them back. Names nobody. */
const ERASURES = "erasures.json";
const MAX_BYTES = 256 * 1024 * 1024;

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function readErasures(target: Target): Promise<string[]> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of await target.get(ERASURES)) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) throw new AppError("unprocessable", `${ERASURES} in ${target.label} is too large to be one`, { code: "erasures_damaged" });
      parts.push(Buffer.from(chunk));
    }
  } catch (error) {
    if (error instanceof AppError && error.kind === "not_found") return [];
    throw error;
  }
  const read = JSON.parse(Buffer.concat(parts).toString("utf8")) as { events?: unknown };
  if (!Array.isArray(read.events)) throw new AppError("unprocessable", `${ERASURES} in ${target.label} is damaged; restore it, or move it away and erase anew after the restore`, { code: "erasures_damaged" });
  return read.events.filter((id) => typeof id === "string");
}

/**
 * Writes it down beside the backups, with what stands there already: another installation, or this one before a restore,
 * may have erased more. Also done with every backup, for an erasure may have been killed before it came to this.
 * Answers the places that did not take it, in words.
 */
export async function keepErasures(db: Database, targets: readonly Target[]): Promise<string[]> {
  const ours = (await erasedEvents(db.read)).map(({ eventId }) => eventId);
  const refused: string[] = [];
  for (const target of targets) {
    try {
      const known = await readErasures(target);
      const events = [...new Set([...known, ...ours])];
      if (events.length > known.length) await target.put(ERASURES, once(JSON.stringify({ format: "tillwatch-erasures", events })));
    } catch (error) {
      refused.push(`${target.label}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return refused;
}

/** In a restored database: erases again what had been erased since the backup. Answers how many events. */
export async function reapplyErasures(restored: Database, target: Target, clock: Clock): Promise<number> {
  return await eraseAgain({ db: restored, clock, consumer: DERIVE }, await readErasures(target));
}

/** Tables whose rows hold what was erased. */
const HELD = [...new Set(["event_block", "event_variant", "event_failure", "event_signature", "payment", "operation", "operation_step", "receipt", "quarantine", ...TEXT_TABLES])];

/**
 * Takes what was erased out of the files too. SQLite: `thorough` writes the whole file anew, which keeps everybody from
 * writing meanwhile; else freed pages are zeroed as they are freed and the WAL is emptied, as far as no reader holds it.
 * PostgreSQL: dead rows are given up; `thorough` writes the tables anew, under a lock. Answers whether the WAL is empty.
 */
export async function clearFiles(db: Database, thorough: boolean): Promise<boolean> {
  if (db.kind === "sqlite") {
    if (thorough) await db.maintain("vacuum");
    const [row] = await db.maintain("pragma wal_checkpoint(truncate)");
    return row?.["busy"] === 0;
  }
  for (const table of HELD) await sql.raw(`vacuum ${thorough ? "full " : ""}${table}`).execute(db.read);
  return true;
}
