import { sql } from "kysely";
import { type Actor, recordAudit } from "../access/index.ts";
import { beginErasure, endErasure, eraseBodies, type Erasure, listErasures, readRaw } from "../ledger/index.ts";
import { forgetInOperations } from "../operations/index.ts";
import { eventsOfPayments, forgetOwners, paymentsByIds } from "../payments/index.ts";
import { AppError, type Clock, type Database, inChunks, type Tx } from "../platform/index.ts";
import { findHeld, type Held, idsIn } from "./find.ts";
import { emailPattern, redactBody } from "./redact.ts";
import { type Subject, traceOf } from "./subject.ts";

export interface EraseOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly actor: Actor;
  /** What folds payments: kept out while they are changed. */
  readonly consumer: string;
  onProgress(part: "find" | "erase", share: number): void;
}

export interface Erased {
  readonly erasure: Erasure;
  readonly payments: number;
  readonly operations: number;
  readonly receipts: number;
  readonly quarantined: number;
  /** Other rows in whose text the address stood. */
  readonly texts: number;
  /** Entries of the audit trail, written by an earlier version, that name an address: they cannot be changed. */
  readonly inTrail: number;
}

/** An operation in one of these may still be sent, or wait for its event. */
const OPEN = new Set(["sending", "submitted", "awaiting_approval"]);

/** Texts in which an address may stand that somebody wrote, or that another system answered. */
const TEXTS: readonly (readonly [table: string, key: string, columns: readonly string[]])[] = [
  ["notice", "id", ["title", "body"]],
  ["notify_news", "id", ["body"]],
  ["notify_alert", "alert_id", ["body"]],
  ["alert", "id", ["title", "summary", "details", "todo", "evidence", "ack_note"]],
  ["outbox", "id", ["error"]],
  ["notice_attempt", "id", ["reason"]],
  ["task_run", "id", ["error", "evidence"]],
  ["delivery", "seq", ["reason"]],
];

/** The tables of those. */
export const TEXT_TABLES = TEXTS.map(([table]) => table);

async function columnsOf(tx: Tx, kind: Database["kind"], table: string): Promise<string[]> {
  const { rows } = await (kind === "sqlite"
    ? sql<{ name: string }>`select name from pragma_table_info(${table})`
    : sql<{ name: string }>`select column_name as name from information_schema.columns where table_schema = current_schema() and table_name = ${table}`
  ).execute(tx);
  return rows.map(({ name }) => name);
}

/** Looks without a lock, and changes by key: a long look must keep nobody from writing. */
async function replaceTexts(db: Database, email: string): Promise<number> {
  let changed = 0;
  const pattern = emailPattern([email]);
  for (const [table, key, wanted] of TEXTS) {
    const there = await columnsOf(db.read, db.kind, table);
    const columns = wanted.filter((column) => there.includes(column));
    if (columns.length === 0 || !there.includes(key)) continue;
    const holds = sql.join(columns.map((column) => sql`lower(${sql.ref(column)}) like ${`%${email.replaceAll(/[\\%_]/g, (one) => `\\${one}`)}%`} escape '\\'`), sql` or `);
    const { rows } = await sql<{ key: number } & Record<string, unknown>>`select ${sql.ref(key)} as key, ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table)} where ${holds}`.execute(db.read);
    for (const row of rows) {
      const sets = columns.flatMap((column) => {
        const text = row[column];
        // By the same pattern as in bodies: another's address that merely ends or begins alike stays.
        const without = typeof text === "string" && pattern !== null ? text.replaceAll(pattern, "erased") : text;
        return without === text ? [] : [sql`${sql.ref(column)} = ${without}`];
      });
      if (sets.length === 0) continue;
      await db.write((tx) => sql`update ${sql.table(table)} set ${sql.join(sets)} where ${sql.ref(key)} = ${row.key}`.execute(tx));
      changed += 1;
    }
  }
  return changed;
}

async function inTrail(tx: Tx, { emails }: Subject): Promise<number> {
  let found = 0;
  for (const email of emails) {
    const { rows } = await sql<{ n: number }>`select count(*) as n from audit where lower(detail) like ${`%${email.replaceAll(/[\\%_]/g, (one) => `\\${one}`)}%`} escape '\\'`.execute(tx);
    found += rows[0]?.n ?? 0;
  }
  return found;
}

function assertAtRest({ operations }: Held["operations"]): void {
  const open = operations.find(({ state }) => OPEN.has(state));
  if (open !== undefined) throw new AppError("conflict", `the ${open.kind} ${open.id} of this customer is under way (${open.state}); erase when it is over: tillwatch operations show ${open.id}`, { code: "operation_under_way" });
}

const STEP = 100;

/**
 * An erasure of them that somebody was killed in: whom it was about, and which payments. Half of what linked their ids
 * with their addresses may be gone, so what was found then is gone on with.
 */
