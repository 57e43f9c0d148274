import type { ReceiptDeps } from "../operations/index.ts";
import { type Clock, type Database, openMailer } from "../platform/index.ts";
import type { Config } from "./config.ts";
import type { StripeSource } from "./stripe.ts";

/** Receipts as configured. */
export function receiptDeps(config: Pick<Config, "receipts" | "merchant" | "smtp">, db: Database, clock: Clock, stripe: StripeSource): ReceiptDeps {
  const { receipts, merchant, smtp } = config;
  return {
    db,
    clock,
    stripe: () => stripe.need(),
    mailer: smtp === null ? null : openMailer(smtp),
    settings: { mode: receipts.mode, from: receipts.from, replyTo: receipts.replyTo, inTestMode: receipts.inTestMode, merchant: { name: merchant.name, logo: receipts.logo, timeZone: merchant.timeZone } },
  };
}
