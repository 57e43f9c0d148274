import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventStream } from "../sandbox/index.ts";
import { deriveEvents } from "../src/app/derive.ts";
import { migrations } from "../src/app/migrations.ts";
import { type Arrival, openAppend, readHead } from "../src/ledger/index.ts";
import { foldDeliveries } from "../src/metrics/index.ts";
import { migrate, openSqlite } from "../src/platform/index.ts";

const DAY_MS = 86_400_000;
const DAYS = 90;
/** Whole weeks, so that a copy keeps its weekdays. */
const BASE_DAYS = 28;
const EVENTS_A_PAYMENT = 5.38;
const BATCH = 4000;

interface Base {
  readonly file: string;
  /** The last seq of the base: copies are that far apart. */
  readonly last: number;
  readonly endMs: number;
}

/** Four weeks of events up to now, through the ordinary path: appended and derived from. */
async function fillBase(file: string, count: number, progress: (events: number) => void): Promise<Base> {
  const endMs = Date.now();
  const startMs = endMs - BASE_DAYS * DAY_MS;
  const db = openSqlite(file);
  await migrate(db, migrations, endMs);
  const append = openAppend(db);
  let batch: Arrival[] = [];
  let made = 0;
  const flush = async (): Promise<void> => {
    await append(batch);
    while ((await deriveEvents(db, "UTC", BATCH, endMs)) > 0);
    batch = [];
    progress(made);
  };
  for (const event of eventStream({ seed: 3, startMs, ratePerMinute: count / EVENTS_A_PAYMENT / (BASE_DAYS * 1440) })) {
    if (event.created * 1000 > endMs) break;
    made += 1;
    const receivedAt = event.created * 1000 + 500;
    const read = readHead(event, receivedAt);
    if (read.kind !== "head") throw new Error(read.reason);
    batch.push({ kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(event, null, 2)), receivedAt, source: "webhook", endpoint: "default" });
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  await db.close();
  return { file, last: made, endMs };
}

/** The columns of a table as a copy writes them: as they are, but for those named in `changed`. */
function copyTable(db: DatabaseSync, table: string, changed: Readonly<Record<string, string>>, where: string, conflict = ""): void {
  const columns = db.prepare(`select name from pragma_table_info('${table}')`).all().map((row) => String(row["name"]));
  const picked = columns.map((column) => changed[column] ?? column);
  db.exec(`insert into main.${table} (${columns.join(", ")}) select ${picked.join(", ")} from base.${table} where ${where} ${conflict}`);
}

