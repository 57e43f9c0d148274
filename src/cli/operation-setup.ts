import { createInterface } from "node:readline/promises";
import { liveNodes } from "../app/nodes.ts";
import { type StripeSource, stripeSource } from "../app/stripe.ts";
import { COMMAND_LINE } from "../access/index.ts";
import { currency, type Currency } from "../money/index.ts";
import { type Asker, mirrorRefunds, type RefundDeps } from "../operations/index.ts";
import { type Database, openJournal } from "../platform/index.ts";
import type { ServiceContext } from "./context.ts";

/** What commands that act at Stripe need besides their arguments; tests bring their own. */
export interface OperationSetup {
  /** @throws AppError `unavailable` when there is no Stripe to ask. */
  deps(db: Database): Promise<RefundDeps>;
  currency(): Promise<Currency>;
  /** Lines of refunds.ndjson that nobody has written yet: a service may not be running. */
  mirror(db: Database): Promise<void>;
  /** Null when there is nobody to ask (no terminal). */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
}

/** Asks on the terminal; anything but yes is no. */
export async function ask(question: string): Promise<boolean> {
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await line.question(`${question} [y/N] `)).trim());
  } finally {
    line.close();
  }
}

/** Stripe as the service has it: the sandbox runs beside the service, on a port of its own choice. */
export async function stripeFor(context: ServiceContext, db: Database): Promise<StripeSource> {
  const source = stripeSource(await context.config());
  const node = (await liveNodes(db.read, context.clock.now())).find((one) => one.sandboxUrl !== null);
  if (node?.sandboxUrl !== undefined && node.sandboxUrl !== null) source.useSandbox(node.sandboxUrl);
  return source;
}

export function operationSetup(context: ServiceContext): OperationSetup {
  return {
    deps: async (db) => {
      const config = await context.config();
      const source = await stripeFor(context, db);
      return { db, clock: context.clock, stripe: () => source.need(), limits: config.operations.refundLimits };
    },
    currency: async () => currency((await context.config()).merchant.currency),
    mirror: async (db) => {
      const { logDir } = await context.config();
      const journal = openJournal({ dir: logDir, clock: context.clock, onTrouble: (trouble) => void process.stderr.write(`tillwatch: mirror files: ${JSON.stringify(trouble)}\n`) });
      while (await mirrorRefunds(db, (lines) => journal.append("refunds.ndjson", lines), context.clock.now()));
      await journal.close();
    },
    confirm: process.stdin.isTTY && process.stderr.isTTY ? ask : null,
  };
}

/** Who uses the command line, with a key of their own for repeating safely. */
export function commandLineAsker(idempotencyKey: string | undefined): Asker {
  return { actor: COMMAND_LINE, requestId: null, requestKey: idempotencyKey ?? null };
}
