import { type Currency, estimate, type Minor, minor, moneyText, sum } from "../money/index.ts";
import { below, between, type DemandRow, type Effect, effectOf, type Elasticity, estimateElasticity, purchasesNeeded } from "./demand.ts";
import { currentPoint, type DeclaredTest, demandOf, type Facts, type OfferFacts, type PricePoint } from "./facts.ts";
import { checkRails, type Rails, stepOf, targetPrice } from "./rails.ts";
import type { Draft } from "./suggestion.ts";

/** A price as the catalogue has it now. */
export interface CurrentPrice {
  readonly id: string;
  readonly product: string;
  readonly productName: string;
  readonly currency: Currency;
  readonly unitAmount: Minor;
  readonly recurring: string | null;
  readonly active: boolean;
}

/** What one product in one currency can tell: a suggestion, or why there is none. */
export type Finding =
  | { readonly kind: "suggested"; readonly product: string; readonly currency: Currency; readonly draft: Draft }
  | { readonly kind: "not_enough"; readonly product: string; readonly currency: Currency; readonly payments: number; readonly text: string }
  | { readonly kind: "nothing_to_do"; readonly product: string; readonly currency: Currency; readonly text: string };

/** One-sided error allowed to all comparisons of one look together; a month has about four looks. */
const ALPHA = 0.05;
/** Of what is yet to be gathered: sure to 1 %, one-sided. */
export const CERTAINTY = 2.33;
/** Of each of two prices, before they are compared. */
const LEAST_PURCHASES = 60;
const LEAST_WEEKS = 3;

/**
 * Where a move begins to pay. At −1 it makes no difference to what this product takes; but who is lost to a higher price
 * will not come again, and of those that a lower one wins some would have bought something else in the shop. So a move
 * must pay with a tenth of them reckoned so.
 */
const RAISE_ABOVE = -0.9;
const LOWER_BELOW = -1.15;

interface Judged {
  readonly offer: OfferFacts;
  readonly point: PricePoint;
  readonly price: CurrentPrice;
  readonly elasticity: Elasticity;
  readonly purchases: number;
  readonly direction: "raise" | "lower";
  /** How unlikely the direction is to be wrong. */
  readonly doubt: number;
  readonly rows: readonly DemandRow[];
}

export interface SuggestInput {
  readonly facts: Facts;
  readonly prices: readonly CurrentPrice[];
  readonly tests: readonly DeclaredTest[];
  readonly rails: Rails;
  /** When a product's price in a currency was last changed by a suggestion, ms UTC. */
  lastChange(product: string, currency: Currency): number | null;
  readonly nowMs: number;
}

const percent = (share: number): string => `${share > 0 ? "+" : ""}${Number((share * 100).toFixed(1))} %`;

function purchasesOf(offer: OfferFacts): number {
  return offer.weeks.reduce((sum, { purchases }) => sum + purchases, 0);
}

/** How many more payments it takes, in words. */
function needs(more: number): string {
  return `about ${more.toLocaleString("en-US")} more payment${more === 1 ? "" : "s"} needed`;
}

export type Belief = { readonly kind: "believed"; readonly elasticity: Elasticity; readonly rows: readonly DemandRow[] } | { readonly kind: "too_little"; readonly pricesSeen: readonly Minor[] } | { readonly kind: "no_control" };

/** What an offer's weeks say of its elasticity, once there is the least evidence to speak of it at all. */
export function believed(facts: Facts, offer: OfferFacts, tests: readonly DeclaredTest[]): Belief {
  const { rows, controlled } = demandOf(facts, offer, tests);
  const byPrice = Map.groupBy(rows, (row) => row.price);
  const solid = [...byPrice.values()].filter((group) => group.length >= LEAST_WEEKS && group.reduce((all, row) => all + row.purchases, 0) >= LEAST_PURCHASES);
  if (solid.length < 2) return { kind: "too_little", pricesSeen: [...byPrice.keys()].map((price) => minor(price)) };
  const tested = tests.some((test) => test.product === offer.product && test.currency === offer.currency);
  return controlled || tested ? { kind: "believed", elasticity: estimateElasticity(rows), rows } : { kind: "no_control" };
}

