import { type Currency, type Minor, minor, moneyText, step } from "../money/index.ts";

/** Guard rails: what no suggestion and no person passes without changing the configuration. Amounts in minor units. */
export interface Rails {
  /** Largest relative change of a price in one step, 0.1 is 10 %. */
  readonly largestStep: number;
  /** A larger step than this needs a second admin. */
  readonly secondPersonAbove: number;
  /** No other change of the same price before this long after the last, ms. */
  readonly coolDownMs: number;
  readonly frozen: readonly string[];
  /** By product, then currency. */
  readonly limits: Readonly<Record<string, Readonly<Record<string, { readonly floor: Minor | null; readonly ceiling: Minor | null }>>>>;
}

export interface Move {
  readonly product: string;
  readonly currency: Currency;
  readonly from: Minor;
  readonly to: Minor;
}

export type RailVerdict = { readonly kind: "free" } | { readonly kind: "barred"; readonly code: string; readonly reason: string };

function barred(code: string, reason: string): RailVerdict {
  return { kind: "barred", code, reason };
}

/** Relative, always positive: 0.1 for 10 % up or down. */
export function stepOf({ from, to }: Pick<Move, "from" | "to">): number {
  return Math.abs(to / from - 1);
}

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

/**
 * May this price move there?
 *
 * @param lastChangeMs when this product's price in this currency was last changed, ms UTC; null for never.
 */
export function checkRails(rails: Rails, move: Move, lastChangeMs: number | null, nowMs: number): RailVerdict {
  if (rails.frozen.includes(move.product)) return barred("product_frozen", `${move.product} is frozen (pricing.frozen): its prices are not changed`);
  if (move.to <= 0) return barred("price_not_positive", "a price must be more than nothing");
  if (move.to === move.from) return barred("price_unchanged", `the price is ${moneyText(move.from, move.currency)} already`);
  if (move.to % step(move.currency) !== 0) return barred("price_not_chargeable", `Stripe takes amounts in ${move.currency.toUpperCase()} in steps of ${moneyText(minor(step(move.currency)), move.currency)} only`);
  // A hair above the limit is the rounding of the price, not a larger step.
  if (stepOf(move) > rails.largestStep + 1e-9) {
    return barred("step_too_large", `from ${moneyText(move.from, move.currency)} to ${moneyText(move.to, move.currency)} is a step of ${percent(stepOf(move))}; at most ${percent(rails.largestStep)} is allowed at once (pricing.largest_step)`);
  }
  const limit = rails.limits[move.product]?.[move.currency];
  if (limit?.floor !== null && limit?.floor !== undefined && move.to < limit.floor) return barred("below_floor", `the floor of ${move.product} is ${moneyText(limit.floor, move.currency)} (pricing.limits)`);
  if (limit?.ceiling !== null && limit?.ceiling !== undefined && move.to > limit.ceiling) return barred("above_ceiling", `the ceiling of ${move.product} is ${moneyText(limit.ceiling, move.currency)} (pricing.limits)`);
  if (lastChangeMs !== null && nowMs - lastChangeMs < rails.coolDownMs) {
    const days = Math.ceil((rails.coolDownMs - (nowMs - lastChangeMs)) / 86_400_000);
    return barred("cooling_down", `this price was changed less than ${Math.round(rails.coolDownMs / 86_400_000)} days ago; again in ${days} day${days === 1 ? "" : "s"} (pricing.cool_down)`);
  }
  return { kind: "free" };
}

/** How the shop ends its prices: …99, …95, whole units, tens; the new one ends alike. */
function gridOf(price: Minor, code: Currency): { size: number; offset: number } {
  for (const size of [10_000, 5000, 1000, 500, 100, 50, 10]) {
    if (size > price * 0.06) continue;
    if (size % step(code) !== 0) continue;
    if (price % size === 0) return { size, offset: 0 };
    if (size >= 100 && (price + 1) % size === 0 && step(code) === 1) return { size, offset: -1 };
    if (size >= 100 && (price + 5) % size === 0 && step(code) === 1) return { size, offset: -5 };
  }
  return { size: step(code), offset: 0 };
}

/** The price furthest in the direction that stays within the bounds and ends as the shop's prices do; null when there is none. */
export function targetPrice(from: Minor, code: Currency, direction: "raise" | "lower", least: number, most: number): Minor | null {
  const { size, offset } = gridOf(from, code);
  const to = direction === "raise" ? Math.floor((most - offset) / size) * size + offset : Math.ceil((least - offset) / size) * size + offset;
  if (to <= 0 || (direction === "raise" ? to <= from : to >= from) || to < least || to > most) return null;
  return minor(to);
}
