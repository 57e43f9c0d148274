import { createRandom } from "../detection/random.ts";
import { printTable } from "../table.ts";
import { createFirstShop } from "./first-shop.ts";
import { createScore, type Score, scoreShop } from "./score.ts";
import { createSecondShop } from "./second-shop.ts";
import { type Kind, PRODUCTS, SIZES } from "./shop.ts";

export interface PricingBench {
  readonly seeds: readonly string[];
  readonly simulators: readonly string[];
  /** Of each size and number of products, for each seed. */
  readonly shops: number;
  /** No new shop is begun after this long. */
  readonly seconds: number;
  readonly naive: boolean;
}

const MAKERS: Readonly<Record<string, typeof createFirstShop>> = { first: createFirstShop, second: createSecondShop };

function part(count: number, all: number): string {
  return all === 0 ? "-" : `${((100 * count) / all).toFixed(1)} %`;
}

function columns(answering: Score, neutral: Score): (string | number)[] {
  const gain = answering.made === 0 ? "-" : `${((100 * answering.gain) / answering.made).toFixed(1)} %`;
  return [
    answering.shops,
    answering.intervals,
    part(answering.covered, answering.intervals),
    part(neutral.covered, neutral.intervals),
    answering.made,
    part(answering.harmful, answering.made),
    part(answering.harmfulMuch, answering.made),
    part(answering.harmfulShop, answering.made),
    part(answering.madeCovered, answering.made),
    gain,
    `${part(answering.found, answering.chances)} of ${answering.chances}`,
    neutral.months,
    part(neutral.monthsTold, neutral.months),
  ];
}

const HEADINGS = ["", "shops", "intervals", "covered", "neutral", "made", "harmful", "by > 1 %", "to the shop", "made, covered", "gain each", "chances found", "neutral months", "told"];

/** Made-up shops of all sizes whose truth is known; see docs/pricing.md for what the columns mean. */
export function benchPricing({ seeds, simulators, shops, seconds, naive }: PricingBench): void {
  for (const simulator of simulators) {
    const make = MAKERS[simulator];
    if (make === undefined) throw new Error(`--simulator takes ${Object.keys(MAKERS).join(" or ")}, not ${simulator}`);
    const scores = new Map<string, Record<Kind, Score>>();
    const scoresOf = (row: string): Record<Kind, Score> => {
      const known = scores.get(row) ?? { answering: createScore(), neutral: createScore() };
      scores.set(row, known);
      return known;
    };
    const began = performance.now();
    const cpu = process.cpuUsage();
    let left = 0;
    for (const seed of seeds) {
      for (let turn = 0; turn < shops; turn += 1) {
        for (const weekly of SIZES) {
          for (const products of PRODUCTS) {
            if (performance.now() - began > seconds * 1000) {
              left += 1;
              continue;
            }
            for (const kind of ["answering", "neutral"] as const) {
              const name = `${simulator}/${seed}/${turn}/${weekly}/${products}/${kind}`;
              const rows = ["Tillwatch", `${weekly} a week`, `${products} product${products === 1 ? "" : "s"}`];
              // The same shop and the same luck for each row that it counts in.
              const one = createScore();
              scoreShop(one, make(createRandom(name), weekly, products, kind), kind, createRandom(`luck/${name}`), false);
              for (const row of rows) add(scoresOf(row)[kind], one);
              if (naive) scoreShop(scoresOf("spreadsheet")[kind], make(createRandom(name), weekly, products, kind), kind, createRandom(`luck/${name}`), true);
            }
          }
        }
      }
    }
    const { user, system } = process.cpuUsage(cpu);
    console.log(`\nThe ${simulator} simulator, seeds ${seeds.join(",")}; ${((user + system) / 1e6).toFixed(0)} s of processor time${left > 0 ? `; ${left} shops of each kind left out when the time was over` : ""}\n`);
    const order = ["Tillwatch", "spreadsheet", ...SIZES.map((size) => `${size} a week`), ...PRODUCTS.map((count) => `${count} product${count === 1 ? "" : "s"}`)];
    printTable(HEADINGS, order.flatMap((row) => (scores.has(row) ? [[row, ...columns(scoresOf(row).answering, scoresOf(row).neutral)]] : [])));
  }
}

function add(to: Score, one: Score): void {
  for (const key of Object.keys(one) as (keyof Score)[]) to[key] += one[key];
}
