import { Command, InvalidArgumentError, Option } from "commander";
import { COMMAND_LINE } from "../access/index.ts";
import { majorText, moneyText } from "../money/index.ts";
import { previewRefund, refundAnswer, refundPayment } from "../operations/index.ts";
import { AppError } from "../platform/index.ts";
import { REFUND_REASONS, type RefundReason } from "../stripe/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { commandLineAsker, type OperationSetup } from "./operation-setup.ts";

interface Options {
  amount?: string;
  reason?: RefundReason;
  note?: string;
  idempotencyKey?: string;
  yes?: boolean;
  json?: boolean;
}

/** It was stored and nothing was sent: neither done nor failed. */
const EXIT_WAITS = 2;

function paymentArgument(text: string): string {
  if (!/^(pi|ch|py)_[A-Za-z0-9_]{1,250}$/.test(text)) throw new InvalidArgumentError("Give a payment's id, pi_… or ch_….");
  return text;
}

/** What will happen, in words, for a person to say yes to. */
function question(preview: Awaited<ReturnType<typeof previewRefund>>, amount: string | undefined): string {
  const { currency: code } = preview;
  const left = moneyText(preview.left_minor, code);
  const who = preview.email ?? "the customer";
  const what = amount === undefined ? `all that is left, ${left},` : `${amount} ${code.toUpperCase()} of ${left} that is left`;
  const notes = [
    preview.mode === "live" ? "LIVE mode." : "Test mode.",
    preview.disputed ? "The payment is disputed." : "",
    preview.needs_approval === null ? "" : `It may need a second person: ${preview.needs_approval}.`,
  ];
  return `Refund ${what} of ${preview.payment_id} to ${who}? This cannot be undone. ${notes.filter((note) => note !== "").join(" ")}`;
}

/** `tillwatch refund pi_…`: exit 0 done, 1 not done, 2 waits for a second person. */
export function refundCommand(context: CliContext, setup: OperationSetup): Command {
  return new Command("refund")
    .description("refund a payment, in full or in part; asks before acting on a terminal")
    .argument("<payment>", "pi_… or ch_…", paymentArgument)
    .option("--amount <amount>", "in the currency's major unit; all that is left when left out")
    .addOption(new Option("--reason <reason>", "as Stripe knows it").choices(REFUND_REASONS))
    .option("--note <text>", "for the record; not shown to the customer")
    .option("--idempotency-key <key>", "the same key refunds once, however often it is run")
    .option("-y, --yes", "do not ask")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nThe same refund of the same payment within 24 hours is the same refund, unless it has a key or a note of its own.\n\nExamples:\n  $ tillwatch refund pi_3Oq… --amount 0.50 --reason requested_by_customer\n  $ tillwatch refund pi_3Oq… --yes --json | jq .data.id")
    .action(async (payment: string, options: Options) => {
      await withDatabase(context, async (db) => {
        const deps = await setup.deps(db);
        if (options.yes !== true) {
          if (setup.confirm === null) throw new AppError("invalid", "there is no terminal to ask on; give --yes to refund without being asked", { code: "not_confirmed" });
          const preview = await previewRefund(deps, payment, COMMAND_LINE.keyId);
          if (!(await setup.confirm(question(preview, options.amount)))) {
            context.print("Nothing was refunded.");
            context.setExitCode(1);
            return;
          }
        }
        const asked = await refundPayment(deps, { payment, amount: options.amount, reason: options.reason ?? null, note: options.note ?? null }, commandLineAsker(options.idempotencyKey));
        await setup.mirror(db);
        const { status, data } = refundAnswer(asked);
        if (options.json === true) context.print(JSON.stringify({ ok: true, data }));
        else context.print(sentence(asked.replayed, asked.operation));
        if (status === 202) context.setExitCode(EXIT_WAITS);
      });
    });
}

function sentence(replayed: boolean, { id, state, objectId, objectStatus, amount, currency, payment }: Awaited<ReturnType<typeof refundPayment>>["operation"]): string {
  const money = amount === null || currency === null ? "it" : `${moneyText(amount, currency)} (${majorText(amount, currency)} ${currency.toUpperCase()})`;
  if (state === "awaiting_approval") return `Nothing was sent yet: ${money} of ${String(payment)} waits for a second person, ${id}.`;
  return `${replayed ? "Already refunded, this very request was made before: " : "Refunded: "}${money} of ${String(payment)}, ${String(objectId)}, ${String(objectStatus)} (${id}).`;
}
