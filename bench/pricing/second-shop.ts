import type { Random } from "../detection/random.ts";
import type { Cell, Kind, Shop } from "./shop.ts";

/**
 * The second simulator: built of buyers, not of curves, and outside the model's family on purpose.
 *
 * - Buyers are groups with a willingness to pay each (log-normal), so elasticity differs from price to price.
 * - They remember the usual price; what is above it hurts more than what is below it pleases (Tversky & Kahneman 1991),
 *   and the memory follows the price only slowly: the first weeks after a change do not look like the later ones.
 * - Some who bought come back, less choosy about the price: what is sold today changes what is sold in two months.
 * - Who does not buy may buy something else in the shop: the control is not clean.
 * - Each product has a season and a trend of its own beside the shop's, and noise that lasts from week to week.
 * - Competitors come and go: demand of one product jumps, and stays or fades; owners sometimes change a price because of it.
 * - Promotions: a lower price for some weeks, with advertising that brings buyers by itself, and a hangover after it.
 * - Outages, and weeks in which advertising brings twice as many to the whole shop.
 *
 * `neutral`: each buyer's chance is in inverse proportion to the price, so that no price takes more than another;
 * everything that could feign an effect stays.
 */

interface Group {
  readonly share: number;
  readonly median: number;
  readonly spread: number;
}

interface Product {
  readonly first: number;
  readonly base: number;
  readonly groups: readonly Group[];
  readonly hurts: number;
  readonly pleases: number;
  readonly season: number;
  readonly phase: number;
  readonly trend: number;
  readonly noise: number;
  readonly returning: number;
  readonly shift: number;
  plan: { week: number; factor: number }[];
  promotions: { readonly week: number; readonly weeks: number; readonly cut: number; readonly boost: number }[];
  price: number;
  reference: number;
  pool: number;
  lasting: number;
  shock: number;
  readonly fades: boolean;
  hangover: number;
}

/** Abramowitz & Stegun 26.2.17 is plenty here: a tail of the normal. */
function above(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = 0.3989422804 * Math.exp((-z * z) / 2) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? tail : 1 - tail;
}

/** Of those who look, how many buy at this price. */
function buys(product: Product, price: number, kind: Kind): number {
  if (kind === "neutral") return (0.4 * product.first) / price;
  const gap = Math.log(price / product.reference);
  const felt = price * Math.exp(gap * (gap > 0 ? product.hurts : product.pleases));
  return product.groups.reduce((sum, { share, median, spread }) => sum + share * above(Math.log(felt / median) / spread), 0);
}

function makeProduct(random: Random, weekly: number, kind: Kind): Product {
  const first = random.pick([500, 900, 1999, 2000, 4900, 12_000] as const);
  // How choosy: the middle of the willingness to pay lies between half and four times the price.
  const groups = Array.from({ length: random.integer(2, 4) }, () => ({ share: 0.2 + random.uniform(), median: first * Math.exp(random.between(-0.7, 1.4)), spread: random.between(0.25, 0.9) }));
  const total = groups.reduce((sum, { share }) => sum + share, 0);
  const product: Product = {
    first,
    base: 0,
    groups: groups.map((group) => ({ ...group, share: group.share / total })),
    hurts: kind === "neutral" ? 0 : random.between(0.2, 0.9),
    pleases: kind === "neutral" ? 0 : random.between(0, 0.4),
    season: random.between(0, 0.2),
    phase: random.uniform(),
    trend: 0.004 * random.normal(),
    noise: random.pick([0.03, 0.06, 0.12] as const),
    returning: random.between(0, 0.4),
    shift: kind === "neutral" ? 0 : random.between(0, 0.15),
    plan: Array.from({ length: random.integer(0, 3) }, () => ({ week: random.integer(4, 90), factor: Math.exp((random.uniform() < 0.6 ? 1 : -1) * random.between(0.03, 0.2)) })),
    promotions: Array.from({ length: random.integer(0, 4) }, () => ({ week: random.integer(4, 100), weeks: random.integer(1, 4), cut: random.between(0.1, 0.3), boost: random.between(0, 0.4) })),
    price: first,
    reference: first,
    pool: 0,
    lasting: 0,
    shock: 0,
    fades: random.uniform() < 0.5,
    hangover: 0,
  };
  const base = (weekly * (0.3 + 1.4 * random.uniform())) / Math.max(0.02, buys(product, first, kind));
  return { ...product, base, pool: 20 * (1 - product.returning) * base * buys(product, first, kind) };
}

/** As the owner would write it: ends as the price before did. */
function rounded(amount: number, like: number): number {
  const grid = like >= 5000 ? 100 : 50;
  return Math.max(grid, Math.round((amount - (like % grid)) / grid) * grid + (like % grid));
}

