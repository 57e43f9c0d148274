import { sql } from "kysely";
import { PROGRAM, recordAudit } from "../access/index.ts";
import { directoryTarget, type DrillOptions, type Figures, judgeBackups, judgeDrills, type Manifest, type Place, type Proof, s3Target, type Target, type Total } from "../backup/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { completeness } from "../ingest/index.ts";
import { rebuild } from "../metrics/index.ts";
import { AppError, type Clock, type Database, DAY_MS, HOUR_MS, type Tx } from "../platform/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { DERIVE } from "./derive.ts";
import { migrations } from "./migrations.ts";
import { runBeside } from "./run-beside.ts";
import { sweptAccounts } from "./sweep.ts";
import { VERSION } from "./version.ts";

/** Where backups are kept, the nearest first. */
export function backupTargets({ backup }: Pick<Config, "backup">): Target[] {
  return [...(backup.directory === null ? [] : [directoryTarget(backup.directory)]), ...(backup.s3 === null ? [] : [s3Target(backup.s3)])];
}

export const PLACES = ["directory", "s3"] as const;
export type BackupPlace = (typeof PLACES)[number];

/**
 * The target that is read. @param which when nobody says from where: the nearest is the quickest, the farthest is what is
 * left after a lost disk. @throws AppError when backups are off, or not kept there.
 */
export function chosenTarget(config: Pick<Config, "backup">, from: BackupPlace | undefined, which: "nearest" | "farthest"): Target {
  const { directory, s3 } = config.backup;
  const off = (text: string): AppError => new AppError("conflict", text, { code: "backup_off" });
  if (from === "directory" && directory === null) throw off("no backup is kept in a directory: backup.directory is off");
  if (from === "s3" && s3 === null) throw off("no backup is kept in a bucket: backup.s3.bucket names none");
  const targets = backupTargets({ backup: { ...config.backup, directory: from === "s3" ? null : directory, s3: from === "directory" ? null : s3 } });
  const target = targets.at(which === "nearest" ? 0 : -1);
  if (target === undefined) throw off("backups are off: neither backup.directory nor backup.s3.bucket names a place for them");
  return target;
}

/** What the manifest says besides the rows: all money by mode and currency, and where the audit trail ends. */
export const backupFigures: Figures = async (tx) => {
  const { rows } = await sql<Omit<Total, "mode"> & { live: number }>`
    select live, currency, count(*) as payments, sum(captured) as captured, sum(refunded) as refunded, sum(disputed) as disputed
    from payment where currency is not null group by live, currency order by live, currency`.execute(tx);
  const head = await tx.selectFrom("audit_head").select(["id", "hash"]).executeTakeFirst();
  return { totals: rows.map(({ live, ...sums }) => ({ mode: live === 1 ? "live" : "test", ...sums })), audit: head ?? null };
};

/** The place of the configured database. */
export function configuredPlace({ database }: Pick<Config, "database">): Place {
  return database;
}

/**
 * In a database that was restored: nobody runs on it, and what was about to be mailed may have been mailed after the
 * backup was made, so that a person decides. Operations at Stripe need nothing: they are resolved by their own key or a
 * look-up, whatever the record says.
 */
export async function settleRestored(tx: Tx, manifest: Manifest, nowMs: number): Promise<void> {
  await tx.deleteFrom("node").execute();
  await tx
    .updateTable("receipt")
    .set({ state: "uncertain", why: "restored from a backup: it may have been sent after the backup was made", updated_at: nowMs })
    .where("state", "in", ["due", "sending"])
    .execute();
  await recordAudit(tx, { at: nowMs, actor: PROGRAM, action: "backup.restore", subject: manifest.id, detail: { snapshot_at: new Date(manifest.snapshot_at).toISOString() }, requestId: null, outcome: "ok" });
}

/** Everything derived comes out the same when it is derived anew from the restored events. */
async function replay(restored: Database, timeZone: string): Promise<Proof> {
  const report = await rebuild(restored, { check: true, timeZone, consumer: DERIVE });
  if (report.same) return { result: "ok", text: `${report.events} events derived anew: payments and figures come out the same` };
  const different = report.tables.filter(({ missing, extra, different: changed }) => missing + extra + changed > 0).map(({ table }) => table);
  return { result: "failed", text: `derived anew, these tables come out otherwise: ${different.join(", ")}` };
}

/** The restored ledger is asked for what its own record of Stripe's list says it must have. */
const WITNESS_DAYS = 7;

