import { gaussian, poisson } from "../../src/pricing/testing/market.ts";
import type { Random } from "../detection/random.ts";
import type { Cell, Kind, Shop } from "./shop.ts";

const NOISES: readonly [[number, number], ...[number, number][]] = [[0.03, 0.005], [0.06, 0.015], [0.12, 0.04]];

/** Around −1, from a necessity to a luxury; never above 0. */
function elasticity(uniform: () => number): number {
  for (;;) {
    const drawn = -1 + gaussian(uniform);
    if (drawn < 0) return drawn;
  }
}

/**
 * The first simulator: log-linear demand with a known elasticity, a season that all products share, growth, noise and
 * levels that walk: the family of the model. The owner moves some prices up or down by 5 to 25 % and leaves them there.
 */
export function createFirstShop(random: Random, weekly: number, products: number, kind: Kind): Shop {
  const [noise, walk] = random.pick(NOISES);
  const uniform = random.uniform;
  const growth = 0.003 * gaussian(uniform);
  const all = Array.from({ length: products }, () => ({
    elasticity: kind === "neutral" ? -1 : elasticity(uniform),
    base: weekly * (0.5 + uniform()),
    first: 2000,
    price: 2000,
    level: 0,
    moves: Array.from({ length: random.integer(0, 2) }, () => ({ week: random.integer(6, 80), to: Math.round((2000 * (1 + (uniform() < 0.5 ? -1 : 1) * (0.05 + 0.2 * uniform()))) / 50) * 50 })),
  }));
  let now = 0;
  return {
    name: `noise ${noise}`,
    products,
    priceOf: (product) => all[product]?.price ?? 0,
    setPrice: (product, unitAmount) => {
      const one = all[product];
      if (one === undefined) return;
      one.price = unitAmount;
      // Who follows suggestions no longer follows a plan of their own.
      one.moves = [];
    },
    week: () => {
      const shared = 0.15 * Math.sin((2 * Math.PI * now) / 52) + 0.1 * gaussian(uniform) + growth * now;
      const cells = all.map((one): Cell[] => {
        const move = one.moves.find(({ week }) => week === now);
        if (move !== undefined) one.price = move.to;
        one.level += walk * gaussian(uniform);
        return [{ unitAmount: one.price, purchases: poisson(uniform, one.base * Math.exp(shared + one.level + noise * gaussian(uniform) + one.elasticity * Math.log(one.price / one.first))) }];
      });
      now += 1;
      return cells;
    },
    truth: (product, to) => {
      const { elasticity, price, base, first } = all[product] ?? { elasticity: -1, price: 1, base: 0, first: 1 };
      const own = (to / price) ** (1 + elasticity) - 1;
      const taken = (one: { base: number; price: number; first: number; elasticity: number }): number => one.base * one.price * (one.price / one.first) ** one.elasticity;
      return { own, shop: (own * taken({ elasticity, price, base, first })) / all.reduce((sum, one) => sum + taken(one), 0) };
    },
  };
}