function judge(input: SuggestInput, offer: OfferFacts): Judged | Finding {
  const { product, currency } = offer;
  const have = purchasesOf(offer);
  const notEnough = (payments: number, text: string): Finding => ({ kind: "not_enough", product, currency, payments, text });
  const point = currentPoint(offer);
  if (point === null) return notEnough(LEAST_PURCHASES, `not enough evidence: nothing was bought yet; ${needs(LEAST_PURCHASES)} before anything can be said`);
  const price = input.prices.find((one) => one.id === point.price) ?? input.prices.find((one) => one.product === product && one.currency === currency && one.active && one.unitAmount === point.unitAmount);
  const belief = believed(input.facts, offer, input.tests);
  if (belief.kind === "too_little") {
    const seen = belief.pricesSeen;
    const step = seen.length < 2 ? input.rails.largestStep : Math.max(...seen) / Math.min(...seen) - 1;
    const more = Math.max(LEAST_PURCHASES, purchasesNeeded(Math.max(step, 0.01), CERTAINTY) - have);
    const why = seen.length < 2 ? `it was only ever sold at ${moneyText(point.unitAmount, currency)}, so nothing shows how buyers answer to another price` : `too little was sold at one of its prices (${LEAST_PURCHASES} purchases in ${LEAST_WEEKS} whole weeks at each are the least)`;
    return notEnough(more, `not enough evidence: ${why}; ${needs(more)}${seen.length < 2 ? `, a part of them at a price ${percent(step).slice(1)} away` : ""}`);
  }
  if (belief.kind === "no_control") {
    const more = purchasesNeeded(input.rails.largestStep, CERTAINTY);
    return notEnough(more, `not enough evidence: no other products sell enough to tell a change of price from a change of season; declare a test (pricing.tests), in which ${needs(more)}`);
  }
  const { elasticity } = belief;
  if (price === undefined) return { kind: "nothing_to_do", product, currency, text: "its price is no active Stripe Price, so it cannot be changed from here" };
  const from = point.unitAmount;
  const raising = below(between(elasticity, from, from * (1 + input.rails.largestStep)), RAISE_ABOVE);
  const lowering = 1 - below(between(elasticity, from, from * (1 - input.rails.largestStep)), LOWER_BELOW);
  return { offer, point, price, elasticity, purchases: have, direction: lowering < raising ? "lower" : "raise", doubt: Math.min(lowering, raising), rows: belief.rows };
}

/** Without any one change of the price, the others must still say so. */
const STILL_SURE = 0.8;

/** Is it more than one coincidence? Of a declared test the visitors were drawn by lot: it needs no second witness. */
function seenTwice({ rows, point, direction }: Judged, rails: Rails): boolean {
  const from = point.unitAmount;
  const spells = [...new Set(rows.map(({ spell }) => spell))].filter((spell) => spell > 0);
  return spells.every((spell) => {
    const without = estimateElasticity(rows, spell);
    const sure = direction === "raise" ? 1 - below(between(without, from, from * (1 + rails.largestStep)), RAISE_ABOVE) : below(between(without, from, from * (1 - rails.largestStep)), LOWER_BELOW);
    return sure >= STILL_SURE;
  });
}

/** The furthest that was ever asked, and a tenth beyond: further the model was never tried. */
function bounds({ offer, point }: Judged, rails: Rails): { least: number; most: number } {
  const seen = offer.points.filter(({ offers }) => offers > 0).map(({ unitAmount }) => unitAmount);
  return {
    least: Math.max(point.unitAmount * (1 - rails.largestStep), Math.min(...seen) * 0.9),
    most: Math.min(point.unitAmount * (1 + rails.largestStep), Math.max(...seen) * 1.1),
  };
}

/** What was taken for it in the last four weeks, minor units. */
function lastMonth({ offer }: Judged): Minor {
  return sum(offer.weeks.filter(({ week }) => week < 4).map(({ unitAmount, purchases }) => estimate(unitAmount, purchases)));
}

