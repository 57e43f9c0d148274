import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { backupTargets } from "../app/backup.ts";
import { DERIVE } from "../app/derive.ts";
import { clearFiles, keepErasures } from "../app/privacy.ts";
import { listErasures } from "../ledger/index.ts";
import { AppError, isoSeconds } from "../platform/index.ts";
import { eraseSubject, exportSubject, findHeld, type Held, parseSubject, traceOf } from "../privacy/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

const json = () => new Option("--json", "print one JSON document");

function heldText({ subject, seqs, payments, operations, quarantined }: Held): string {
  return `${seqs.length} events, ${payments.length} payments, ${operations.operations.length} operations, ${operations.receipts.length} receipts and ${quarantined.length} refused deliveries of ${[...subject.customers, ...subject.emails].join(", ")}`;
}

function exportCommand(context: ServiceContext): Command {
  return new Command("export")
    .description("write all that is held of a customer into a ZIP archive")
    .argument("<customer>", "Stripe's id (cus_…) or a mail address")
    .option("--output <path>", "where to write; customer-DATE.zip when left out")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch privacy export ada@example.com --output ada.zip")
    .action(async (customer: string, options: { output?: string; json?: boolean }) => {
      const subject = parseSubject(customer);
      await withDatabase(context, async (db) => {
        const nowMs = context.clock.now();
        const path = resolve(options.output ?? `customer-${isoSeconds(nowMs).slice(0, 10)}.zip`);
        const bar = progressBar(1);
        const { zip, held, counts } = await exportSubject(db, subject, nowMs, (share) => bar.update(share, "Reading the ledger")).finally(() => bar.end());
        try {
          // Never over what is there: it may be another customer's.
          await writeFile(path, zip, { mode: 0o600, flag: "wx" });
        } catch (error) {
          throw new AppError("unavailable", `cannot write ${path} (${error instanceof Error ? error.message : String(error)}); give another place with --output`, { code: "export_not_written", cause: error });
        }
        await db.write((tx) => recordAudit(tx, { at: nowMs, actor: COMMAND_LINE, action: "privacy.export", subject: "customer", detail: { who: traceOf(held.subject), ...counts }, requestId: null, outcome: "ok" }));
        if (options.json === true) context.print(JSON.stringify({ ok: true, path, counts }));
        else context.print(`${path}\n\n${heldText(held)}.`);
      });
    });
}

async function confirmed(held: Held): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new AppError("invalid", "there is no terminal to ask on; give --yes to erase without being asked, or --dry-run to see what would go", { code: "not_confirmed" });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`Take the personal data out of ${heldText(held)}? This cannot be undone. [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

function eraseCommand(context: ServiceContext): Command {
  return new Command("erase")
    .description("take a customer's personal data out of everything stored; amounts, states and figures stay")
    .argument("<customer>", "Stripe's id (cus_…) or a mail address")
    .option("--dry-run", "only say what would be erased")
    .option("-y, --yes", "do not ask")
    .option("--thorough", "write the database's files anew afterwards, so that nothing is left in freed space; stop the service before")
    .addOption(json())
    .addHelpText("after", "\nExamples:\n  $ tillwatch privacy erase ada@example.com --dry-run\n  $ tillwatch privacy erase cus_NffrFeUfNV2Hib --yes")
    .action(async (customer: string, options: { dryRun?: boolean; yes?: boolean; thorough?: boolean; json?: boolean }) => {
      const subject = parseSubject(customer);
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const bar = progressBar(1);
        if (options.dryRun === true || options.yes !== true) {
          const held = await findHeld(db, subject, (share) => bar.update(share, "Reading the ledger")).finally(() => bar.end());
          if (options.dryRun === true) {
            if (options.json === true) return context.print(JSON.stringify({ ok: true, dry_run: true, who: held.subject, events: held.seqs.length, payments: held.payments.length, operations: held.operations.operations.length, receipts: held.operations.receipts.length, quarantined: held.quarantined.length }));
            return context.print(`Would erase ${heldText(held)}.`);
          }
          if (!(await confirmed(held))) {
            context.print("Nothing was erased.");
            return context.setExitCode(1);
          }
        }
        const done = await eraseSubject({ db, clock: context.clock, actor: COMMAND_LINE, consumer: DERIVE, onProgress: (part, share) => bar.update(share, part === "find" ? "Reading the ledger" : "Erasing") }, subject).finally(() => bar.end());
        const unkept = await keepErasures(db, backupTargets(config));
        const emptied = await clearFiles(db, options.thorough === true);
        const { erasure, ...counts } = done;
        if (options.json === true) return context.print(JSON.stringify({ ok: true, erasure: erasure.no, events: erasure.events, ...counts, wal_emptied: emptied, not_noted: unkept }));
        context.print(
          [
            `Erased: ${erasure.events} events, ${done.payments} payments, ${done.operations} operations, ${done.receipts} receipts, ${done.quarantined} refused deliveries, ${done.texts} other texts (erasure ${erasure.no}).`,
            "Backups made before still hold it until rotation lets them go; a restore erases these events again. Stripe holds its own copy: erase it there too.",
            ...(emptied ? [] : ["Somebody was reading, so that the write-ahead log still holds what was; it is overwritten in time, or run the command again."]),
            ...(done.inTrail === 0 ? [] : [`${done.inTrail} entries of the audit trail, written by an earlier version, name the address and cannot be changed.`]),
            ...unkept.map((text) => `Could not note it beside the backups, so a restore from there would bring it back: ${text}`),
          ].join("\n"),
        );
        if (unkept.length > 0) context.setExitCode(1);
      });
    });
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("the erasures there were; one that is running without anybody at it was broken off: erase again")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch privacy list")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const all = (await listErasures(db.read)).map(({ no, state, startedAt, finishedAt, by, subjects, events }) => ({ no, state, started_at: isoSeconds(startedAt), finished_at: finishedAt === null ? null : isoSeconds(finishedAt), by, who: subjects, events }));
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: all.length, data: all }));
        else if (all.length === 0) context.print("Nobody was erased yet.");
        else context.print(table(["NO", "STATE", "BEGUN", "ENDED", "BY", "EVENTS", "WHO"], all.map((one) => [String(one.no), one.state, one.started_at, one.finished_at, one.by, String(one.events), one.who.join(" ")])));
      });
    });
}

/** `tillwatch privacy export|erase|list`. */
export function privacyCommand(context: ServiceContext): Command {
  return new Command("privacy")
    .description("give out, or erase, what is held of a customer")
    .addHelpText("after", "\nExample:\n  $ tillwatch privacy erase ada@example.com --dry-run")
    .addCommand(exportCommand(context))
    .addCommand(eraseCommand(context))
    .addCommand(listCommand(context));
}
