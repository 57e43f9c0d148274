import { type Currency, moneyText, type Minor, minor } from "../money/index.ts";

/** What refunds of one currency may come to without a second person; null: no limit. In minor units. */
export interface RefundLimit {
  readonly single: Minor | null;
  readonly day: Minor | null;
  readonly keyDay: Minor | null;
}

/** By currency. Once any currency has a limit, one without needs approval for every refund: a limit that is easily walked around is none. */
export type RefundLimits = Readonly<Record<string, RefundLimit>>;

export const LIMIT_WINDOW_MS = 86_400_000;

export type LimitVerdict = { readonly kind: "within" } | { readonly kind: "above"; readonly reason: string };

/** @param refunded by all keys and by this one in the last 24 hours, without this refund. */
export function judgeLimit(limits: RefundLimits, currency: Currency, amount: Minor, refunded: { readonly all: number; readonly own: number }): LimitVerdict {
  if (Object.keys(limits).length === 0) return { kind: "within" };
  const limit = Object.hasOwn(limits, currency) ? limits[currency] : undefined;
  if (limit === undefined) return { kind: "above", reason: `no limit is set for ${currency.toUpperCase()}, so every refund in it needs a second person` };
  const money = (value: number): string => moneyText(minor(value), currency);
  if (limit.single !== null && amount > limit.single) return { kind: "above", reason: `${money(amount)} is above the largest single refund of ${money(limit.single)}` };
  if (limit.keyDay !== null && refunded.own + amount > limit.keyDay) {
    return { kind: "above", reason: `with ${money(refunded.own)} in the last 24 hours it is above this key's limit of ${money(limit.keyDay)} a day` };
  }
  if (limit.day !== null && refunded.all + amount > limit.day) {
    return { kind: "above", reason: `with ${money(refunded.all)} in the last 24 hours it is above the limit of ${money(limit.day)} a day` };
  }
  return { kind: "within" };
}
