import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { keepErasures, reapplyErasures } from "../app/privacy.ts";
import { type BackupPlace, backupFigures, backupTargets, chosenTarget, configuredPlace, PLACES, settleRestored } from "../app/backup.ts";
import type { Config } from "../app/config.ts";
import { migrations } from "../app/migrations.ts";
import { liveNodes } from "../app/nodes.ts";
import { VERSION } from "../app/version.ts";
import { createBackup, findBackup, type Listed, listBackups, type Manifest, type Place, restoreBackup, verifyBackup, type Wanted } from "../backup/index.ts";
import { AppError, isoSeconds, isUnavailable, openPostgres, openSqlite, Secret } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { ask } from "./operation-setup.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

const json = () => new Option("--json", "print one JSON document");
const fromOption = () => new Option("--from <place>", "where it is kept; the nearest place when left out").choices(PLACES);

const MIB = 1024 * 1024;
const size = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

function timeArgument(text: string): number {
  const ms = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError("Give a time like 2026-10-01T12:00:00Z.");
  return ms;
}

function showManifest(manifest: Manifest): Record<string, unknown> {
  return {
    id: manifest.id,
    snapshot_at: new Date(manifest.snapshot_at).toISOString(),
    finished_at: new Date(manifest.finished_at).toISOString(),
    database: manifest.database,
    bytes: manifest.data.bytes,
    sha256: manifest.data.sha256,
    encrypted: manifest.encryption !== null,
    made_by: manifest.made_by,
    ...(typeof manifest.contents === "string" ? {} : { contents: manifest.contents }),
  };
}

