import { createHash } from "node:crypto";
import { type Currency, currency, least, majorText, type Minor, minor, moneyText, parseMajor } from "../money/index.ts";
import type { Payment } from "../payments/index.ts";
import { AppError } from "../platform/index.ts";
import type { PaymentFacts, RefundReason } from "../stripe/index.ts";
import type { OperationKind } from "./operation.ts";

/** A refund as it was asked for. */
export interface RefundAsked {
  /** `pi_…` or `ch_…`. */
  readonly payment: string;
  /** Major units as given; undefined and null mean all that is left, and nothing else does. */
  readonly amount: unknown;
  readonly reason: RefundReason | null;
  readonly note: string | null;
}

/** The widest currency, to refuse what is no amount in any before a currency is known. */
const WIDEST = currency("kwd");

function parse(amount: unknown, code: Currency): Minor {
  const parsed = parseMajor(amount, code);
  if (parsed.kind === "refused") throw new AppError("invalid", parsed.message, { code: `amount_${parsed.reason}` });
  return parsed.minor;
}

/** Refuses what can never be an amount, without knowing the currency and without asking anybody. @throws AppError */
export function checkAmount(amount: unknown): void {
  if (amount === undefined || amount === null) return;
  const parsed = parseMajor(amount, WIDEST);
  if (parsed.kind === "amount" || parsed.reason === "too_many_decimals" || parsed.reason === "not_chargeable_step" || parsed.reason === "too_large") return;
  throw new AppError("invalid", parsed.message.replace(` (${WIDEST.toUpperCase()})`, ""), { code: `amount_${parsed.reason}` });
}

export function tooMuch(amount: Minor, left: Minor, code: Currency): AppError {
  return left === 0
    ? new AppError("invalid", "nothing is left of this payment to refund; it went back already or was never captured", { code: "nothing_left" })
    : new AppError("invalid", `${moneyText(amount, code)} is more than what is left of this payment, ${moneyText(left, code)}; give at most ${majorText(left, code)}`, { code: "more_than_left" });
}

/** Checks against what events have told us, so that a hopeless request costs no call. @throws AppError */
export function checkAgainstKnown(asked: RefundAsked, known: Pick<Payment, "currency" | "captured" | "refunded"> | null): void {
  if (known === null || known.currency === null || known.captured === 0) return;
  const left = minor(Math.max(0, known.captured - known.refunded));
  if (asked.amount === undefined || asked.amount === null) {
    if (left === 0) throw tooMuch(left, left, known.currency);
    return;
  }
  const amount = parse(asked.amount, known.currency);
  if (amount > left) throw tooMuch(amount, left, known.currency);
}

/** The amount that will be refunded, by Stripe's own word on what is left. @throws AppError */
export function amountToRefund(asked: RefundAsked, facts: Pick<PaymentFacts, "currency" | "left" | "captured" | "charge">): Minor {
  if (facts.captured === 0) {
    throw new AppError("conflict", "this payment was never captured, so there is nothing to refund; an authorisation is released by canceling the payment", { code: "not_refundable" });
  }
  const amount = asked.amount === undefined || asked.amount === null ? facts.left : parse(asked.amount, facts.currency);
  if (amount === 0 || amount > facts.left) throw tooMuch(amount, facts.left, facts.currency);
  return least(amount, facts.left);
}

/** "0.50", 0.5 and "0.500" are one amount asked for. */
function plain(amount: unknown): string {
  if (amount === undefined || amount === null) return "all";
  const text = typeof amount === "string" ? amount : (JSON.stringify(amount) ?? "");
  return /^\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text;
}

/** What makes two requests the same: who asks, for what, of which payment, with which words. */
export function requestDigest(kind: OperationKind, actorId: string, parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify([kind, actorId, ...parts])).digest("hex");
}

export function refundDigest(actorId: string, asked: RefundAsked): string {
  return requestDigest("refund", actorId, [asked.payment, plain(asked.amount), asked.reason, asked.note]);
}