/** What counts in a total's row; the rest is its key. */
function summing(db: DatabaseSync, table: string, keys: readonly string[]): string {
  const counts = db.prepare(`select name from pragma_table_info('${table}')`).all().map((row) => String(row["name"])).filter((name) => !keys.includes(name));
  return `on conflict (${keys.join(", ")}) do update set ${counts.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;
}

/** Writes the base once more, `weeks4` times four weeks earlier; ids get a suffix, bodies stay as they are. */
function copyShifted(db: DatabaseSync, base: Base, weeks4: number, slot: number, cutMs: number): void {
  const shift = weeks4 * BASE_DAYS * DAY_MS;
  const seqs = slot * base.last;
  const suffix = weeks4 === 0 ? "''" : `'_${weeks4}'`;
  const from = cutMs + shift;
  const at = (column: string): string => `${column} - ${shift}`;
  const id = (column: string): string => `${column} || ${suffix}`;
  const no = (column: string): string => `${column} + ${seqs * 64}`;
  const firstSeq = Number(db.prepare("select coalesce(min(seq), 0) as seq from base.event where received_at >= ?").get(from)?.["seq"] ?? 0);
  const firstBlock = Number(db.prepare("select block_id from base.event where seq = ?").get(firstSeq)?.["block_id"] ?? 0);
  const blocks = Number(db.prepare("select max(id) as id from base.event_block").get()?.["id"] ?? 0) * slot;
  const mine = `(select no from base.payment where created_at >= ${from})`;
  db.exec("begin");
  copyTable(db, "event_block", { id: `id + ${blocks}` }, `id >= ${firstBlock}`);
  copyTable(db, "event", { seq: `seq + ${seqs}`, event_id: id("event_id"), object_id: id("object_id"), received_at: at("received_at"), created_at: at("created_at"), block_id: `block_id + ${blocks}` }, `seq >= ${firstSeq}`);
  copyTable(db, "delivery", { seq: `seq + ${seqs}`, event_seq: `event_seq + ${seqs}`, received_at: at("received_at") }, `event_seq >= ${firstSeq}`);
  copyTable(db, "payment", { no: no("no"), id: id("id"), created_at: at("created_at"), updated_at: at("updated_at"), state: `json_set(state, '$.no', no + ${seqs * 64}, '$.id', id || ${suffix})` }, `created_at >= ${from}`);
  copyTable(db, "payment_alias", { alias: id("alias"), payment_no: no("payment_no") }, `payment_no in ${mine}`);
  copyTable(db, "payment_event", { payment_no: no("payment_no"), event_seq: `event_seq + ${seqs}` }, `payment_no in ${mine} and event_seq >= ${firstSeq}`);
  copyTable(db, "attempt", { payment_no: no("payment_no"), id: id("id"), at: at("at") }, `payment_no in ${mine}`);
  copyTable(db, "refund", { payment_no: no("payment_no"), id: id("id"), created_at: at("created_at"), updated_at: at("updated_at") }, `payment_no in ${mine}`);
  copyTable(db, "refund_record", { id: id("id"), no: no("no"), payment: id("payment"), charge: id("charge"), created_at: at("created_at"), updated_at: at("updated_at") }, `created_at >= ${from}`);
  copyTable(db, "metric", { start: at("start") }, `start >= ${from}`, summing(db, "metric", ["grain", "live", "account", "kind", "start", "value"]));
  // A fill derives long after the fact: as if every delivery had been processed in time.
  copyTable(db, "slo_count", { start: at("start"), good: "good + bad", bad: "0" }, `start >= ${from}`, summing(db, "slo_count", ["indicator", "grain", "start"]));
  db.exec("commit");
}

/**
 * Fills an empty data directory with about `count` events of the last ninety days, for the benchmarks that take
 * `--data DIR`: four weeks through the ordinary path, the weeks before as copies of their rows with ids and times
 * changed (an hour's work otherwise). Deliveries are counted through the ordinary path over all of it.
 *
 * @returns events stored, and the size of the file in bytes.
 */
export async function fillDirectory(data: string, count: number, say: (line: string) => void): Promise<{ events: number; bytes: number }> {
  mkdirSync(data, { recursive: true });
  const file = join(data, "tillwatch.db");
  const baseFile = join(data, "base.db");
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) throw new Error(`${file} is there already; give an empty directory`);
  let told = 0;
  const base = await fillBase(baseFile, Math.round((count * BASE_DAYS) / DAYS), (events) => {
    if (events - told < 200_000) return;
    told = events;
    say(`${events} events through the ordinary path`);
  });
  const events = await spread(file, base, say);
  rmSync(baseFile);
  return { events, bytes: statSync(file).size };
}

/** The base and its earlier copies into `file`, oldest first, so that seqs grow with time. */
async function spread(file: string, base: Base, say: (line: string) => void): Promise<number> {
  const made = openSqlite(file);
  await migrate(made, migrations, base.endMs);
  await made.close();
  const copies = Math.ceil(DAYS / BASE_DAYS);
  const cutMs = Math.ceil((base.endMs - DAYS * DAY_MS) / DAY_MS) * DAY_MS;
  const raw = new DatabaseSync(file);
  raw.exec(`pragma synchronous = off; pragma cache_size = -400000; attach '${base.file}' as base`);
  for (const table of ["term", "metric_setting"]) raw.exec(`delete from main.${table}; insert into main.${table} select * from base.${table}`);
  for (let slot = 0; slot < copies; slot += 1) {
    const weeks4 = copies - 1 - slot;
    copyShifted(raw, base, weeks4, slot, weeks4 === copies - 1 ? cutMs : 0);
    say(`${slot + 1} of ${copies} spans of four weeks stored`);
  }
  raw.exec("delete from main.consumer; insert into main.consumer select name, (select max(seq) from main.event), updated_at from base.consumer; detach base; analyze; pragma wal_checkpoint(truncate)");
  const events = Number(raw.prepare("select count(*) as events from event").get()?.["events"]);
  raw.close();
  const db = openSqlite(file);
  while ((await foldDeliveries(db, { timeZone: "UTC" }, 5000, base.endMs)) > 0);
  await db.close();
  return events;
}
