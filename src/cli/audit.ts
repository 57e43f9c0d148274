import { Command, InvalidArgumentError, Option } from "commander";
import { type AuditMark, readAudit, showAudit, verifyAudit } from "../access/index.ts";
import { AUDIT_COLUMNS, auditPages, exportLines } from "../app/exports.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

const LIMIT_MAX = 10_000;
const MARK = /^(\d{1,15}):([0-9a-f]{64})$/;

function limitArgument(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) throw new InvalidArgumentError(`Give a whole number from 1 to ${LIMIT_MAX}.`);
  return limit;
}

function markArgument(text: string): AuditMark {
  const [, id, hash] = MARK.exec(text) ?? [];
  if (id === undefined || hash === undefined) throw new InvalidArgumentError("Give what an earlier `audit verify` printed, like 42:9f86d0…");
  return { id: Number(id), hash };
}

const json = () => new Option("--json", "print one JSON document");

interface ListOptions {
  limit: number;
  action?: string;
  actor?: string;
  subject?: string;
  json?: boolean;
}

function listCommand(context: CliContext): Command {
  return new Command("list")
    .description("show who changed what, newest first")
    .addOption(new Option("--limit <count>", "rows at the most").argParser(limitArgument).default(50))
    .option("--action <action>", "only this action, such as key.revoke")
    .option("--actor <id>", "only what this key did")
    .option("--subject <id>", "only what was done to this")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch audit list --action key.create --limit 10")
    .action(async (options: ListOptions) => {
      await withDatabase(context, async (db) => {
        const page = await readAudit(db.read, { action: options.action, actor: options.actor, subject: options.subject, limit: options.limit });
        const data = page.rows.map(showAudit);
        if (options.json) context.print(JSON.stringify({ ok: true, count: data.length, data, next_cursor: page.next === null ? null : String(page.next) }));
        else context.print(table(["ID", "TIME", "ACTOR", "ACTION", "SUBJECT", "OUTCOME", "DETAIL"], data.map((row) => [row.id, row.ts, row.actor, row.action, row.subject, row.outcome, JSON.stringify(row.detail)])));
      });
    });
}

function verifyCommand(context: CliContext): Command {
  return new Command("verify")
    .description("check that no row of the trail was changed, removed or put in; exit 1 when one was")
    .addOption(new Option("--known <id:hash>", "what an earlier verify printed, kept outside the database").argParser(markArgument))
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch audit verify")
    .action(async (options: { known?: AuditMark; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const verdict = await verifyAudit(db, options.known ?? null);
        const intact = verdict.kind === "intact";
        if (!intact) context.setExitCode(1);
        if (options.json) context.print(JSON.stringify({ ok: intact, ...verdict }));
        else if (intact) context.print(`The audit trail is intact: ${verdict.head.id} rows.\nNote this outside the database, for --known next time: ${verdict.head.id}:${verdict.head.hash}`);
        else context.print(`The audit trail is broken at row ${verdict.id}: ${verdict.text}.`);
      });
    });
}

function timeArgument(text: string): number {
  const ms = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError("Give a time like 2026-10-01T12:00:00Z.");
  return ms;
}

interface ExportOptions {
  format: "csv" | "ndjson";
  action?: string;
  actor?: string;
  subject?: string;
  since?: number;
  until?: number;
}

function exportCommand(context: CliContext): Command {
  return new Command("export")
    .description("write the trail to standard output, whole and with its hashes, newest first")
    .addOption(new Option("--format <format>", "of the lines").choices(["csv", "ndjson"]).default("ndjson"))
    .option("--action <action>", "only this action, such as key.revoke")
    .option("--actor <id>", "only what this key did")
    .option("--subject <id>", "only what was done to this")
    .addOption(new Option("--since <time>", "written at or after").argParser(timeArgument))
    .addOption(new Option("--until <time>", "written before").argParser(timeArgument))
    .addHelpText("after", "\nExample:\n  $ tillwatch audit export --since 2026-01-01 --format csv > audit.csv")
    .action(async ({ format, since, until, ...choice }: ExportOptions) => {
      await withDatabase(context, async (db) => {
        const pages = auditPages(db, { ...choice, sinceMs: since, untilMs: until });
        for await (const lines of exportLines(format, AUDIT_COLUMNS, pages, Number.MAX_SAFE_INTEGER)) if (lines !== "") context.print(lines.trimEnd());
      });
    });
}

/** `tillwatch audit list|verify|export`. */
export function auditCommand(context: CliContext): Command {
  return new Command("audit")
    .description("read and check the trail of every change")
    .addHelpText("after", "\nExample:\n  $ tillwatch audit verify --json")
    .addCommand(listCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(exportCommand(context));
}
