import { z } from "zod";
import { timeField } from "../ledger/index.ts";
import { type Currency, parseMajor } from "../money/index.ts";
import { PAYMENT_STATUSES } from "./payment.ts";
import type { PaymentFilter } from "./query.ts";

/** How payments are looked for: by list, and by export. */
export const paymentSearch = {
  q: z.string().trim().max(320).optional().describe("An id (pi_, ch_, re_, dp_), an e-mail address, an amount, or a decline code"),
  status: z.enum(PAYMENT_STATUSES).optional(),
  since: timeField.optional(),
  until: timeField.optional(),
  email: z.string().max(320).optional(),
  cause: z.enum(["customer", "risk", "technical"]).optional(),
  code: z.string().max(100).optional(),
};

type Search = z.output<z.ZodObject<typeof paymentSearch>>;

/** What somebody who types a few characters means; each kind of it is answered from an index of its own. */
function meant(q: string, currency: Currency): PaymentFilter {
  if (/^(pi|ch|py|re|pyr|dp|du)_/.test(q)) return { alias: q };
  if (q.includes("@")) return { email: q };
  const amount = parseMajor(q.replace(",", "."), currency, { from: "zero" });
  if (amount.kind === "amount") return { amount: amount.minor, currency };
  return { code: q.toLowerCase().replaceAll(" ", "_") };
}

/** @param currency of an amount. */
export function paymentFilterOf({ q, since, until, ...filter }: Search, currency: Currency): PaymentFilter {
  return { ...(q === undefined || q === "" ? {} : meant(q, currency)), ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)), sinceMs: since, untilMs: until };
}
