// The detection benchmark. Example: node bench/detection/main.ts --seeds figures-1,figures-2

import { parseArgs } from "node:util";
import { createDetector, type DetectorConfig } from "../../src/alerts/detection/detector.ts";
import { olderRules, threeSigma } from "./baselines.ts";
import { planIncidents } from "./incident.ts";
import { createRandom } from "./random.ts";
import { createSecondShop } from "./second-shop.ts";
import { type AnyIncident, createScore, type Fired, FITS, scoreShop, type ShopFacts, summarise } from "./score.ts";
import { createShop, DAYS, MINUTES, NOISES, type Noise, SHAPES, type Shape, SIZES } from "./shop.ts";
import { printIncidents, printParts, printScores } from "./table.ts";
import { BUSINESSES, type Business, createMerchant, THIRD_SIZES } from "./third/merchant.ts";
import { type Played, playMerchant } from "./third/play.ts";
import { planTroubles } from "./third/trouble.ts";
import { drawTraffic } from "./traffic.ts";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "figures-1,figures-2" },
    sizes: { type: "string" },
    shapes: { type: "string" },
    noises: { type: "string" },
    simulator: { type: "string", default: "first" },
    sensitivity: { type: "string", default: "normal" },
    healthy: { type: "boolean", default: false },
    baselines: { type: "boolean", default: true },
    verbose: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowNegative: true,
});

if (options.help) {
  console.log(`Made-up shops of every size and shape, ${DAYS} days each, 28 to learn; what is found, how soon, and how often for nothing.

  node bench/detection/main.ts [--seeds a,b] [--sizes 10,200] [--shapes retail,food] [--noises plain,heavy]
                               [--simulator first|second|third] [--sensitivity calm|normal|eager] [--healthy] [--no-baselines] [--verbose] [--json]

Every size and shape is run once for each seed; the noise takes turns unless given. --healthy leaves incidents out: every alert is false.
Sizes and shapes: ${SIZES.join(", ")} and ${SHAPES.join(", ")}; of the third simulator ${THIRD_SIZES.join(", ")} and ${BUSINESSES.join(", ")}.
The second simulator is built differently from the first on purpose, with other traps: what holds in one only is an artefact of it. The third is written
from the side of the business (billing days, dunning, currencies, people who try again) and has incidents of its own.
Constants were chosen on seeds named tune-*; report on others. Example: node bench/detection/main.ts --seeds report-1 --sizes 5000`);
  process.exit(0);
}

/** One shop with what happens to it and what a detector gets to see. */
interface Play extends Played {
  readonly shop: ShopFacts & Pick<DetectorConfig, "timeZone"> & { readonly calendar: NonNullable<DetectorConfig["days"]> };
  readonly incidents: readonly AnyIncident[];
}

function* plays(seed: string): Generator<Play> {
  if (options.simulator === "third") {
    for (const size of (options.sizes ?? THIRD_SIZES.join(",")).split(",").map(Number)) {
      for (const shape of (options.shapes ?? BUSINESSES.join(",")).split(",") as Business[]) {
        const shop = createMerchant(seed, size, shape);
        const random = createRandom(`traffic/${shop.id}`);
        const incidents = options.healthy ? [] : planTroubles(random, shop);
        yield { shop, incidents, ...playMerchant(random, shop, incidents) };
      }
    }
    return;
  }
  const noises = (options.noises?.split(",") ?? [...NOISES]) as Noise[];
  for (const size of (options.sizes ?? SIZES.join(",")).split(",").map(Number)) {
    for (const shape of (options.shapes ?? SHAPES.join(",")).split(",") as Shape[]) {
      const noise = noises[turn++ % noises.length] ?? "plain";
      const shop = (options.simulator === "second" ? createSecondShop : createShop)(seed, size, shape, noise);
      const random = createRandom(`traffic/${shop.id}`);
      const incidents = options.healthy ? [] : planIncidents(random, shop);
      const { buckets, slices } = drawTraffic(random, shop, incidents);
      yield { shop, incidents, streams: [{ currency: "usd", buckets, slices }], whole: buckets };
    }
  }
  // A whole number of turns would give each shape always the same noise.
  turn++;
}
let turn = 0;

