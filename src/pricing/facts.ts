import { type Currency, type Minor, minor, ZERO } from "../money/index.ts";
import { DAY_MS } from "../platform/index.ts";
import type { DemandRow } from "./demand.ts";

export const WEEK_MS = 7 * DAY_MS;

/** One payment for one priced thing. Amounts in minor units of `currency`. */
export interface Sale {
  readonly at: number;
  readonly product: string;
  readonly price: string | null;
  readonly currency: Currency;
  readonly unitAmount: Minor;
  /** A subscription that goes on is no decision to buy at this price. */
  readonly renewal: boolean;
  readonly paid: boolean;
  readonly captured: Minor;
  readonly refunded: Minor;
  readonly disputed: Minor;
  readonly country: string | null;
  /** Null when it does not say who bought. */
  readonly returning: boolean | null;
}

/** Sums of one price point. */
export interface Tally {
  /** Payments begun for it, retries together, and how many were paid in the end. */
  offers: number;
  paid: number;
  captured: Minor;
  refunded: Minor;
  disputed: Minor;
}

export interface PricePoint extends Tally {
  readonly unitAmount: Minor;
  readonly price: string | null;
  readonly firstAt: number;
  readonly lastAt: number;
  renewals: number;
  readonly countries: Readonly<Record<string, Tally>>;
  readonly byCustomer: Readonly<Record<"new" | "returning" | "unknown", Tally>>;
}

/** Everything known of one product in one currency. */
export interface OfferFacts {
  readonly product: string;
  readonly currency: Currency;
  readonly points: readonly PricePoint[];
  /** Purchases by week (counted back from the end: 0 is the newest) and unit amount. */
  readonly weeks: readonly { readonly week: number; readonly unitAmount: Minor; readonly purchases: number }[];
}

export interface Facts {
  /** `[fromMs, toMs)`, whole weeks. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly offers: readonly OfferFacts[];
  /** Payments with a known price, and all. */
  readonly priced: number;
  readonly payments: number;
}

interface Growing {
  product: string;
  currency: Currency;
  points: Map<number, PricePoint & { firstAt: number; lastAt: number; price: string | null; countries: Record<string, Tally> }>;
  weeks: Map<string, { week: number; unitAmount: Minor; purchases: number }>;
}

function emptyTally(): Tally {
  return { offers: 0, paid: 0, captured: ZERO, refunded: ZERO, disputed: ZERO };
}

/** Of more, only the largest could ever be told apart. */
const MAX_OFFERS = 2000;
const MAX_POINTS = 200;

function add(tally: Tally, sale: Sale): void {
  tally.offers += 1;
  if (sale.paid) tally.paid += 1;
  tally.captured = minor(tally.captured + sale.captured);
  tally.refunded = minor(tally.refunded + sale.refunded);
  tally.disputed = minor(tally.disputed + sale.disputed);
}

/** Collects sales of whole weeks up to `toMs`; memory grows with prices and weeks, not with sales. */
export function collectFacts(fromMs: number, toMs: number): { take(sale: Sale): void; payment(priced: boolean): void; finish(): Facts } {
  const offers = new Map<string, Growing>();
  let priced = 0;
  let payments = 0;
  const pointOf = (offer: Growing, sale: Sale): Growing["points"] extends Map<number, infer P> ? P | null : never => {
    const known = offer.points.get(sale.unitAmount);
    if (known !== undefined) return known;
    if (offer.points.size >= MAX_POINTS) return null;
    const fresh = { ...emptyTally(), unitAmount: sale.unitAmount, price: sale.price, firstAt: sale.at, lastAt: sale.at, renewals: 0, countries: {}, byCustomer: { new: emptyTally(), returning: emptyTally(), unknown: emptyTally() } };
    offer.points.set(sale.unitAmount, fresh);
    return fresh;
  };
  const take = (sale: Sale): void => {
    const key = `${sale.product} ${sale.currency}`;
    let offer = offers.get(key);
    if (offer === undefined) {
      if (offers.size >= MAX_OFFERS) return;
      offer = { product: sale.product, currency: sale.currency, points: new Map(), weeks: new Map() };
      offers.set(key, offer);
    }
    const point = pointOf(offer, sale);
    if (point === null) return;
    point.lastAt = Math.max(point.lastAt, sale.at);
    point.price = sale.price ?? point.price;
    if (sale.renewal) {
      point.renewals += 1;
      return;
    }
    add(point, sale);
    add((point.countries[sale.country ?? "??"] ??= emptyTally()), sale);
    add(point.byCustomer[sale.returning === null ? "unknown" : sale.returning ? "returning" : "new"], sale);
    if (!sale.paid) return;
    const week = Math.floor((toMs - 1 - sale.at) / WEEK_MS);
    const cellKey = `${week} ${sale.unitAmount}`;
    const cell = offer.weeks.get(cellKey) ?? { week, unitAmount: sale.unitAmount, purchases: 0 };
    cell.purchases += 1;
    offer.weeks.set(cellKey, cell);
  };
  return {
    take,
    payment: (isPriced) => {
      payments += 1;
      if (isPriced) priced += 1;
    },
    finish: () => ({
      fromMs,
      toMs,
      priced,
      payments,
      offers: [...offers.values()].map(({ product, currency, points, weeks }) => ({
        product,
        currency,
        points: [...points.values()].toSorted((one, other) => one.firstAt - other.firstAt),
        weeks: [...weeks.values()].toSorted((one, other) => other.week - one.week || one.unitAmount - other.unitAmount),
      })),
    }),
  };
}

