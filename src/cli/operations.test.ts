import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory, type TestDatabase } from "../../test/databases.ts";
import { currency, minor } from "../money/index.ts";
import { migrations, till } from "../operations/testing/till.ts";
import type { CliContext } from "./context.ts";
import { invoiceCommand } from "./invoice.ts";
import type { OperationSetup } from "./operation-setup.ts";
import { receiptsCommand } from "./receipts.ts";
import { refundCommand } from "./refund.ts";

async function shell(database: TestDatabase, confirm: OperationSetup["confirm"], limited = false) {
  const t = await till(database);
  const printed: string[] = [];
  const codes: number[] = [];
  const questions: string[] = [];
  const context: CliContext = { clock: t.clock, openDatabase: async () => ({ ...t.db, close: async () => {} }), print: (text) => void printed.push(text), setExitCode: (code) => void codes.push(code) };
  const limits = limited ? { usd: { single: minor(100), day: null, keyDay: null } } : {};
  const setup: OperationSetup = {
    deps: async (db) => ({ db, clock: t.clock, stripe: () => t.stripe, limits }),
    currency: async () => currency("usd"),
    mirror: async () => {},
    confirm: confirm === null ? null : async (question) => (questions.push(question), await confirm(question)),
  };
  const run = async (make: (context: CliContext, setup: OperationSetup) => Command, ...argv: string[]): Promise<string> => {
    const command = make(context, setup);
    for (const part of [command, ...command.commands]) part.exitOverride().configureOutput({ writeErr: () => {} });
    printed.length = 0;
    await command.parseAsync(argv, { from: "user" });
    return printed.join("\n");
  };
  return { t, run, codes, questions };
}

const MERCHANT = { name: "Shop", logo: null, timeZone: "UTC" };

onBothDatabases("refunds and invoices on the command line", migrations, (database) => {
  it("asks on a terminal, says what will happen, and does nothing on no", async () => {
    const { t, run, codes, questions } = await shell(database, async () => false);
    const { intent } = await t.pay(1000);
    expect(await run(refundCommand, intent, "--amount", "0.50")).toBe("Nothing was refunded.");
    expect(questions).toEqual([expect.stringMatching(/Refund 0\.50 USD of \$10\.00 that is left of pi_.*cannot be undone\. Test mode\./)]);
    expect(codes).toEqual([1]);
    expect(await t.moved(intent)).toEqual([]);
  });

  it("refunds on yes, and the same command again refunds nothing more", async () => {
    const { t, run, codes } = await shell(database, async () => true);
    const { intent } = await t.pay(1000);
    expect(await run(refundCommand, intent, "--amount", "0.50")).toMatch(/^Refunded: \$0\.50 \(0\.50 USD\) of pi_/);
    expect(await run(refundCommand, intent, "--amount", "0.5", "--yes")).toMatch(/^Already refunded/);
    expect(JSON.parse(await run(refundCommand, intent, "--yes", "--json"))).toMatchObject({ ok: true, data: { amount: 9.5, status: "succeeded" } });
    expect(await t.moved(intent)).toEqual([950, 50]);
    expect(codes).toEqual([]);
  });

  it("without a terminal it needs --yes; above a limit it waits, with an exit code of its own", async () => {
    const { t, run, codes } = await shell(database, null, true);
    const { intent } = await t.pay(1000);
    await expect(run(refundCommand, intent)).rejects.toThrow(/--yes/);
    await expect(run(refundCommand, intent, "--yes", "--amount", "0,50")).rejects.toThrow(/decimal/);
    await expect(run(refundCommand, "in_1")).rejects.toThrow(/pi_/);
    expect(await run(refundCommand, intent, "--yes")).toMatch(/waits for a second person/);
    expect(codes).toEqual([2]);
    expect(await t.moved(intent)).toEqual([]);
  });

  it("shows a receipt as a file, lists and sends it", async () => {
    const { t, run } = await shell(database, null);
    const sent: string[] = [];
    const mailer = { send: async ({ to }: { to: string }) => (sent.push(to), { kind: "sent" as const }) };
    const settings = { mode: "self" as const, from: "shop@example.com", replyTo: null, inTestMode: true, merchant: MERCHANT };
    const receipts = (context: CliContext) => receiptsCommand(context, { deps: async (db) => ({ db, clock: t.clock, stripe: () => t.stripe, mailer, settings }) });
    const { charge } = await t.pay(1250);
    const file = join(temporaryDirectory(), "receipt.html");
    expect(await run(receipts, "preview", charge, "--out", file)).toBe(file);
    expect(await readFile(file, "utf8")).toContain("$12.50");
    expect(await run(receipts, "list")).toMatch(/No receipts yet/);
    expect(await run(receipts, "resend", charge, "--email", "ann@example.com")).toBe(`${charge}: sent to ann@example.com.`);
    expect(sent).toEqual(["ann@example.com"]);
    expect(JSON.parse(await run(receipts, "list", "--json"))).toMatchObject({ count: 1, data: [{ id: charge, state: "sent" }] });
    await expect(run(receipts, "preview", "pi_1")).rejects.toThrow(/ch_/);
  });

  it("makes, sends and voids an invoice", async () => {
    const { run } = await shell(database, null);
    const made = JSON.parse(await run(invoiceCommand, "create", "--amount", "0.50", "--email", "Ops@example.com", "--json")) as Record<string, string>;
    expect(made).toMatchObject({ ok: true, amount_due: 0.5, customer_email: "ops@example.com" });
    expect(await run(invoiceCommand, "send", String(made["invoice_id"]))).toMatch(/sent/);
    expect(await run(invoiceCommand, "void", String(made["invoice_id"]))).toMatch(/void/);
    await expect(run(invoiceCommand, "create", "--amount", "0.49", "--email", "ops@example.com")).rejects.toThrow(/smallest/);
  });
});
