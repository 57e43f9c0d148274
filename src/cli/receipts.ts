import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { receiptDeps } from "../app/receipts.ts";
import { COMMAND_LINE } from "../access/index.ts";
import { listReceipts, previewReceipt, readReceipt, type ReceiptDeps, resendReceipt, sendReceipt, showReceipt } from "../operations/index.ts";
import { AppError, type Database } from "../platform/index.ts";
import { type CliContext, type ServiceContext, withDatabase } from "./context.ts";
import { stripeFor } from "./operation-setup.ts";
import { table } from "./table.ts";

export interface ReceiptSetup {
  deps(db: Database): Promise<ReceiptDeps>;
}

export function receiptSetup(context: ServiceContext): ReceiptSetup {
  return { deps: async (db) => receiptDeps(await context.config(), db, context.clock, await stripeFor(context, db)) };
}

const MAX_LISTED = 100;

function chargeArgument(text: string): string {
  if (!/^(ch|py|re|pyr)_[A-Za-z0-9_]{1,250}$/.test(text)) throw new InvalidArgumentError("Give the id of a charge, ch_…, or of a refund of it, re_….");
  return text;
}

function limitArgument(text: string): number {
  if (!/^0*[1-9]\d*$/.test(text)) throw new InvalidArgumentError(`Give a whole number from 1 to ${MAX_LISTED}.`);
  return Math.min(MAX_LISTED, Number(text));
}

function listCommand(context: CliContext): Command {
  return new Command("list")
    .description("list receipts, newest first")
    .addOption(new Option("--limit <count>", `how many, up to ${MAX_LISTED}`).argParser(limitArgument).default(20))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch receipts list --json | jq '.data[] | select(.state == \"uncertain\")'")
    .action(async (options: { limit: number; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const receipts = await listReceipts(db.read, { limit: options.limit });
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: receipts.length, data: receipts.map(showReceipt) }));
        else if (receipts.length === 0) context.print("No receipts yet. They begin when receipts.mode is stripe or self.");
        else context.print(table(["RECEIPT", "KIND", "STATE", "TO", "WHY"], receipts.map(({ id, kind, state, email, why }) => [id, kind, state, email, why])));
      });
    });
}

function previewCommand(context: CliContext, setup: ReceiptSetup): Command {
  return new Command("preview")
    .description("write the receipt of a charge as it would be mailed, to be looked at in a browser")
    .argument("<charge>", "ch_…", chargeArgument)
    .option("--out <file>", "where to; receipt-<charge>.html when left out")
    .option("--json", "print one JSON document: subject, html and text")
    .addHelpText("after", "\nExample:\n  $ tillwatch receipts preview ch_3Oq… --out receipt.html")
    .action(async (charge: string, options: { out?: string; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const rendered = await previewReceipt(await setup.deps(db), charge);
        if (options.json === true) {
          context.print(JSON.stringify({ ok: true, ...rendered }));
          return;
        }
        const file = resolve(options.out ?? `receipt-${charge}.html`);
        // For the owner's eyes: it holds a customer's data.
        await writeFile(file, rendered.html, { mode: 0o600 });
        context.print(file);
      });
    });
}

function resendCommand(context: CliContext, setup: ReceiptSetup): Command {
  return new Command("resend")
    .description("send a receipt once more")
    .argument("<charge>", "ch_…, or re_… for a refund's", chargeArgument)
    .option("--email <address>", "to this address instead")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch receipts resend ch_3Oq… --email ann@example.com")
    .action(async (charge: string, options: { email?: string; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const deps = await setup.deps(db);
        await resendReceipt(deps, charge, options.email ?? null, COMMAND_LINE, null);
        // A running service may be quicker; whoever takes it sends it once.
        while (await sendReceipt(deps));
        const receipt = await readReceipt(db.read, charge);
        if (receipt === null) throw new AppError("internal", "a receipt has disappeared");
        if (options.json === true) context.print(JSON.stringify({ ok: true, data: showReceipt(receipt) }));
        else context.print(`${charge}: ${receipt.state}${receipt.email === null ? "" : ` to ${receipt.email}`}${receipt.why === null ? "" : ` (${receipt.why})`}.`);
      });
    });
}

/** `tillwatch receipts list|preview|resend`. */
export function receiptsCommand(context: CliContext, setup: ReceiptSetup): Command {
  return new Command("receipts")
    .description("receipts by e-mail: list, look at, send again")
    .addHelpText("after", "\nExample:\n  $ tillwatch receipts preview ch_3Oq…")
    .addCommand(listCommand(context))
    .addCommand(previewCommand(context, setup))
    .addCommand(resendCommand(context, setup));
}
