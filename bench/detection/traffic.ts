// Draws the minutes of a shop with its incidents, as buckets and slices.

import type { MinuteBucket, MinuteSlices } from "../../src/alerts/detection/bucket.ts";
import type { Incident } from "./incident.ts";
import type { Random } from "./random.ts";
import { MINUTES, type Segment, type Shop } from "./shop.ts";

export interface Traffic {
  readonly buckets: MinuteBucket[];
  readonly slices: MinuteSlices[];
}

interface Moment { rate: number; decline: number; amount: number; webhookFailure: number; brand: string; country: string; extra: number; attack: number }

export function drawTraffic(random: Random, shop: Shop, incidents: readonly Incident[]): Traffic {
  const buckets: MinuteBucket[] = [];
  const slices: MinuteSlices[] = [];
  let next = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    while (next < incidents.length && (incidents[next]?.until ?? 0) <= minute) next++;
    const moment = momentOf(shop, minute, incidents[next]);
    const ts = shop.start + minute * 60;
    const brands = shop.brands.map(() => [0, 0] as [number, number]);
    const countries = shop.countries.map(() => [0, 0] as [number, number]);
    drawAttempts(random, shop, moment, brands, countries);
    let attempts = 0;
    let failed = 0;
    for (const pair of brands) {
      attempts += pair[0];
      failed += pair[1];
    }
    const succeeded = attempts - failed;
    const deliveries = random.poisson(attempts * shop.webhooksPerAttempt);
    const broken = random.binomial(deliveries, moment.webhookFailure);
    buckets.push({ ts, attempts, succeeded, failed, revenue_minor: drawRevenue(random, shop, succeeded, moment.amount), webhook_ok: deliveries - broken, webhook_failed: broken });
    if (attempts > 0) slices.push({ ts, card_brand: named(shop.brands, brands), card_country: named(shop.countries, countries) });
  }
  return { buckets, slices };
}

function momentOf(shop: Shop, minute: number, incident: Incident | undefined): Moment {
  const moment: Moment = {
    rate: shop.rate[minute] ?? 0, decline: shop.decline[minute] ?? 0, amount: shop.amount[minute] ?? 1, webhookFailure: shop.webhookFailure[minute] ?? 0,
    brand: "", country: "", extra: 0, attack: 0,
  };
  if (incident === undefined || minute < incident.from) return moment;
  const { strength } = incident;
  switch (incident.kind) {
    case "processor_outage":
      moment.decline = Math.max(moment.decline, strength);
      break;
    case "brand_failing":
      moment.brand = incident.segment;
      moment.extra = strength;
      break;
    case "country_failing":
      moment.country = incident.segment;
      moment.extra = strength;
      break;
    case "checkout_halved":
    case "checkout_dead":
      moment.rate *= 1 - strength;
      break;
    case "amounts_halved":
      moment.amount *= strength;
      break;
    case "webhooks_down":
    case "webhooks_partly":
      moment.webhookFailure = Math.max(moment.webhookFailure, strength);
      break;
    case "slow_degradation": {
      const grown = strength * Math.min(1, (minute - incident.from) / (incident.until - incident.from));
      if (incident.degrades === "rate") moment.decline += (1 - moment.decline) * grown;
      else moment.rate *= 1 - grown;
      break;
    }
    case "card_testing":
      moment.attack = strength;
      break;
  }
  return moment;
}

function drawAttempts(random: Random, shop: Shop, moment: Moment, brands: [number, number][], countries: [number, number][]): void {
  // Negative binomial by clumps: a Gamma-distributed rate.
  const rate = shop.clumping > 0 && moment.rate > 0 ? (random.gamma(moment.rate / shop.clumping + 1e-3) * shop.clumping) : moment.rate;
  const many = rate > 40;
  let left = many ? 0 : random.poisson(rate);
  shop.brands.forEach((brand, b) => {
    shop.countries.forEach((country, c) => {
      if (!many) return;
      add(random, brand, country, b, c, random.poisson(rate * brand.share * country.share), moment, brands, countries);
    });
  });
  for (; left > 0; left--) {
    const b = pickSegment(random, shop.brands);
    const c = pickSegment(random, shop.countries);
    const brand = shop.brands[b];
    const country = shop.countries[c];
    if (brand !== undefined && country !== undefined) add(random, brand, country, b, c, 1, moment, brands, countries);
  }
  if (moment.attack === 0) return;
  const tests = random.poisson(moment.attack);
  const refused = random.binomial(tests, 0.92);
  tally(brands, 0, tests, refused);
  tally(countries, Math.min(1, countries.length - 1), tests, refused);
}

function add(random: Random, brand: Segment, country: Segment, b: number, c: number, attempts: number, moment: Moment, brands: [number, number][], countries: [number, number][]): void {
  if (attempts === 0) return;
  let decline = Math.min(0.95, moment.decline * brand.risk * country.risk);
  if (brand.name === moment.brand || country.name === moment.country) decline = Math.max(decline, moment.extra);
  const failed = random.binomial(attempts, decline);
  tally(brands, b, attempts, failed);
  tally(countries, c, attempts, failed);
}

function tally(pairs: [number, number][], at: number, attempts: number, failed: number): void {
  const pair = pairs[at];
  if (pair === undefined) return;
  pair[0] += attempts;
  pair[1] += failed;
}

function pickSegment(random: Random, segments: readonly Segment[]): number {
  let left = random.uniform();
  for (let index = 0; index < segments.length - 1; index++) {
    left -= segments[index]?.share ?? 0;
    if (left < 0) return index;
  }
  return segments.length - 1;
}

function drawRevenue(random: Random, shop: Shop, sales: number, factor: number): number {
  const sigma = shop.saleSigma;
  const mean = shop.meanSale * factor;
  let revenue = 0;
  if (sales <= 20) {
    for (let sale = 0; sale < sales; sale++) revenue += mean * Math.exp(sigma * random.normal() - (sigma * sigma) / 2);
  } else {
    // A Gamma with the sum's mean and variance: like the sum of log-normal amounts it has no long lower tail.
    const variance = Math.expm1(sigma * sigma);
    revenue = mean * variance * random.gamma(sales / variance);
  }
  const large = shop.whales > 0 ? random.binomial(sales, shop.whales) : 0;
  return Math.round(revenue + large * mean * 30);
}

function named(segments: readonly Segment[], pairs: readonly [number, number][]): Record<string, [number, number]> {
  const values: Record<string, [number, number]> = {};
  pairs.forEach((pair, index) => {
    if (pair[0] > 0) values[segments[index]?.name ?? ""] = pair;
  });
  return values;
}
