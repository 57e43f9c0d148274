import { type Currency, moneyText, parseMajor, smallestCharge } from "../money/index.ts";
import { AppError } from "../platform/index.ts";
import { requestDigest } from "./asked.ts";
import { type Asked, type Asker, findEarlier, type Intent, type OperationDeps, pursue, storeIntent } from "./intent.ts";

export interface InvoiceAsked {
  /** Major units as given. */
  readonly amount: unknown;
  readonly currency: Currency;
  readonly email: string;
  readonly description: string;
  readonly daysUntilDue: number;
  /** Let Stripe mail it (Stripe mails nothing in test mode). */
  readonly send: boolean;
}

/** Twice in a moment is a double click; after that it is another invoice. */
const SAME_INVOICE_MS = 60_000;
/** Sending again after a minute is meant. */
const SAME_ACTION_MS = 60_000;

const nothingToDecide = async () => ({ approval: null });

/** Makes an invoice to be paid on Stripe's page. @throws AppError `invalid` for an amount that Stripe would not charge. */
export async function createInvoice(deps: OperationDeps, asked: InvoiceAsked, asker: Asker): Promise<Asked> {
  const { currency, email, description, daysUntilDue, send } = asked;
  const parsed = parseMajor(asked.amount, currency);
  if (parsed.kind === "refused") throw new AppError("invalid", parsed.message, { code: `amount_${parsed.reason}` });
  const amount = parsed.minor;
  const smallest = smallestCharge(currency);
  if (smallest !== null && amount < smallest) {
    throw new AppError("invalid", `${moneyText(amount, currency)} is below the smallest that Stripe charges in ${currency.toUpperCase()}, ${moneyText(smallest, currency)}; give at least that`, { code: "amount_too_small" });
  }
  const intent: Intent = {
    kind: "invoice",
    digest: requestDigest("invoice", asker.actor.keyId, [amount, currency, email, description, daysUntilDue, send]),
    sameForMs: SAME_INVOICE_MS,
    request: { kind: "invoice", amount, currency, email, description, daysUntilDue, send },
    payment: null,
    amount,
    currency,
    reason: null,
    note: null,
  };
  return await ask(deps, intent, asker);
}

/** Voids an invoice, or lets Stripe mail it (again). */
export async function actOnInvoice(deps: OperationDeps, kind: "invoice_void" | "invoice_send", invoice: string, asker: Asker): Promise<Asked> {
  const digest = requestDigest(kind, asker.actor.keyId, [invoice]);
  return await ask(deps, { kind, digest, sameForMs: SAME_ACTION_MS, request: { kind, invoice }, payment: null, amount: null, currency: null, reason: null, note: null }, asker);
}

async function ask(deps: OperationDeps, intent: Intent, asker: Asker): Promise<Asked> {
  const { live } = deps.stripe();
  const earlier = await findEarlier(deps.db.read, live, intent.kind, intent.digest, intent.sameForMs, asker, deps.clock.now());
  if (earlier !== null) return await pursue(deps, { operation: earlier, replayed: true });
  return await pursue(deps, await storeIntent(deps, live, intent, asker, nothingToDecide));
}