/** A test that the shop declared: both prices are shown at once, each to its share of the visitors. */
export interface DeclaredTest {
  readonly product: string;
  readonly currency: Currency;
  readonly arms: readonly { readonly unitAmount: Minor; readonly share: number }[];
  readonly fromMs: number;
  /** Null: it still runs. */
  readonly untilMs: number | null;
}

/** Below this many of the other products' purchases a week, they say nothing of the season. */
const LEAST_CONTROL = 20;

export interface Demand {
  readonly rows: readonly DemandRow[];
  /** False: nothing to compare with, so a change of price and a change of season look the same. */
  readonly controlled: boolean;
}

/**
 * The weeks of an offer for the model. A week in which several prices were sold (the week of a change, or prices that
 * stayed for old customers) counts only when a declared test says who was shown which.
 */
export function demandOf(facts: Facts, offer: OfferFacts, tests: readonly DeclaredTest[]): Demand {
  const weeksCount = Math.round((facts.toMs - facts.fromMs) / WEEK_MS);
  const control = Array.from({ length: weeksCount }, () => 0);
  for (const other of facts.offers) {
    if (other.product === offer.product) continue;
    for (const { week, purchases } of other.weeks) control[week] = (control[week] ?? 0) + purchases;
  }
  const steady = control.toSorted((one, other) => one - other)[Math.floor(weeksCount / 2)] ?? 0;
  const controlled = steady >= LEAST_CONTROL;
  const byWeek = Map.groupBy(offer.weeks, ({ week }) => week);
  const oldest = Math.max(0, ...byWeek.keys());
  const rows: DemandRow[] = [];
  let spell = 0;
  let lastPrice: Minor | null = offer.weeks[0]?.unitAmount ?? null;
  for (let back = Math.min(oldest, weeksCount - 1); back >= 0; back -= 1) {
    const week = weeksCount - 1 - back;
    const exposure = controlled ? Math.max(1, control[back] ?? 0) : 1;
    const cells = byWeek.get(back) ?? [];
    const startMs = facts.toMs - (back + 1) * WEEK_MS;
    const test = tests.findIndex((one) => one.product === offer.product && one.currency === offer.currency && one.fromMs <= startMs && (one.untilMs ?? Number.POSITIVE_INFINITY) >= startMs + WEEK_MS);
    if (test >= 0) {
      for (const { unitAmount, share } of tests[test]?.arms ?? []) rows.push({ week, price: unitAmount, purchases: cells.find((cell) => cell.unitAmount === unitAmount)?.purchases ?? 0, exposure: exposure * share, spell: -1 - test });
      continue;
    }
    const [only, ...more] = cells;
    if (more.length > 0) continue;
    if (only !== undefined && only.unitAmount !== lastPrice) spell += 1;
    lastPrice = only?.unitAmount ?? lastPrice;
    if (lastPrice !== null && lastPrice > 0) rows.push({ week, price: lastPrice, purchases: only?.purchases ?? 0, exposure, spell });
  }
  return { rows: withoutPromotions(rows), controlled };
}

/** A price that stood shorter than this was a promotion: advertising and a hangover come with it. */
const LEAST_SPELL_WEEKS = 5;
const HANGOVER_WEEKS = 2;

function withoutPromotions(rows: readonly DemandRow[]): DemandRow[] {
  const spells = [...Map.groupBy(rows, ({ spell }) => spell).values()];
  const short = (index: number): boolean => (spells[index]?.[0]?.spell ?? -1) >= 0 && index < spells.length - 1 && (spells[index]?.length ?? 0) < LEAST_SPELL_WEEKS;
  let spell = 0;
  let last: DemandRow | undefined;
  return spells.flatMap((group, index) => {
    if (short(index)) return [];
    const ended = index > 0 && short(index - 1) ? (spells[index - 1]?.at(-1)?.week ?? 0) : Number.NEGATIVE_INFINITY;
    const kept = group.filter(({ week }) => week > ended + HANGOVER_WEEKS);
    const [first] = kept;
    if (first === undefined) return [];
    if (first.spell >= 0 && last !== undefined && last.price !== first.price) spell += 1;
    last = kept.at(-1);
    return kept.map((row) => (row.spell < 0 ? row : { ...row, spell }));
  });
}

/** The price that the newest purchases were at; null for none, or several at once. */
export function currentPoint(offer: OfferFacts): PricePoint | null {
  const newest = Math.min(...offer.weeks.map(({ week }) => week));
  const cells = offer.weeks.filter(({ week }) => week === newest);
  const largest = cells.toSorted((one, other) => other.purchases - one.purchases)[0];
  return largest === undefined ? null : (offer.points.find(({ unitAmount }) => unitAmount === largest.unitAmount) ?? null);
}
