import { estimate, exponent, type Minor, minor, moneyText } from "../money/index.ts";
import { DAY_MS } from "../platform/index.ts";
import { below, effectOf, estimateElasticity, purchasesNeeded } from "./demand.ts";
import { currentPoint } from "./facts.ts";
import { checkRails, stepOf, targetPrice } from "./rails.ts";
import { believed, CERTAINTY, type CurrentPrice, type Finding, type SuggestInput } from "./suggest.ts";
import type { Draft } from "./suggestion.ts";

/** Suggestions about amounts that no figures of the past decide: a test to be declared, and an ending unlike the others. */

/** A test that takes longer is not finished: seasons and people change. */
const MOST_WEEKS = 26;
const LEAST_WEEKS = 3;
const AFTER_A_TEST_MS = 180 * DAY_MS;

const percent = (share: number): string => `${share > 0 ? "+" : ""}${Number((share * 100).toFixed(1))} %`;

interface Testable {
  readonly price: CurrentPrice;
  readonly weekly: number;
  readonly draft: Draft;
}

function testOf(input: SuggestInput, finding: Finding): Testable | null {
  const { product, currency } = finding;
  const { facts, prices, rails, tests, nowMs } = input;
  const offer = facts.offers.find((one) => one.product === product && one.currency === currency);
  const point = offer === undefined ? null : currentPoint(offer);
  if (offer === undefined || point === null) return null;
  if (tests.some((test) => test.product === product && test.currency === currency && (test.untilMs ?? nowMs) > nowMs - AFTER_A_TEST_MS)) return null;
  const price = prices.find((one) => one.product === product && one.currency === currency && one.active && one.unitAmount === point.unitAmount);
  if (price === undefined) return null;
  const weekly = offer.weeks.filter(({ week }) => week < 4).reduce((all, { purchases }) => all + purchases, 0) / 4;
  const belief = believed(facts, offer, tests);
  const elasticity = belief.kind === "believed" ? belief.elasticity : estimateElasticity([]);
  const from = point.unitAmount;
  const likelier = below(elasticity, -1) > 0.55 ? (["lower", "raise"] as const) : (["raise", "lower"] as const);
  const reach = { raise: from * (1 + rails.largestStep), lower: from * (1 - rails.largestStep) };
  const to = likelier
    .map((direction) => targetPrice(from, currency, direction, direction === "lower" ? reach.lower : 0, direction === "raise" ? reach.raise : Number.MAX_SAFE_INTEGER))
    .find((amount) => amount !== null && checkRails(rails, { product, currency, from, to: amount }, input.lastChange(product, currency), nowMs).kind === "free");
  if (to === undefined || to === null) return null;
  const needed = purchasesNeeded(stepOf({ from, to }), CERTAINTY);
  const weeks = Math.max(LEAST_WEEKS, Math.ceil(needed / Math.max(weekly, 1e-9)));
  if (weeks > MOST_WEEKS) return null;
  const effect = effectOf(elasticity, from, to);
  const money = (amount: Minor): string => moneyText(amount, currency);
  const half = estimate(from, (weekly * weeks) / 2);
  const [worst, best] = [estimate(half, effect.low), estimate(half, effect.high)];
  return {
    price,
    weekly,
    draft: {
      kind: "test_price",
      product,
      currency,
      from,
      to,
      basis: { price: price.id, unitAmount: from, recurring: price.recurring, elasticity: null, purchases: offer.weeks.reduce((all, { purchases }) => all + purchases, 0) },
      told: {
        title: `Test ${price.productName} at ${money(to)} beside ${money(from)}`,
        why: [
          "What it has been sold at so far does not show how buyers answer to another price; a test in which each of two prices is shown to half of the visitors does.",
          `At its ${Number(weekly.toFixed(1))} purchases a week it is decided after about ${needed} purchases, ${weeks} weeks.`,
        ],
        effect: {
          text: `at ${money(to)}: ${percent(effect.low)} to ${percent(effect.high)} revenue from new purchases with 90 % confidence, which is why to test; over the whole test from ${money(worst)} to ${money(best)}`,
          low: effect.low,
          median: effect.median,
          high: effect.high,
          monthly: null,
        },
        evidence: [
          { what: "purchases a week", value: String(Number(weekly.toFixed(1))) },
          { what: "purchases needed", value: String(needed) },
          { what: "weeks needed", value: String(weeks) },
        ],
        disproof: "After that many purchases revenue per visitor is the same at both prices: then the price makes no difference here, and the test has shown that.",
        risk: "Some visitors see the higher price, and may hear of the lower one. Draw who sees which by lot, never by country, group or person.",
        undo: "End the test (pricing.tests, until) and switch the second Price off at Stripe.",
        byHand: `Make a second Price of ${money(to)} for ${product} at Stripe, show each of the two to half of the visitors by lot, and declare it under pricing.tests in tillwatch.yaml: both prices with share 0.5 and the day it begins. Leave it for ${weeks} weeks whatever it looks like in between.`,
      },
    },
  };
}

