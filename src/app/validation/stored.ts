import { statSync } from "node:fs";
import { sql } from "kysely";
import { verifyAudit } from "../../access/index.ts";
import type { Validated, Validation } from "../../health/index.ts";
import { consumerSeq, lastSeq, readEntries } from "../../ledger/index.ts";
import { needsRebuild } from "../../metrics/index.ts";
import { type Database, DAY_MS } from "../../platform/index.ts";
import { DERIVE } from "../derive.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** What lies in the database, and whether it is whole. All of it bounded: a large database is looked at in samples. */

/** Read whole in a second or two; a larger file is read in samples, and says so. */
const WHOLE_BYTES = 512 * 1024 * 1024;
const SAMPLE = 250;

const MENDS = "Restore the newest good backup into another place, and compare: `tillwatch rebuild --check`, `tillwatch verify`";

async function sqliteIntegrity(db: Database & { kind: "sqlite" }): Promise<Validated> {
  const bytes = statSync(db.file).size;
  const { rows: modes } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db.read);
  if (modes[0]?.journal_mode !== "wal") return fail(`the database is in journal mode ${modes[0]?.journal_mode ?? "?"}, not WAL`, "Stop what else opens the file, and start the service once");
  if (bytes > WHOLE_BYTES) return pass(`WAL; ${(bytes / 1024 ** 3).toFixed(1)} GiB is too much to read within a page's time: the sample of the ledger below stands for it, the restore drill reads all`);
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(db.read);
  const troubles = rows.map((row) => row.quick_check).filter((line) => line !== "ok");
  return troubles.length === 0 ? pass(`every page read and whole (${(bytes / 1024 ** 2).toFixed(0)} MiB), WAL`) : { ...fail(`the file is damaged: ${troubles[0]}`, MENDS), details: troubles };
}

async function postgresIntegrity(db: Database): Promise<Validated> {
  const { rows } = await sql<{ name: string; setting: string }>`
    select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums')`.execute(db.read);
  const of = (name: string): string => rows.find((row) => row.name === name)?.setting ?? "?";
  for (const name of ["fsync", "full_page_writes"]) if (of(name) !== "on") return fail(`${name} is ${of(name)}: a power cut can lose or tear what was acknowledged`, `Set ${name} = on in postgresql.conf`);
  if (of("synchronous_commit") === "off") return fail("synchronous_commit is off: what was acknowledged can be lost in a crash", "Set synchronous_commit = on");
  const { rows: broken } = await sql<{ name: string }>`select relname as name from pg_index join pg_class on pg_class.oid = indexrelid where not indisvalid and relnamespace = current_schema()::regnamespace`.execute(db.read);
  if (broken.length > 0) return fail(`unusable indexes: ${broken.map(({ name }) => name).join(", ")}`, "REINDEX them");
  if (of("data_checksums") !== "on") return warn("the server keeps no checksums of its pages, so that a flipped bit on disk goes unnoticed (events have their own)", "Switch them on with pg_checksums --enable while the server is stopped");
  return pass("fsync, synchronous commit, full page writes and page checksums are on; every index is usable");
}

/** Opens events all over the ledger: each block is checked against its own checksum when it is opened. */
async function ledgerSample({ db }: ValidationParts): Promise<Validated> {
  const last = await lastSeq(db.read);
  if (last === 0) return pass("the ledger is empty");
  const step = Math.max(1, Math.floor(last / SAMPLE));
  const spread = Array.from({ length: Math.min(SAMPLE, last) }, (_, index) => last - index * step);
  const newest = Array.from({ length: Math.min(SAMPLE, last) }, (_, index) => last - index);
  const seqs = [...new Set([...spread, ...newest])];
  const entries = await readEntries(db.read, seqs);
  const wrong = entries.filter(({ body, eventId }) => body["id"] !== eventId);
  if (wrong.length > 0) return fail(`${wrong.length} of ${entries.length} events opened are not those that they are filed as`, MENDS);
  return pass(`${entries.length} events from all over the ledger opened, each checked against its checksum`);
}

async function audit({ db }: ValidationParts): Promise<Validated> {
  const verdict = await verifyAudit(db);
  return verdict.kind === "intact" ? pass(`the audit trail is whole up to row ${verdict.head.id}, each row chained to the one before`) : fail(`the audit trail was altered: ${verdict.text}`, "Find out who can write to the database; the note of an earlier end (`tillwatch audit verify --json`) tells since when");
}

