import { Command, InvalidArgumentError } from "commander";
import { asCurrency } from "../money/index.ts";
import { actOnInvoice, createInvoice, invoiceAnswer } from "../operations/index.ts";
import { AppError } from "../platform/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { commandLineAsker, type OperationSetup } from "./operation-setup.ts";

interface CreateOptions {
  amount: string;
  email: string;
  currency?: string;
  description: string;
  days: number;
  send?: boolean;
  idempotencyKey?: string;
  json?: boolean;
}

function daysArgument(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 365) throw new InvalidArgumentError("Give a whole number of days from 0 to 365.");
  return Number(text);
}

function emailArgument(text: string): string {
  if (text.length > 320 || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) throw new InvalidArgumentError("Give an e-mail address.");
  return text.toLowerCase();
}

function invoiceArgument(text: string): string {
  if (!/^in_[A-Za-z0-9_]{1,250}$/.test(text)) throw new InvalidArgumentError("Give an invoice's id, in_….");
  return text;
}

function createCommand(context: CliContext, setup: OperationSetup): Command {
  return new Command("create")
    .description("make an invoice to be paid on Stripe's page; prints its address")
    .requiredOption("--amount <amount>", "in the currency's major unit")
    .requiredOption("--email <address>", "of the customer", emailArgument)
    .option("--currency <code>", "three letters; the merchant's when left out")
    .option("--description <text>", "what is shown on it", "Payment")
    .option("--days <days>", "until it is due", daysArgument, 7)
    .option("--send", "let Stripe mail it (nothing is mailed in test mode)")
    .option("--idempotency-key <key>", "the same key makes one invoice, however often it is run")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch invoice create --amount 0.50 --email ops@example.com --description 'Test charge'")
    .action(async (options: CreateOptions) => {
      await withDatabase(context, async (db) => {
        const currency = options.currency === undefined ? await setup.currency() : asCurrency(options.currency);
        if (currency === null) throw new AppError("invalid", `"${String(options.currency)}" is no currency; give three letters such as usd`, { code: "currency_invalid" });
        const { amount, email, description, days, send } = options;
        const wish = { amount, currency, email, description, daysUntilDue: days, send: send === true };
        const answer = invoiceAnswer(await createInvoice(await setup.deps(db), wish, commandLineAsker(options.idempotencyKey)));
        if (options.json === true) context.print(JSON.stringify({ ok: true, ...answer }));
        else context.print(`${String(answer["invoice_id"])} over ${String(answer["amount_due"])} ${currency.toUpperCase()} for ${String(answer["customer_email"])}. To be paid at:\n\n  ${String(answer["hosted_invoice_url"])}\n`);
      });
    });
}

function actCommand(context: CliContext, setup: OperationSetup, name: string, kind: "invoice_void" | "invoice_send", description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<invoice>", "in_…", invoiceArgument)
    .option("--json", "print one JSON document")
    .addHelpText("after", `\nExample:\n  $ tillwatch invoice ${name} in_1Oq…`)
    .action(async (invoice: string, options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const answer = invoiceAnswer(await actOnInvoice(await setup.deps(db), kind, invoice, commandLineAsker(undefined)));
        if (options.json === true) context.print(JSON.stringify({ ok: true, ...answer }));
        else context.print(`${invoice}: ${kind === "invoice_void" ? "void, nobody can pay it any more" : "sent"} (${String(answer["status"])}).`);
      });
    });
}

/** `tillwatch invoice create|void|send`. */
export function invoiceCommand(context: CliContext, setup: OperationSetup): Command {
  return new Command("invoice")
    .description("make, void and send invoices")
    .addHelpText("after", "\nExample:\n  $ tillwatch invoice create --amount 0.50 --email ops@example.com")
    .addCommand(createCommand(context, setup))
    .addCommand(actCommand(context, setup, "void", "invoice_void", "void an invoice: nobody can pay it any more"))
    .addCommand(actCommand(context, setup, "send", "invoice_send", "let Stripe mail an invoice (again)"));
}
