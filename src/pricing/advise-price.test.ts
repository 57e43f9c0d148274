import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currency, minor, ZERO } from "../money/index.ts";
import { adviseEndings, adviseTest } from "./advise-price.ts";
import { collectFacts, WEEK_MS } from "./facts.ts";
import { checkRails } from "./rails.ts";
import { type CurrentPrice, type SuggestInput, suggestPrices } from "./suggest.ts";

const USD = currency("usd");
const RAILS = { largestStep: 0.1, secondPersonAbove: 0.05, coolDownMs: 0, frozen: ["prod_frozen"], limits: {} };

/** Ten weeks, each product at its only price. */
function shop(products: Readonly<Record<string, { price: number; weekly: number }>>, more: Partial<SuggestInput> = {}): SuggestInput {
  const facts = collectFacts(0, 10 * WEEK_MS);
  const prices: CurrentPrice[] = [];
  for (const [product, { price, weekly }] of Object.entries(products)) {
    const unitAmount = minor(price);
    prices.push({ id: `price_${product}`, product, productName: product, currency: USD, unitAmount, recurring: null, active: true });
    for (let sale = 0; sale < weekly * 10; sale += 1) {
      facts.take({ at: Math.floor(sale / weekly) * WEEK_MS + 1, product, price: `price_${product}`, currency: USD, unitAmount, renewal: false, paid: true, captured: unitAmount, refunded: ZERO, disputed: ZERO, country: null, returning: null });
    }
  }
  return { facts: facts.finish(), prices, tests: [], rails: RAILS, lastChange: () => null, nowMs: 10 * WEEK_MS, ...more };
}

const tested = (input: SuggestInput) => adviseTest(input, suggestPrices(input));

describe("a test", () => {
  it("is suggested for what sells most, with how long it takes and how little is known", () => {
    const [draft, ...more] = tested(shop({ prod_small: { price: 2000, weekly: 100 }, prod_large: { price: 2000, weekly: 200 } }));
    expect(more).toEqual([]);
    expect(draft).toMatchObject({ kind: "test_price", product: "prod_large", from: 2000, to: 2200, told: { byHand: expect.stringContaining("by lot") } });
    expect(draft?.told.effect.low).toBeLessThan(0);
    expect(draft?.told.effect.high).toBeGreaterThan(0);
    expect(draft?.told.evidence).toContainEqual({ what: "weeks needed", value: expect.stringMatching(/^1\d$/) });
  });

  it("is not, where it would not be over within half a year, is running, or a guard rail stands in the way", () => {
    expect(tested(shop({ prod_1: { price: 2000, weekly: 3 } }))).toEqual([]);
    expect(tested(shop({ prod_frozen: { price: 2000, weekly: 200 } }))).toEqual([]);
    const arms = [{ unitAmount: minor(2000), share: 0.5 }, { unitAmount: minor(2200), share: 0.5 }];
    expect(tested(shop({ prod_1: { price: 2000, weekly: 200 } }, { tests: [{ product: "prod_1", currency: USD, arms, fromMs: 0, untilMs: null }] }))).toEqual([]);
  });

  it("goes no further than the largest step, floor and ceiling", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 20_000 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 80, max: 120 }), (price, step, ceiling) => {
        const rails = { ...RAILS, largestStep: step / 100, limits: { prod_1: { usd: { floor: null, ceiling: minor(Math.round((price * ceiling) / 100)) } } } };
        for (const { from, to } of tested(shop({ prod_1: { price, weekly: 150 } }, { rails }))) {
          expect(checkRails(rails, { product: "prod_1", currency: USD, from: from ?? minor(0), to: to ?? minor(0) }, null, 0)).toEqual({ kind: "free" });
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("an ending unlike the others", () => {
  const four = { prod_a: { price: 999, weekly: 1 }, prod_b: { price: 1999, weekly: 1 }, prod_c: { price: 2999, weekly: 1 }, prod_d: { price: 4999, weekly: 1 } };
  it("is told, and that no figures say it sells better", () => {
    expect(adviseEndings(shop({ ...four, prod_odd: { price: 2037, weekly: 1 } }))).toMatchObject([{ kind: "round_amount", product: "prod_odd", from: 2037, to: 1999, told: { why: [expect.stringContaining("4 of the 4"), expect.stringContaining("not shown")] } }]);
  });

  it.each([[2000], [2095], [1037]])("%i is left as it is", (price) => {
    expect(adviseEndings(shop({ ...four, prod_odd: { price, weekly: 1 } }))).toEqual([]);
  });
});