async function derived({ db, config }: ValidationParts): Promise<Validated> {
  const behind = (await lastSeq(db.read)) - (await consumerSeq(db.read, DERIVE));
  const { rows } = await sql<{ n: number }>`select count(*) as n from event_failure`.execute(db.read);
  const aside = rows[0]?.n ?? 0;
  if (await needsRebuild(db.read, config.merchant.timeZone)) return warn("figures are being derived anew, or wait for it (the time zone changed)", "It goes on by itself while the service runs, or by `tillwatch rebuild`");
  if (aside > 0) return warn(`${aside} event(s) could not be digested and are set aside`, "See GET /api/payments/events?status=failed; after an update `tillwatch events retry`");
  if (behind > 20_000) return warn(`${behind} events wait to be derived from`, "Is the service running? `tillwatch health`");
  return pass(`every event is derived from${behind > 0 ? ` (${behind} are just coming)` : ""}; none is set aside`);
}

function retention({ config, db }: ValidationParts): Validated {
  const { retention: keep, slo } = config;
  const days = (ms: number | null): string => (ms === null ? "for ever" : `${Math.round(ms / DAY_MS)} days`);
  const details = [`events ${days(keep.eventsMs)}`, `deliveries ${days(keep.deliveriesMs)}`, `minutes ${days(keep.minutesMs)}`, `hours ${days(keep.hoursMs)}`, `task runs ${days(keep.taskRunsMs)}`];
  const need = (slo.slos[0]?.windowDays ?? 30) * DAY_MS;
  if (keep.eventsMs !== null && keep.eventsMs < 30 * DAY_MS) return { ...warn("events are kept for less than the 30 days that Stripe keeps them: the sweep fetches again what was let go", "Set retention.events_days to 30 or more"), details };
  if (keep.hoursMs !== null && keep.hoursMs < need + 2 * DAY_MS) return { ...warn("figures per hour are kept for less than an objective's period, whose attainment is then of a part of it", `Set retention.hours_days to ${Math.round(need / DAY_MS) + 2} or more`), details };
  if (keep.minutesMs !== null && keep.minutesMs < 4 * DAY_MS) return { ...warn("figures per minute are kept for less than the longest burn window looks back", "Set retention.minutes_days to 4 or more"), details };
  return pass(keep.eventsMs === null ? `events are kept for ever${db.kind === "sqlite" ? "; the check `disk` tells when they get too many" : ""}` : `events are kept for ${days(keep.eventsMs)}, figures per day for ever`, details);
}

async function timeZone({ db, config, clock }: ValidationParts): Promise<Validated> {
  const zone = config.merchant.timeZone;
  const row = await db.read.selectFrom("metric_setting").select("value").where("name", "=", "time_zone").executeTakeFirst();
  const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(clock.now());
  if (row !== undefined && row.value !== zone) return warn(`the configuration says ${zone}, the figures per day are in ${row.value}`, "They are derived anew at the next start, or by `tillwatch rebuild`");
  const utc = ["UTC", "Etc/UTC"].includes(zone);
  if (utc && config.merchant.country !== null && !["GB", "IE", "PT", "IS"].includes(config.merchant.country)) return warn(`the merchant's day is UTC's (now ${local}), and the merchant is in ${config.merchant.country}`, "Set merchant.time_zone, such as Europe/Berlin, so that days and revenue comparisons are yours");
  if (utc && config.file === null) return warn(`the merchant's day is UTC's by default (now ${local}); nobody has chosen it`, "Set merchant.time_zone in tillwatch.yaml, such as Europe/Berlin, or UTC if that is meant");
  return pass(`days begin at midnight in ${zone}, where it is ${local}`);
}

export function storedValidations(parts: ValidationParts): Validation[] {
  const area = "Data";
  const { db } = parts;
  return [
    { name: "database", area, title: "Database integrity", timeoutMs: 20_000, run: () => (db.kind === "sqlite" ? sqliteIntegrity(db) : postgresIntegrity(db)) },
    { name: "ledger", area, title: "Ledger readable", timeoutMs: 10_000, run: () => ledgerSample(parts) },
    { name: "derived", area, title: "Derived from all events", timeoutMs: 5000, run: () => derived(parts) },
    { name: "audit", area, title: "Audit trail unaltered", timeoutMs: 20_000, run: () => audit(parts) },
    { name: "retention", area, title: "Retention", timeoutMs: 1000, run: async () => retention(parts) },
    { name: "time_zone", area, title: "Time zone", timeoutMs: 3000, run: () => timeZone(parts) },
  ];
}
