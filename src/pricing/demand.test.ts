import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currency, minor, ZERO } from "../money/index.ts";
import { below, effectOf, estimateElasticity, normalCdf, purchasesNeeded, quantile } from "./demand.ts";
import { collectFacts, type Facts, WEEK_MS } from "./facts.ts";
import { type Finding, suggestPrices } from "./suggest.ts";
import { gaussian, market, type MarketProduct, rowsOf, seeded } from "./testing/market.ts";

/** Around −1, from a necessity to a luxury; never above 0. */
function luxury(random: () => number): number {
  for (;;) {
    const drawn = -1 + gaussian(random);
    if (drawn < 0) return drawn;
  }
}

const USD = currency("usd");
const RAILS = { largestStep: 0.1, secondPersonAbove: 0.05, coolDownMs: 0, frozen: [], limits: {} };

describe("what is believed of the elasticity", () => {
  it("is the prior without two prices", () => {
    const rows = Array.from({ length: 20 }, (_, week) => ({ week, price: 2000, purchases: 100, exposure: 300, spell: 0 }));
    const belief = estimateElasticity(rows);
    const prior = estimateElasticity([]);
    expect(belief.mean).toBeCloseTo(prior.mean, 6);
    expect(belief.sd).toBeCloseTo(prior.sd, 6);
    // Neither raising nor lowering is favoured by what nobody has seen yet.
    expect(quantile(belief, 0.5)).toBeCloseTo(-1, 2);
  });

  it("does not depend on the order of the rows or the size of the unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const random = seeded(seed);
        const rows = Array.from({ length: 12 }, (_, week) => ({ week, price: week < 6 ? 2000 : 2200, purchases: Math.floor(random() * 200), exposure: 100 + Math.floor(random() * 300), spell: week < 6 ? 0 : 1 }));
        const one = estimateElasticity(rows);
        const other = estimateElasticity(rows.toReversed().map((row) => ({ ...row, price: row.price * 100 })));
        expect(other.mean).toBeCloseTo(one.mean, 6);
        expect(other.sd).toBeCloseTo(one.sd, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("has quantiles that its distribution agrees with", () => {
    expect(normalCdf(1.6449)).toBeCloseTo(0.95, 4);
    const rows = Array.from({ length: 20 }, (_, week) => ({ week, price: week < 10 ? 2000 : 2400, purchases: week < 10 ? 400 : 200, exposure: 1000, spell: week < 10 ? 0 : 1 }));
    const belief = estimateElasticity(rows);
    for (const p of [0.05, 0.5, 0.95]) expect(below(belief, quantile(belief, p))).toBeCloseTo(p, 6);
    expect(belief.mean).toBeLessThan(-2);
    const { low, median, high } = effectOf(belief, 2400, 2160);
    expect(low).toBeGreaterThan(0);
    expect(low < median && median < high).toBe(true);
  });

  it("covers the truth in 85 to 95 of 100 shops, and is hardly ever sure of a wrong direction", () => {
    const random = seeded(20_261_124);
    let [covered, shops, sure, wrong] = [0, 0, 0, 0];
    for (const [noise, walk] of [[0.03, 0.005], [0.06, 0.015], [0.12, 0.04]] as const) {
      for (const weekly of [60, 400]) {
        for (let shop = 0; shop < 60; shop += 1) {
          const elasticity = luxury(random);
          const change = 6 + Math.floor(random() * 14);
          const step = (random() < 0.5 ? -1 : 1) * (0.05 + 0.2 * random());
          const prices = Array.from({ length: 26 }, (_, week) => (week < change ? 2000 : Math.round(2000 * (1 + step))));
          const steady = Array.from({ length: 26 }, () => 1500);
          const products = [{ elasticity, prices, weekly }, ...[1, 2, 3].map(() => ({ elasticity: -1, prices: steady, weekly }))];
          const belief = estimateElasticity(rowsOf(market({ products, weeks: 26, shop: 0.1, noise, walk }, random), 0, prices));
          shops += 1;
          if (quantile(belief, 0.05) <= elasticity && elasticity <= quantile(belief, 0.95)) covered += 1;
          const doubt = below(belief, -1);
          if (Math.min(doubt, 1 - doubt) > 0.01) continue;
          sure += 1;
          if (doubt > 0.5 !== elasticity < -1) wrong += 1;
        }
      }
    }
    expect(covered / shops).toBeGreaterThan(0.85);
    expect(covered / shops).toBeLessThan(0.95);
    expect(sure).toBeGreaterThan(20);
    expect(wrong / sure).toBeLessThan(0.02);
  });

  it("says how many payments a test takes", () => {
    expect(purchasesNeeded(0.1, 2.33)).toBeGreaterThan(2000);
    expect(purchasesNeeded(0.2, 2.33)).toBeLessThan(purchasesNeeded(0.1, 2.33));
  });
});

/** A shop's facts at the end of a week. */
function factsOf(purchases: readonly (readonly number[])[], products: readonly MarketProduct[], end: number): Facts {
  const facts = collectFacts(0, end * WEEK_MS);
  for (const [index, product] of products.entries()) {
    for (let week = 0; week < end; week += 1) {
      const unitAmount = minor(product.prices[week] ?? 0);
      for (let sale = 0; sale < (purchases[index]?.[week] ?? 0); sale += 1) {
        facts.take({ at: week * WEEK_MS + 1, product: `prod_${index}`, price: `price_${index}_${unitAmount}`, currency: USD, unitAmount, renewal: false, paid: true, captured: unitAmount, refunded: ZERO, disputed: ZERO, country: "US", returning: false });
      }
    }
  }
  return facts.finish();
}

function look(purchases: readonly (readonly number[])[], products: readonly MarketProduct[], end: number): Finding[] {
  const prices = products.map((product, index) => {
    const unitAmount = minor(product.prices[end - 1] ?? 0);
    return { id: `price_${index}_${unitAmount}`, product: `prod_${index}`, productName: `Product ${index}`, currency: USD, unitAmount, recurring: null, active: true };
  });
  return suggestPrices({ facts: factsOf(purchases, products, end), prices, tests: [], rails: RAILS, lastChange: () => null, nowMs: end * WEEK_MS });
}

/** Some of the prices move twice. */
function shop(random: () => number, weekly: number, elasticity: () => number, weeks: number): MarketProduct[] {
  return Array.from({ length: 5 }, () => {
    const [first, second] = [6 + Math.floor(random() * 10), 20 + Math.floor(random() * 10)];
    const step = (): number => Math.round((2000 * (1 + (random() < 0.5 ? -1 : 1) * (0.05 + 0.2 * random()))) / 50) * 50;
    const [one, other] = [step(), step()];
    const moves = random() < 0.7;
    return { elasticity: elasticity(), weekly: weekly * (0.5 + random()), prices: Array.from({ length: weeks }, (_, week) => (!moves || week < first ? 2000 : week < second ? one : other)) };
  });
}

describe("suggestions", () => {
  const weeks = 40;

  it("come in less than 5 of 100 months of shops where the price makes no difference to revenue", () => {
    const random = seeded(5);
    let told = 0;
    const shops = 40;
    for (let index = 0; index < shops; index += 1) {
      const products = shop(random, 120, () => -1, weeks);
      const purchases = market({ products, weeks, shop: 0.1, noise: 0.06, walk: 0.015 }, random);
      const looks = [37, 38, 39, 40].map((end) => look(purchases, products, end));
      if (looks.some((findings) => findings.some(({ kind }) => kind === "suggested"))) told += 1;
    }
    expect(told / shops).toBeLessThan(0.05);
  });

  it("help where they are made", () => {
    const random = seeded(6);
    let [made, harmful, covered] = [0, 0, 0];
    for (let index = 0; index < 30; index += 1) {
      const products = shop(random, 300, () => luxury(random), weeks);
      const purchases = market({ products, weeks, shop: 0.1, noise: 0.04, walk: 0.008 }, random);
      for (const finding of look(purchases, products, weeks)) {
        if (finding.kind !== "suggested") continue;
        const { from, to, told } = finding.draft;
        const truth = ((to ?? 1) / (from ?? 1)) ** (1 + (products[Number(finding.product.slice(5))]?.elasticity ?? -1)) - 1;
        made += 1;
        if (truth < 0) harmful += 1;
        if (truth >= (told.effect.low ?? 0) && truth <= (told.effect.high ?? 0)) covered += 1;
        expect(Math.abs((to ?? 0) / (from ?? 1) - 1)).toBeLessThanOrEqual(RAILS.largestStep + 1e-9);
      }
    }
    expect(made).toBeGreaterThan(10);
    expect(harmful / made).toBeLessThan(0.02);
    expect(covered / made).toBeGreaterThan(0.8);
  });

  it("say what is missing in a shop of 30 payments", () => {
    const products = [{ elasticity: -2, weekly: 3, prices: Array.from({ length: 10 }, () => 2000) }];
    const [finding, ...more] = look([Array.from({ length: 10 }, () => 3)], products, 10);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ kind: "not_enough", text: expect.stringMatching(/not enough evidence: .*about [\d,]+ more payments needed/) });
    expect(finding?.kind === "not_enough" && finding.payments).toBeGreaterThan(1000);
  });

  it("need a second witness: one change of the price may be a coincidence", () => {
    const weeks = Array.from({ length: 30 }, (_, week) => week);
    const products = [
      { elasticity: -3, weekly: 300, prices: weeks.map((week) => (week < 15 ? 2000 : 2400)) },
      { elasticity: -1, weekly: 300, prices: weeks.map(() => 1500) },
    ];
    const first = look([weeks.map((week) => (week < 15 ? 300 : 170)), weeks.map(() => 300)], products, 30).find(({ product }) => product === "prod_0");
    expect(first).toMatchObject({ kind: "not_enough", text: expect.stringContaining("one change") });
    const twice = [{ ...products[0], prices: weeks.map((week) => (week < 10 || week >= 20 ? 2400 : 2000)) } as MarketProduct, products[1] as MarketProduct];
    expect(look([weeks.map((week) => (week < 10 || week >= 20 ? 170 : 300)), weeks.map(() => 300)], twice, 30).find(({ product }) => product === "prod_0")).toMatchObject({ kind: "suggested", draft: { kind: "lower" } });
  });

  it("need something to compare with", () => {
    const products = [{ elasticity: -3, weekly: 300, prices: Array.from({ length: 20 }, (_, week) => (week < 10 ? 2000 : 2400)) }];
    expect(look([Array.from({ length: 20 }, (_, week) => (week < 10 ? 300 : 150))], products, 20)).toMatchObject([{ kind: "not_enough", text: expect.stringContaining("season") }]);
  });
});