/** As the service does it: all payments together, and each of several currencies by itself for what is about amounts. */
function replay({ shop, streams }: Play): Fired[] {
  const fired: Fired[] = [];
  streams.forEach(({ currency, buckets, slices }, index) => {
    const config: DetectorConfig = { timeZone: shop.timeZone, days: shop.calendar, sensitivity: options.sensitivity as "normal", ...(currency === null ? {} : { currency }) };
    const detector = createDetector(index === 0 ? config : { ...config, metrics: ["revenue_dip"] });
    let next = 0;
    for (const bucket of buckets) {
      const minute = (bucket.ts - shop.start) / 60 + 1;
      const mine = slices[next]?.ts === bucket.ts ? slices[next++] : undefined;
      for (const { kind, alert } of detector.push(bucket, mine)) {
        if (kind === "opened") fired.push({ metric: alert.metric, minute, why: `${alert.kind}: ${alert.why}` });
      }
    }
  });
  return fired.sort((a, b) => a.minute - b.minute);
}

function describe({ shop, incidents }: Play, alerts: readonly Fired[]): void {
  const day = (minute: number): string => (minute / 1440).toFixed(2);
  for (const incident of incidents) {
    const inside = alerts.filter((alert) => alert.minute >= incident.from && alert.minute <= incident.until + 30);
    const fitting = inside.find((alert) => FITS[incident.kind].includes(alert.metric));
    const hit = fitting ?? inside[0];
    const length = incident.until - incident.from;
    console.error(`${shop.id} day ${day(incident.from)} ${incident.kind} ${incident.strength.toFixed(2)} for ${length} min: ${hit === undefined ? "MISSED" : `${fitting === undefined ? "MISSED, instead " : ""}+${hit.minute - incident.from} ${hit.why ?? ""}`}`);
  }
  for (const alert of alerts) {
    if (alert.minute < 28 * 1440 || incidents.some((incident) => alert.minute >= incident.from && alert.minute <= incident.until + 30)) continue;
    console.error(`${shop.id} day ${day(alert.minute)} ${shop.timeZone} FALSE ${alert.metric} ${alert.why ?? ""}`);
  }
}

const scores = { detector: createScore(), older: createScore(), sigma: createScore() };
let spent = 0;
let minutes = 0;
for (const seed of options.seeds.split(",")) {
  for (const play of plays(seed)) {
    const { shop, incidents, streams, whole } = play;
    const began = process.cpuUsage();
    const alerts = replay(play);
    const { user, system } = process.cpuUsage(began);
    spent += (user + system) / 1e6;
    minutes += streams.length * MINUTES;
    scoreShop(scores.detector, shop, incidents, alerts, createRandom(`luck/${shop.id}`));
    if (options.baselines) {
      scoreShop(scores.older, shop, incidents, olderRules(shop, whole), createRandom(`luck/${shop.id}`));
      scoreShop(scores.sigma, shop, incidents, threeSigma(shop, whole), createRandom(`luck/${shop.id}`));
    }
    if (options.verbose) describe(play, alerts);
  }
}

if (options.json) {
  console.log(JSON.stringify({ detector: summarise(scores.detector), older_rules: options.baselines ? summarise(scores.older) : null, three_sigma: options.baselines ? summarise(scores.sigma) : null }, null, 2));
} else {
  console.log(`\n${scores.detector.shops.length} shops of the ${options.simulator} simulator, seeds ${options.seeds}, sensitivity ${options.sensitivity}; ${Math.round(minutes / spent).toLocaleString("en")} minutes judged a second of CPU, slices included\n`);
  printScores([["Tillwatch", scores.detector], ...(options.baselines ? ([["older rules", scores.older], ["mean ± 3 sigma", scores.sigma]] as const) : [])]);
  console.log("\nBy size, shape and noise (last column: all sudden incidents of that row)\n");
  printParts(scores.detector);
  if (!options.healthy) {
    console.log("\nMedian minutes to the alert (found/all)\n");
    printIncidents(scores.detector);
  }
}