/** No event is missing that Stripe itself had listed when the backup was made. */
async function witnessed(restored: Database, config: Config): Promise<Proof> {
  if (!config.ingest.sweep) return { result: "skipped", text: "ingest.sweep is off, so Stripe was never asked what there should be" };
  const newest = await restored.read.selectFrom("event").select(({ fn }) => fn.max("received_at").as("at")).executeTakeFirst();
  const toMs = (newest?.at ?? 0) + HOUR_MS;
  const keptMs = config.retention.eventsMs ?? Number.MAX_SAFE_INTEGER;
  const fromMs = toMs - Math.min(WITNESS_DAYS * DAY_MS, keptMs / 2);
  const told: string[] = [];
  for (const account of sweptAccounts(config)) {
    const figure = await completeness(restored.read, account, fromMs, toMs);
    const who = account ?? "the account";
    if (figure.fromMs === null || figure.untilMs === null) return { result: "inconclusive", text: `nothing of ${who} had been compared with Stripe yet when the backup was made` };
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from event left join term on term.id = event.account_id
      where created_at >= ${figure.fromMs} and created_at < ${figure.untilMs} and coalesce(term.value, '') = ${account ?? ""} and snapshot_event is null and (flags & 2) = 0`.execute(restored.read);
    const there = rows[0]?.n ?? 0;
    const until = new Date(figure.untilMs).toISOString();
    if (there < figure.events) return { result: "failed", text: `Stripe listed ${figure.events} events of ${who} until ${until}, and ${there} are in the backup` };
    told.push(`all ${figure.events} events that Stripe listed of ${who} until ${until}`);
  }
  return { result: "ok", text: told.join("; ") };
}

/** A drill, with the proofs that other rooms bring; of the farthest place, which is what a lost disk would leave. */
export function drillOptions(config: Config, db: Database, clock: Clock, from?: BackupPlace): DrillOptions {
  const target = chosenTarget(config, from, "farthest");
  const { database } = config;
  return {
    db,
    target,
    key: config.backup.key,
    figures: backupFigures,
    migrations,
    clock,
    version: VERSION,
    scratchDirectory: config.dataDir,
    postgres: database.kind === "postgres" ? database : null,
    replay: (restored) => replay(restored, config.merchant.timeZone),
    completeness: (restored) => witnessed(restored, config),
  };
}

const LONGEST_MS = 6 * HOUR_MS;

/** Both run the command in a process of its own: nothing long happens on the thread that takes webhooks. */
export function backupTasks(config: Config): TaskDefinition[] {
  const on = backupTargets(config).length > 0;
  const cron = (expression: string) => ({ kind: "cron" as const, cron: expression, timeZone: config.merchant.timeZone });
  const common = { missed: "once" as const, graceMs: HOUR_MS, timeLimitMs: LONGEST_MS, enabled: on };
  return [
    {
      ...common,
      name: "backup",
      description: "Makes a backup while the service goes on, and lets go those that rotation no longer keeps",
      schedule: cron("40 2 * * *"),
      run: async ({ signal }) => {
        const made = await runBeside(["backup", "create", "--json"], signal, [0]);
        return { id: made["id"], bytes: made["bytes"], encrypted: made["encrypted"], took_ms: made["took_ms"], removed: made["removed"] };
      },
    },
    {
      ...common,
      name: "drill",
      description: "Restores the newest backup into a scratch place and proves that it would save us",
      schedule: cron("20 4 * * 0"),
      // What it found is told by the check of drills; the task fails when there was no drill.
      run: async ({ signal }) => {
        const { data } = await runBeside(["drill", "restore", "--json"], signal, [0, 1, 2]);
        const { outcome, backup_id, recovery_time_ms, recovery_point_ms } = data as Record<string, unknown>;
        return { outcome, backup_id, recovery_time_ms, recovery_point_ms };
      },
    },
  ];
}

/** Since when there could have been a run of a task; now, before the service has ever started. */
async function firstSeen(tx: Tx, task: string, nowMs: number): Promise<number> {
  const row = await tx.selectFrom("task").select("anchor_at").where("name", "=", task).executeTakeFirst();
  return row?.anchor_at ?? nowMs;
}

/** Checks `backup` (one per further place) and `drill`; none while backups are off, which validation tells. */
export function backupChecks({ db, config, clock }: { db: Database; config: Config; clock: Clock }): HealthCheck[] {
  const targets = backupTargets(config);
  if (targets.length === 0) return [];
  const { maxAgeMs, drillMaxAgeMs } = config.backup;
  const ages = targets.map(
    ({ label }, index): HealthCheck => ({
      name: index === 0 ? "backup" : `backup_${index + 1}`,
      timeoutMs: 3000,
      run: async () => await judgeBackups(db.read, label, { sinceMs: await firstSeen(db.read, "backup", clock.now()), maxAgeMs, nowMs: clock.now() }),
    }),
  );
  const drill: HealthCheck = { name: "drill", timeoutMs: 3000, run: async () => await judgeDrills(db.read, { sinceMs: await firstSeen(db.read, "drill", clock.now()), maxAgeMs: drillMaxAgeMs, nowMs: clock.now() }) };
  return [...ages, drill];
}