/** Ctrl-C lets the work end in order: what is half written is removed. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new AppError("unavailable", "stopped; nothing half done was left", { code: "interrupted" }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
  }
}

const PARTS = { read: "Reading the database", write: "Writing", copy: "Copying" } as const;

function createCommand(context: ServiceContext): Command {
  return new Command("create")
    .description("make a backup now, while the service goes on, and let go those that rotation no longer keeps")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch backup create\n  $ BACKUP_KEY=… tillwatch backup create --json | jq .id")
    .action(async (options: { json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const bar = progressBar(1);
        const begun = performance.now();
        const made = await interruptible((signal) =>
          createBackup({
            db,
            targets: backupTargets(config),
            key: config.backup.key,
            figures: backupFigures,
            keep: config.backup.keep,
            clock: context.clock,
            version: VERSION,
            scratchDirectory: config.dataDir,
            signal,
            onProgress: (part, share) => bar.update(share, PARTS[part]),
          }),
        ).finally(() => bar.end());
        const tookMs = Math.round(performance.now() - begun);
        const { manifest, contents, targets, removed } = made;
        const unkept = await keepErasures(db, backupTargets(config));
        if (unkept.length > 0) throw new AppError("unavailable", `the backup ${manifest.id} is made; what was erased could not be noted beside it, so a restore of an older one would bring it back: ${unkept.join("; ")}`, { code: "erasures_not_noted" });
        if (options.json === true) return context.print(JSON.stringify({ ok: true, ...showManifest(manifest), contents, targets, removed, took_ms: tookMs }));
        context.print(`Backup ${manifest.id}: ${size(manifest.data.bytes)}${manifest.encryption === null ? ", not encrypted (BACKUP_KEY is not set)" : ", encrypted"}, ${contents.tables["event"] ?? 0} events, in ${(tookMs / 1000).toFixed(1)} s.\nKept in ${targets.join(" and ")}.${removed.length === 0 ? "" : `\nNo longer kept: ${removed.join(", ")}.`}`);
      });
    });
}

function row(listed: Listed): (string | number | null)[] {
  if (listed.kind === "unreadable") return [listed.id, null, null, null, null, listed.error.message];
  const { manifest } = listed;
  return [manifest.id, isoSeconds(manifest.snapshot_at), manifest.database, size(manifest.data.bytes), manifest.encryption === null ? "no" : "yes", typeof manifest.contents === "string" ? null : `${manifest.contents.tables["event"] ?? 0} events`];
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("list the backups that are kept, newest first")
    .addOption(fromOption())
    .addOption(json())
    .addHelpText("after", "\nExamples:\n  $ tillwatch backup list --json | jq -r '.data[0].id'\n  $ tillwatch backup list --from s3")
    .action(async (options: { from?: BackupPlace; json?: boolean }) => {
      const target = chosenTarget(await context.config(), options.from, "nearest");
      const listed = await listBackups(target);
      if (options.json === true) {
        const data = listed.map((one) => (one.kind === "backup" ? showManifest(one.manifest) : { id: one.id, error: one.error.message }));
        return context.print(JSON.stringify({ ok: true, target: target.label, count: data.length, data }));
      }
      if (listed.length === 0) return context.print(`There is no backup in ${target.label}. Make one: tillwatch backup create`);
      context.print(`In ${target.label}:\n\n${table(["ID", "STANDS FOR", "DATABASE", "SIZE", "ENCRYPTED", "CONTENTS"], listed.map(row))}`);
    });
}

interface Choice {
  before?: number;
  from?: BackupPlace;
}

function wantedOf(id: string | undefined, { before }: Choice): Wanted {
  if (id !== undefined && before !== undefined) throw new AppError("invalid", "give an id or --before, not both", { code: "usage" });
  return id !== undefined ? { id } : before === undefined ? "newest" : { beforeMs: before };
}

const before = () => new Option("--before <time>", "the newest that stands for a moment before this time").argParser(timeArgument);

function verifyCommand(context: ServiceContext): Command {
  return new Command("verify")
    .description("read a backup whole and hold it against its manifest; exit 1 when it is damaged")
    .argument("[id]", "the newest when left out")
    .addOption(before())
    .addOption(fromOption())
    .addOption(json())
    .addHelpText("after", "\nThat it can be restored is proven by `tillwatch drill restore`.\n\nExample:\n  $ tillwatch backup verify")
    .action(async (id: string | undefined, options: Choice & { json?: boolean }) => {
      const config = await context.config();
      const target = chosenTarget(config, options.from, "nearest");
      const bar = progressBar(1);
      const manifest = await findBackup(target, wantedOf(id, options));
      const verified = await verifyBackup(target, manifest, config.backup.key, (share) => bar.update(share, "Reading")).finally(() => bar.end());
      if (options.json === true) return context.print(JSON.stringify({ ok: true, ...showManifest(manifest), entries: verified.entries }));
      context.print(`Backup ${manifest.id} is whole: ${size(verified.bytes)}${verified.entries === null ? "; what is inside was not looked at, since BACKUP_KEY is not set" : `, ${verified.entries} ${verified.entries === 1 ? "entry" : "entries"} as written`}.`);
    });
}

/** `--to`: a file, or an address of PostgreSQL with the schema in it. */
function placeOf(to: string | undefined, config: Config): Place {
  if (to === undefined) return configuredPlace(config);
  if (!/^postgres(ql)?:\/\//.test(to)) return { kind: "sqlite", file: resolve(to) };
  const url = URL.parse(to);
  const schema = url?.searchParams.get("schema") ?? "public";
  if (url === null || !/^[a-z_][a-z0-9_]{0,54}$/.test(schema)) throw new AppError("invalid", "--to takes a file, or postgres://user@host/database?schema=name", { code: "usage" });
  url.searchParams.delete("schema");
  return { kind: "postgres", url: new Secret(url.href), schema };
}

/** Running services on the place, by the signs of life in what is there. Null when there is no database. */
async function runningOn(place: Place, nowMs: number): Promise<string[] | null> {
  const db = place.kind === "sqlite" ? existsSync(place.file) ? openSqlite(place.file) : null : openPostgres(place.url.reveal(), { schema: place.schema, connections: 1 });
  if (db === null) return null;
  try {
    return (await liveNodes(db.read, nowMs)).map(({ url }) => url);
  } catch (error) {
    // No such table: nothing of ours is there (or it cannot be read, and is put aside as it is).
    if (place.kind === "postgres" && isUnavailable(error)) throw error;
    return null;
  } finally {
    await db.close();
  }
}

function placeText(place: Place): string {
  return place.kind === "sqlite" ? place.file : `schema ${place.schema} of PostgreSQL`;
}

interface RestoreChoice extends Choice {
  to?: string;
  replace?: boolean;
  yes?: boolean;
  json?: boolean;
}

function restoreCommand(context: ServiceContext): Command {
  return new Command("restore")
    .description("restore a backup: held against its manifest, then put in place in one step; never over a running service")
    .argument("[id]", "the newest when left out")
    .addOption(before())
    .addOption(fromOption())
    .option("--to <place>", "a file, or postgres://…?schema=name; the configured database when left out")
    .option("--replace", "put aside what is at the place; without it a place that is taken is refused")
    .option("-y, --yes", "do not ask")
    .addOption(json())
    .addHelpText("after", "\nExamples:\n  $ tillwatch backup restore --to /tmp/look.db\n  $ tillwatch backup restore --before 2026-10-01T12:00:00Z --replace\n  $ tillwatch backup restore --from s3")
    .action(async (id: string | undefined, options: RestoreChoice) => {
      const config = await context.config();
      const place = placeOf(options.to, config);
      const running = await runningOn(place, context.clock.now());
      if (running !== null && running.length > 0) {
        throw new AppError("conflict", `a service is running on ${placeText(place)} (${running.join(", ")}); stop it (a killed one counts as running for 30 s), or restore to another place with --to`, { code: "service_running" });
      }
      const target = chosenTarget(config, options.from, "nearest");
      const manifest = await findBackup(target, wantedOf(id, options));
      if (options.replace === true && running !== null && options.yes !== true) {
        if (!process.stdin.isTTY || !process.stderr.isTTY) throw new AppError("invalid", "there is no terminal to ask on; give --yes to replace without being asked", { code: "not_confirmed" });
        if (!(await ask(`Put aside what is at ${placeText(place)} and restore backup ${manifest.id} of ${isoSeconds(manifest.snapshot_at)} there?`))) {
          context.print("Nothing was restored.");
          return context.setExitCode(1);
        }
      }
      const bar = progressBar(1);
      let erased = 0;
      const restored = await restoreBackup({
        target,
        manifest,
        key: config.backup.key,
        figures: backupFigures,
        migrations,
        clock: context.clock,
        place,
        replace: options.replace === true,
        settle: (tx, nowMs) => settleRestored(tx, manifest, nowMs),
        finish: async (db) => {
          erased = await reapplyErasures(db, target, context.clock);
        },
        onProgress: (share) => bar.update(share, share < 1 ? "Restoring" : "Checking"),
      }).finally(() => bar.end());
      if (options.json === true) return context.print(JSON.stringify({ ok: true, ...showManifest(manifest), place: placeText(place), migrated: restored.migrated, before: restored.before, erased_again: erased, took_ms: restored.tookMs }));
      context.print(
        [
          `Restored ${manifest.id}, as it stood at ${isoSeconds(manifest.snapshot_at)}, to ${placeText(place)} in ${(restored.tookMs / 1000).toFixed(1)} s; every row is there.`,
          ...(restored.migrated.length === 0 ? [] : [`It was of an older version and was brought up to date (${restored.migrated.join(", ")}).`]),
          ...(restored.before === null ? [] : [`What was there before is in ${restored.before}.`]),
          ...(erased === 0 ? [] : [`${erased} events that had been erased since were erased again. Erase those customers once more when the next sweeps are through, for what came after the backup.`]),
          "Events that came after the backup are fetched from Stripe by the next sweeps, 30 days back.",
        ].join("\n"),
      );
    });
}

/** `tillwatch backup create|list|verify|restore`. */
export function backupCommand(context: ServiceContext): Command {
  return new Command("backup")
    .description("make, list, verify and restore backups")
    .addHelpText("after", "\nExample:\n  $ tillwatch backup create && tillwatch backup verify")
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(restoreCommand(context));
}
