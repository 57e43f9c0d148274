import { effectOf } from "../../src/pricing/demand.ts";
import { type Facts, type OfferFacts, type PricePoint, WEEK_MS } from "../../src/pricing/facts.ts";
import { believed, type CurrentPrice, suggestPrices } from "../../src/pricing/suggest.ts";
import { currency, minor, ZERO } from "../../src/money/index.ts";
import type { Random } from "../detection/random.ts";
import { naive } from "./baseline.ts";
import type { Cell, Kind, Shop } from "./shop.ts";

const USD = currency("usd");
export const STEP = 0.1;
const RAILS = { largestStep: STEP, secondPersonAbove: 0.05, coolDownMs: 30 * 86_400_000, frozen: [], limits: {} };
const WEEKS = 130;
const FIRST_LOOK = 26;
const WINDOW = 52;
/** An applied change is watched for about this long, and no other is made of the same price. */
const WATCHED = 13;
/** Less than this is no use to anybody. */
const USEFUL = 0.01;

export interface Score {
  shops: number;
  months: number;
  /** Months in which at least one look wanted a price changed. */
  monthsTold: number;
  intervals: number;
  covered: number;
  made: number;
  /** Took less from the product; from the whole shop; of these, by more than a hundredth. */
  harmful: number;
  harmfulShop: number;
  harmfulMuch: number;
  /** The stated interval of what was suggested held the truth. */
  madeCovered: number;
  gain: number;
  /** Products where some step would have brought a hundredth or more, and a price that had moved; and of these with a helpful suggestion. */
  chances: number;
  found: number;
}

export function createScore(): Score {
  return { shops: 0, months: 0, monthsTold: 0, intervals: 0, covered: 0, made: 0, harmful: 0, harmfulShop: 0, harmfulMuch: 0, madeCovered: 0, gain: 0, chances: 0, found: 0 };
}

/** The facts as `collectFacts` would leave them, without a sale for each purchase. */
function factsAt(history: readonly (readonly (readonly Cell[])[])[], end: number): Facts {
  const from = Math.max(0, end - WINDOW);
  const tally = () => ({ offers: 0, paid: 0, captured: ZERO, refunded: ZERO, disputed: ZERO });
  const offers = history.map((product, index): OfferFacts => {
    const points = new Map<number, PricePoint>();
    const weeks: { week: number; unitAmount: ReturnType<typeof minor>; purchases: number }[] = [];
    for (let week = from; week < end; week += 1) {
      for (const { unitAmount, purchases } of product[week] ?? []) {
        if (purchases === 0) continue;
        const amount = minor(unitAmount);
        const known = points.get(unitAmount) ?? { ...tally(), unitAmount: amount, price: `price_${index}_${unitAmount}`, firstAt: week * WEEK_MS, lastAt: 0, renewals: 0, countries: {}, byCustomer: { new: tally(), returning: tally(), unknown: tally() } };
        points.set(unitAmount, { ...known, offers: known.offers + purchases, paid: known.paid + purchases, lastAt: week * WEEK_MS });
        weeks.push({ week: end - 1 - week, unitAmount: amount, purchases });
      }
    }
    return { product: `prod_${index}`, currency: USD, points: [...points.values()], weeks };
  });
  return { fromMs: (end - WINDOW) * WEEK_MS, toMs: end * WEEK_MS, offers, priced: 0, payments: 0 };
}

function pricesOf(shop: Shop): CurrentPrice[] {
  return Array.from({ length: shop.products }, (_, index) => ({ id: `price_${index}_${shop.priceOf(index)}`, product: `prod_${index}`, productName: `Product ${index}`, currency: USD, unitAmount: minor(shop.priceOf(index)), recurring: null, active: true }));
}