export function createSecondShop(random: Random, weekly: number, products: number, kind: Kind): Shop {
  const all = Array.from({ length: products }, () => makeProduct(random, weekly, kind));
  const phase = random.uniform();
  const peak = random.between(0.1, 0.6);
  let now = 0;

  /** What is expected in a week at these prices, all luck left out; moves reference and pool on. */
  function expected(those: Product[], week: number, prices: readonly number[], shared: number, luck: readonly number[]): number[] {
    const fresh = those.map((one, index) => {
      const own = one.season * Math.sin(2 * Math.PI * (week / 52 + one.phase)) + one.trend * week + one.shock + (luck[index] ?? 0) - one.hangover;
      return one.base * Math.exp(shared + own) * buys(one, prices[index] ?? 1, kind);
    });
    const usual = those.map((one) => buys({ ...one, reference: one.first }, one.first, kind));
    return those.map((one, index) => {
      const price = prices[index] ?? 1;
      const ratio = buys(one, price, kind) / Math.max(1e-9, usual[index] ?? 1);
      const back = (one.pool * one.returning) / 20 / Math.max(0.1, 1 - one.returning) * (kind === "neutral" ? ratio : Math.sqrt(ratio));
      // Who was put off by another product's price and takes this one.
      const taken = those.length < 2 ? 0 : those.reduce((sum, other, position) => {
        if (position === index) return sum;
        const lost = (usual[position] ?? 0) * other.base * Math.exp(shared) - (buys(other, prices[position] ?? 1, kind) * other.base * Math.exp(shared));
        return sum + (other.shift * lost) / (those.length - 1);
      }, 0);
      const here = fresh[index] ?? 0;
      one.reference *= (price / one.reference) ** 0.12;
      one.pool = one.pool * 0.95 + here * (kind === "neutral" ? price / one.first : 1) * (1 - one.returning);
      one.hangover *= 0.6;
      return Math.max(0, here * (1 - one.returning) + back + taken);
    });
  }

  function season(week: number): number {
    const year = week / 52 + phase;
    return 0.12 * Math.sin(2 * Math.PI * year) + 0.06 * Math.sin(4 * Math.PI * year + 1) + peak * Math.max(0, Math.sin(2 * Math.PI * year) - 0.9) * 10 * 0.5;
  }

  function happenings(one: Product): void {
    one.lasting = 0.6 * one.lasting + one.noise * random.normal();
    if (one.fades) one.shock *= 0.93;
    if (random.uniform() < 1 / 52) {
      const jump = 0.15 * random.normal();
      one.shock += jump;
      // The owner answers it: a price that moves because demand did.
      if (Math.abs(jump) > 0.1 && random.uniform() < 0.25) one.plan.push({ week: now + random.integer(1, 3), factor: Math.exp(Math.sign(jump) * random.between(0.04, 0.15)) });
    }
  }

  return {
    name: "buyers",
    products,
    priceOf: (product) => all[product]?.price ?? 0,
    setPrice: (product, unitAmount) => {
      const one = all[product];
      if (one === undefined) return;
      one.price = unitAmount;
      one.plan = [];
    },
    week: () => {
      const before = all.map(({ price }) => price);
      let shared = season(now) + 0.05 * random.normal();
      if (random.uniform() < 0.02) shared -= 0.5;
      if (random.uniform() < 0.03) shared += 0.6;
      const prices: number[] = [];
      const luck: number[] = [];
      for (const one of all) {
        happenings(one);
        for (const { factor } of one.plan.filter(({ week }) => week === now)) one.price = rounded(one.price * factor, one.first);
        const promotion = one.promotions.find(({ week, weeks }) => now >= week && now < week + weeks);
        if (promotion !== undefined && now === promotion.week + promotion.weeks - 1) one.hangover = 0.25;
        prices.push(promotion === undefined ? one.price : rounded(one.price * (1 - promotion.cut), one.first));
        luck.push(one.lasting + (promotion?.boost ?? 0));
      }
      const means = expected(all, now, prices, shared, luck);
      now += 1;
      return means.map((mean, index): Cell[] => {
        const price = prices[index] ?? 0;
        const old = before[index] ?? price;
        const count = random.poisson(mean);
        // A change in the middle of a week: both prices are seen in it.
        if (old === price || random.uniform() < 0.3) return [{ unitAmount: price, purchases: count }];
        const early = random.binomial(count, random.uniform());
        return [{ unitAmount: old, purchases: early }, { unitAmount: price, purchases: count - early }].filter(({ purchases }) => purchases > 0);
      });
    },
    truth: (product, to) => {
      const run = (amount: number | null): { own: number; shop: number } => {
        const those = all.map((one) => ({ ...one }));
        const prices = those.map(({ price }, index) => (index === product && amount !== null ? amount : price));
        const sum = { own: 0, shop: 0 };
        for (let ahead = 0; ahead < 26; ahead += 1) {
          const means = expected(those, now + ahead, prices, season(now + ahead), []);
          for (const [index, mean] of means.entries()) {
            sum.shop += mean * (prices[index] ?? 0);
            if (index === product) sum.own += mean * (prices[index] ?? 0);
          }
        }
        return sum;
      };
      const [stays, moves] = [run(null), run(to)];
      return { own: moves.own / stays.own - 1, shop: moves.shop / stays.shop - 1 };
    },
  };
}