async function brokenOff(tx: Tx, { customers, emails }: Subject): Promise<{ subject: Subject; ids: string[] } | null> {
  const open = (await listErasures(tx)).find(({ state, subjects }) => state === "running" && [...customers, ...emails].some((one) => subjects.includes(one)));
  if (open === undefined) return null;
  const ids = new Set<string>();
  const seqs = (await tx.selectFrom("event").innerJoin("erased_event", "erased_event.event_id", "event.event_id").select("event.seq").where("erasure_no", "=", open.no).execute()).map(({ seq }) => seq);
  for (const chunk of inChunks(seqs, STEP)) for (const raw of (await readRaw(tx, chunk)).values()) for (const id of idsIn(raw)) ids.add(id);
  return { subject: { customers: open.subjects.filter((one) => one.startsWith("cus_")), emails: open.subjects.filter((one) => one.includes("@")) }, ids: [...ids] };
}

async function eraseEvents({ db, clock, onProgress }: EraseOptions, seqs: readonly number[], emails: readonly string[], no: number): Promise<number> {
  let [done, erased] = [0, 0];
  for (const chunk of inChunks(seqs, STEP)) {
    erased += await eraseBodies(db, chunk, (raw) => redactBody(raw, emails), no, clock.now());
    done += chunk.length;
    onProgress("erase", done / seqs.length);
  }
  return erased;
}

/**
 * Takes a customer's personal data out of all that is stored. Each step is a transaction and may be repeated, so whoever
 * was killed in the middle begins again and ends the same erasure. Events stay, each with the SHA-256 of what it was;
 * payments, figures and money are as before.
 *
 * @throws AppError `conflict` while an operation of theirs is under way; nothing is changed then.
 */
export async function eraseSubject(options: EraseOptions, asked: Subject): Promise<Erased> {
  const { db, clock, actor, consumer, onProgress } = options;
  // What is freed on the way is overwritten, whole pages too.
  if (db.kind === "sqlite") await db.maintain("pragma secure_delete = on");
  const open = await brokenOff(db.read, asked);
  let held = await findHeld(db, open?.subject ?? asked, (share) => onProgress("find", share), open === null ? {} : { widen: false, also: open.ids });
  assertAtRest(held.operations);
  const { subject } = held;
  const no = await db.write((tx) => beginErasure(tx, [...subject.customers, ...subject.emails], actor.name, clock.now()));
  const done = { payments: 0, operations: 0, receipts: 0, quarantined: 0, texts: 0 };
  // What came in while we were at it is found by the second look; nothing new, and it is over.
  for (let round = 0; round < 3; round += 1) {
    const events = await eraseEvents(options, held.seqs, subject.emails, no);
    const { payments, operations, quarantined } = held;
    done.payments += await db.write(async (tx) => {
      await db.dialect.lock(tx, `consumer:${consumer}`);
      return await forgetOwners(tx, payments);
    });
    if (round > 0 && events === 0) break;
    await db.write(async (tx) => {
      await forgetInOperations(tx, operations);
      if (quarantined.length > 0) await sql`delete from quarantine where id in (${sql.join(quarantined)})`.execute(tx);
      // A signature over bytes that are no more.
      await sql`delete from event_signature where event_id in (select event_id from erased_event where erasure_no = ${no})`.execute(tx);
    });
    done.operations = Math.max(done.operations, operations.operations.length);
    done.receipts = Math.max(done.receipts, operations.receipts.length);
    done.quarantined += quarantined.length;
    for (const email of subject.emails) done.texts += await replaceTexts(db, email);
    held = await findHeld(db, subject, () => {}, { widen: false });
  }
  const erasure = await db.write(async (tx) => {
    const ended = await endErasure(tx, no, traceOf(subject), clock.now());
    await recordAudit(tx, { at: clock.now(), actor, action: "privacy.erase", subject: String(no), detail: { who: traceOf(subject), events: ended.events, payments: done.payments, operations: done.operations }, requestId: null, outcome: "ok" });
    return ended;
  });
  return { erasure, ...done, inTrail: await inTrail(db.read, subject) };
}

/** In a database that was restored: erases again what had been erased after the backup was made. Answers how many events. */
export async function eraseAgain({ db, clock, consumer }: Pick<EraseOptions, "db" | "clock" | "consumer">, eventIds: readonly string[]): Promise<number> {
  const seqs: number[] = [];
  for (const chunk of inChunks(eventIds, 256)) seqs.push(...(await db.read.selectFrom("event").select("seq").where("event_id", "in", chunk).where(sql<boolean>`(flags & 4) = 0`).execute()).map(({ seq }) => seq));
  if (seqs.length === 0) return 0;
  const ids = new Set<string>();
  for (const chunk of inChunks(seqs, STEP)) for (const raw of (await readRaw(db.read, chunk)).values()) for (const id of idsIn(raw)) ids.add(id);
  const payments = await paymentsByIds(db.read, [...ids]);
  const all = [...new Set([...seqs, ...(await eventsOfPayments(db.read, payments))])];
  const no = await db.write((tx) => beginErasure(tx, ["restored"], "restore", clock.now()));
  let erased = 0;
  for (const chunk of inChunks(all, STEP)) erased += await eraseBodies(db, chunk, (raw) => redactBody(raw, []), no, clock.now());
  await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${consumer}`);
    await forgetOwners(tx, payments);
    await endErasure(tx, no, ["restored"], clock.now());
  });
  return erased;
}