interface Wish {
  readonly product: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** What the model wants changed at the end of a week. */
export function wishes(shop: Shop, history: readonly (readonly (readonly Cell[])[])[], end: number, changed: readonly number[]): Wish[] {
  const findings = suggestPrices({ facts: factsAt(history, end), prices: pricesOf(shop), tests: [], rails: RAILS, lastChange: () => null, nowMs: end * WEEK_MS });
  return findings.flatMap((finding): Wish[] => {
    if (finding.kind !== "suggested" || (finding.draft.kind !== "raise" && finding.draft.kind !== "lower")) return [];
    const product = Number(finding.product.slice(5));
    const { from, to, told } = finding.draft;
    // Stripe is asked before anything is applied: a price that is not the current one would be refused.
    if (from !== shop.priceOf(product) || end - (changed[product] ?? -WATCHED) < WATCHED) return [];
    return [{ product, to: to ?? 0, low: told.effect.low ?? 0, high: told.effect.high ?? 0 }];
  });
}

export function naiveWishes(shop: Shop, history: readonly (readonly (readonly Cell[])[])[], end: number, changed: readonly number[]): Wish[] {
  return history.flatMap((weeks, product): Wish[] => {
    const found = naive(weeks.slice(Math.max(0, end - WINDOW), end));
    if (found === null || !found.sure || end - (changed[product] ?? -WATCHED) < WATCHED) return [];
    const step = found.direction === "raise" ? STEP : -STEP;
    const { low, high } = found.effect(step);
    return [{ product, to: Math.round(shop.priceOf(product) * (1 + step)), low, high }];
  });
}

function scoreIntervals(score: Score, shop: Shop, history: readonly (readonly (readonly Cell[])[])[], end: number, random: Random, byNaive: boolean): void {
  const facts = factsAt(history, end);
  for (let product = 0; product < shop.products; product += 1) {
    const from = shop.priceOf(product);
    const to = Math.round(from * (random.uniform() < 0.5 ? 1 + STEP : 1 - STEP));
    let ends: { low: number; high: number } | null = null;
    if (byNaive) ends = naive((history[product] ?? []).slice(Math.max(0, end - WINDOW), end))?.effect(to / from - 1) ?? null;
    else {
      const offer = facts.offers[product];
      const belief = offer === undefined ? null : believed(facts, offer, []);
      if (belief?.kind === "believed") ends = effectOf(belief.elasticity, from, to);
    }
    if (ends === null) continue;
    const { own } = shop.truth(product, to);
    score.intervals += 1;
    if (own >= ends.low && own <= ends.high) score.covered += 1;
  }
}

/**
 * A shop's life of two and a half years with a look each week from the 26th on. Answering shops follow every suggestion
 * at once; neutral ones are only looked at, so that one that is wrong stands for as long as the model holds to it.
 */
export function scoreShop(score: Score, shop: Shop, kind: Kind, random: Random, byNaive: boolean): void {
  const history: (readonly Cell[])[][] = Array.from({ length: shop.products }, () => []);
  const changed = history.map(() => -WEEKS);
  const moved = history.map(() => false);
  const found = history.map(() => false);
  const chance = history.map(() => false);
  const intervalAt = random.integer(FIRST_LOOK, WEEKS - 1);
  let told = false;
  score.shops += 1;
  for (let end = 1; end <= WEEKS; end += 1) {
    for (const [product, cells] of shop.week().entries()) history[product]?.push(cells);
    if (end < FIRST_LOOK) continue;
    if (end === intervalAt) scoreIntervals(score, shop, history, end, random, byNaive);
    const wanted = (byNaive ? naiveWishes : wishes)(shop, history, end, changed);
    if (wanted.length > 0) told = true;
    if ((end - FIRST_LOOK) % 4 === 3) {
      score.months += 1;
      if (told) score.monthsTold += 1;
      told = false;
    }
    if (kind === "neutral") continue;
    if (end === FIRST_LOOK + WINDOW) {
      for (const product of history.keys()) {
        moved[product] = new Set((history[product] ?? []).flat().map(({ unitAmount }) => unitAmount)).size > 1;
        chance[product] = [1 + STEP, 1 - STEP].some((factor) => shop.truth(product, Math.round(shop.priceOf(product) * factor)).own >= USEFUL);
      }
    }
    for (const { product, to, low, high } of wanted) {
      const { own, shop: whole } = shop.truth(product, to);
      score.made += 1;
      score.gain += own;
      if (own < 0) score.harmful += 1;
      if (whole < 0) score.harmfulShop += 1;
      if (own < -0.01) score.harmfulMuch += 1;
      if (own >= low && own <= high) score.madeCovered += 1;
      if (own >= USEFUL) found[product] = true;
      shop.setPrice(product, to);
      changed[product] = end;
    }
  }
  for (const product of history.keys()) {
    if (found[product] === true) score.found += 1;
    if (found[product] === true || (moved[product] === true && chance[product] === true)) score.chances += 1;
  }
}
