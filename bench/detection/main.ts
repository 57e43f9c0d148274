// The detection benchmark. Example: node bench/detection/main.ts --seeds figures-1,figures-2

import { parseArgs } from "node:util";
import { createDetector } from "../../src/alerts/detection/detector.ts";
import { olderRules, threeSigma } from "./baselines.ts";
import { FITTING, type Incident, planIncidents } from "./incident.ts";
import { createRandom } from "./random.ts";
import { createSecondShop } from "./second-shop.ts";
import { createScore, type Fired, scoreShop, summarise } from "./score.ts";
import { createShop, MINUTES, NOISES, type Noise, SHAPES, type Shape, type Shop, SIZES } from "./shop.ts";
import { printIncidents, printParts, printScores } from "./table.ts";
import { drawTraffic, type Traffic } from "./traffic.ts";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "figures-1,figures-2" },
    sizes: { type: "string", default: SIZES.join(",") },
    shapes: { type: "string", default: SHAPES.join(",") },
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
  console.log(`Made-up shops of every size and shape, 84 days each, 28 to learn; what is found, how soon, and how often for nothing.

  node bench/detection/main.ts [--seeds a,b] [--sizes 10,200] [--shapes retail,food] [--noises plain,heavy]
                               [--simulator first|second] [--sensitivity calm|normal|eager] [--healthy] [--no-baselines] [--verbose] [--json]

Every size and shape is run once for each seed; the noise takes turns unless given. --healthy leaves incidents out: every alert is false.
The second simulator is built differently from the first on purpose, with other traps: what holds in one only is an artefact of it.
Constants were chosen on seeds named tune-*; report on others. Example: node bench/detection/main.ts --seeds report-1 --sizes 5000`);
  process.exit(0);
}

function replay(shop: Shop, { buckets, slices }: Traffic): Fired[] {
  const detector = createDetector({ timeZone: shop.timeZone, days: shop.calendar, sensitivity: options.sensitivity as "normal" });
  const fired: Fired[] = [];
  let next = 0;
  for (const bucket of buckets) {
    const minute = (bucket.ts - shop.start) / 60 + 1;
    const mine = slices[next]?.ts === bucket.ts ? slices[next++] : undefined;
    for (const { kind, alert } of detector.push(bucket, mine)) {
      if (kind === "opened") fired.push({ metric: alert.metric, minute, why: `${alert.kind}: ${alert.why}` });
    }
  }
  return fired;
}

function describe(shop: Shop, incidents: readonly Incident[], alerts: readonly Fired[]): void {
  const day = (minute: number): string => (minute / 1440).toFixed(2);
  for (const incident of incidents) {
    const inside = alerts.filter((alert) => alert.minute >= incident.from && alert.minute <= incident.until + 30);
    const fitting = inside.find((alert) => FITTING[incident.kind].includes(alert.metric));
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
const noises = (options.noises?.split(",") ?? [...NOISES]) as Noise[];
let spent = 0;
let minutes = 0;
let shops = 0;
for (const seed of options.seeds.split(",")) {
  for (const size of options.sizes.split(",").map(Number)) {
    for (const shape of options.shapes.split(",") as Shape[]) {
      const noise = noises[shops++ % noises.length] ?? "plain";
      const shop = (options.simulator === "second" ? createSecondShop : createShop)(seed, size, shape, noise);
      const random = createRandom(`traffic/${shop.id}`);
      const incidents = options.healthy ? [] : planIncidents(random, shop);
      const traffic = drawTraffic(random, shop, incidents);
      const began = process.cpuUsage();
      const alerts = replay(shop, traffic);
      const { user, system } = process.cpuUsage(began);
      spent += (user + system) / 1e6;
      minutes += traffic.buckets.length;
      scoreShop(scores.detector, shop, incidents, alerts, createRandom(`luck/${shop.id}`));
      if (options.baselines) {
        scoreShop(scores.older, shop, incidents, olderRules(shop, traffic.buckets), createRandom(`luck/${shop.id}`));
        scoreShop(scores.sigma, shop, incidents, threeSigma(shop, traffic.buckets), createRandom(`luck/${shop.id}`));
      }
      if (options.verbose) describe(shop, incidents, alerts);
    }
  }
  // A whole number of turns would give each shape always the same noise.
  shops++;
}

if (options.json) {
  console.log(JSON.stringify({ detector: summarise(scores.detector), older_rules: options.baselines ? summarise(scores.older) : null, three_sigma: options.baselines ? summarise(scores.sigma) : null }, null, 2));
} else {
  console.log(`\n${minutes / MINUTES} shops of the ${options.simulator} simulator, seeds ${options.seeds}, sensitivity ${options.sensitivity}; ${Math.round(minutes / spent).toLocaleString("en")} minutes judged a second of CPU, slices included\n`);
  printScores([["Tillwatch", scores.detector], ...(options.baselines ? ([["older rules", scores.older], ["mean ± 3 sigma", scores.sigma]] as const) : [])]);
  console.log("\nBy size, shape and noise (last column: all sudden incidents of that row)\n");
  printParts(scores.detector, noises);
  if (!options.healthy) {
    console.log("\nMedian minutes to the alert (found/all)\n");
    printIncidents(scores.detector);
  }
}