function draftOf(judged: Judged, to: Minor, effect: Effect): Draft {
  const { offer, point, price, elasticity, direction, purchases } = judged;
  const { currency } = offer;
  const from = point.unitAmount;
  const month = lastMonth(judged);
  const monthly = { low: estimate(month, effect.low), high: estimate(month, effect.high) };
  const money = (amount: Minor): string => moneyText(amount, currency);
  const move = `${money(from)} to ${money(to)}`;
  const chance = Math.round((1 - judged.doubt) * 1000) / 10;
  return {
    kind: direction,
    product: offer.product,
    currency,
    from,
    to,
    basis: { price: price.id, unitAmount: from, recurring: price.recurring, elasticity: { mean: elasticity.mean, sd: elasticity.sd }, purchases },
    told: {
      title: `${direction === "raise" ? "Raise" : "Lower"} ${price.productName} from ${move}`,
      why: [
        `When its price moved before, purchases followed by ${percent(elasticity.mean / 100).replace("+", "")} for each 1 % of price (compared with the shop's other products in the same weeks).`,
        direction === "raise" ? "Fewer buy at a higher price, and they bring more together: dearer by more than it is bought less." : "More buy at a lower price than is lost on each of them.",
        `That this direction brings more revenue is ${chance} % sure on these figures.`,
      ],
      effect: {
        text: `${percent(effect.median)} revenue from new purchases (90 %: ${percent(effect.low)} to ${percent(effect.high)}), about ${money(monthly.low)} to ${money(monthly.high)} a month at today's ${money(month)}`,
        low: effect.low,
        median: effect.median,
        high: effect.high,
        monthly: { currency, ...monthly },
      },
      evidence: [
        { what: "purchases", value: String(purchases) },
        { what: "weeks", value: String(new Set(offer.weeks.map(({ week }) => week)).size) },
        { what: "prices seen", value: [...new Set(offer.points.map(({ unitAmount }) => money(unitAmount)))].join(", ") },
        { what: "elasticity", value: `${elasticity.mean.toFixed(2)} ± ${(1.645 * elasticity.sd).toFixed(2)}` },
      ],
      disproof: `Within the next purchases revenue per week, compared with the other products, ${direction === "raise" ? "falls" : "does not rise"}; it is watched automatically.`,
      risk: `${price.recurring === null ? "" : "Existing subscribers keep their price. "}Buyers may remember the old price; what competitors do is not in these figures.`,
      undo: "One click: the old Stripe Price is kept, and becomes the default again.",
      byHand: null,
    },
  };
}

/** Looks at every product and currency; at most one suggestion each, corrected for how many were looked at (Holm). */
export function suggestPrices(input: SuggestInput): Finding[] {
  const findings: Finding[] = [];
  const judged: Judged[] = [];
  for (const offer of input.facts.offers) {
    const one = judge(input, offer);
    if ("kind" in one) findings.push(one);
    else judged.push(one);
  }
  let holding = true;
  for (const [index, one] of judged.toSorted((a, b) => a.doubt - b.doubt).entries()) {
    const { product, currency } = one.offer;
    const nothing = (text: string): Finding => ({ kind: "nothing_to_do", product, currency, text });
    holding &&= one.doubt <= ALPHA / (judged.length - index);
    if (!holding) {
      const more = Math.max(LEAST_PURCHASES, Math.ceil(one.purchases * ((CERTAINTY * one.elasticity.sd) / Math.max(Math.abs(one.elasticity.mean + 1), 0.25)) ** 2) - one.purchases);
      findings.push({ kind: "not_enough", product, currency, payments: more, text: `not enough evidence: its prices so far differ by less in revenue than chance explains; ${needs(more)} if the difference is what it seems` });
      continue;
    }
    if (!seenTwice(one, input.rails)) {
      const more = Math.max(LEAST_PURCHASES, Math.ceil(one.purchases / 2));
      findings.push({ kind: "not_enough", product, currency, payments: more, text: `not enough evidence: it rests on one change of the price, and something else may have happened then; a second change or a declared test (pricing.tests) would tell, ${needs(more)}` });
      continue;
    }
    const { least, most } = bounds(one, input.rails);
    const from = one.point.unitAmount;
    const to = targetPrice(from, currency, one.direction, least, most);
    if (to === null) {
      findings.push(nothing("no price in reach of the largest step ends as its prices do"));
      continue;
    }
    const verdict = checkRails(input.rails, { product, currency, from, to }, input.lastChange(product, currency), input.nowMs);
    if (verdict.kind === "barred") {
      findings.push(nothing(verdict.reason));
      continue;
    }
    findings.push({ kind: "suggested", product, currency, draft: draftOf(one, to, effectOf(one.elasticity, from, to)) });
  }
  return findings;
}

/** A price change needs a second admin when its step is large. */
export function needsSecond(rails: Rails, draft: Pick<Draft, "from" | "to">): boolean {
  return draft.from !== null && draft.to !== null && draft.from > 0 && stepOf({ from: draft.from, to: draft.to }) > rails.secondPersonAbove + 1e-9;
}