/** One test at a time, of what sells most: where no figures decide, and a test would be over within half a year. */
export function adviseTest(input: SuggestInput, findings: readonly Finding[]): Draft[] {
  const found = findings.flatMap((finding) => (finding.kind === "not_enough" ? (testOf(input, finding) ?? []) : []));
  const best = found.toSorted((one, other) => other.weekly * other.price.unitAmount - one.weekly * one.price.unitAmount || one.price.id.localeCompare(other.price.id))[0];
  return best === undefined ? [] : [best.draft];
}

const ENDINGS = [99, 95, 90, 50, 0] as const;
const LEAST_ALIKE = 4;
/** An ending is no reason to change a price by more than this. */
const MOST_FOR_AN_ENDING = 0.02;

/** An amount that ends unlike nearly all others of the shop, such as $20.37 among …99. Only where a major unit has a hundred minor ones. */
export function adviseEndings({ facts, prices, rails, lastChange, nowMs }: SuggestInput): Draft[] {
  return facts.offers.flatMap((offer): Draft[] => {
    const { product, currency } = offer;
    const point = currentPoint(offer);
    if (exponent(currency) !== 2 || point === null) return [];
    const price = prices.find((one) => one.product === product && one.currency === currency && one.active && one.unitAmount === point.unitAmount);
    const others = prices.filter((one) => one.currency === currency && one.active && one.product !== product);
    const ending = ENDINGS.find((end) => others.filter(({ unitAmount }) => unitAmount % 100 === end).length >= Math.max(LEAST_ALIKE, others.length * 0.75));
    const from = point.unitAmount;
    // Fives and tens are endings of their own.
    if (price === undefined || ending === undefined || from % 5 === 0 || from % 10 === 9) return [];
    const below100 = from - (from % 100) + ending;
    const to = minor([below100 - 100, below100, below100 + 100].toSorted((one, other) => Math.abs(one - from) - Math.abs(other - from))[0] ?? from);
    if (to <= 0 || stepOf({ from, to }) > MOST_FOR_AN_ENDING) return [];
    if (checkRails(rails, { product, currency, from, to }, lastChange(product, currency), nowMs).kind === "barred") return [];
    const effect = effectOf(estimateElasticity([]), from, to);
    const money = (amount: Minor): string => moneyText(amount, currency);
    return [
      {
        kind: "round_amount",
        product,
        currency,
        from,
        to,
        basis: { price: price.id, unitAmount: from, recurring: price.recurring, elasticity: null, purchases: point.paid },
        told: {
          title: `Let ${price.productName} end as the others do: ${money(to)} instead of ${money(from)}`,
          why: [`${others.filter(({ unitAmount }) => unitAmount % 100 === ending).length} of the ${others.length} other active prices in ${currency.toUpperCase()} end in ${String(ending).padStart(2, "0")}; ${money(from)} does not.`, "That an ending sells better is not shown by these figures: it is a matter of order, and the step is small."],
          effect: { text: `${percent(to / from - 1)} on the price; ${percent(effect.low)} to ${percent(effect.high)} revenue from new purchases with 90 % confidence, by what is usual for products`, low: effect.low, median: effect.median, high: effect.high, monthly: null },
          evidence: [
            { what: "prices that end alike", value: String(others.filter(({ unitAmount }) => unitAmount % 100 === ending).length) },
            { what: "other active prices", value: String(others.length) },
            { what: "purchases at this price", value: String(point.paid) },
          ],
          disproof: "The odd amount is one that customers know, such as a tax or a tariff.",
          risk: `${price.recurring === null ? "" : "Existing subscribers keep their price. "}A change of price, however small, is noticed.`,
          undo: "Make the old Price the default again at Stripe.",
          byHand: `Propose ${money(to)} for ${price.id} (POST /api/pricing/suggestions), or make a new Price at Stripe and keep the old one.`,
        },
      },
    ];
  });
}
