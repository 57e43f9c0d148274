// Minutes of a made-up store for tests: a daily and weekly shape, Poisson counts, and whatever a test does to them.

import type { MinuteBucket } from "./bucket.ts";

export interface MadeUpStore {
  readonly attemptsADay: number;
  readonly days: number;
  /** Epoch seconds of the first minute; a Monday unless given. */
  readonly start?: number;
  readonly declineRate?: number;
  readonly meanSale?: number;
  readonly seed?: number;
}

/** What a minute would be without chance; a test changes it. */
export interface Moment {
  rate: number;
  decline: number;
  meanSale: number;
  webhookFailure: number;
}

export const MONDAY = Date.UTC(2025, 8, 1) / 1000;

/** Numerical Recipes' quick linear congruence: enough for tests, the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 4294967296;
  };
}

export function poisson(random: () => number, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 60) {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** Two thirds of an even curve between night and evening, weekends at 70 %. */
export function usualRate(attemptsADay: number, ts: number): number {
  const hour = (ts % 86_400) / 3600;
  const weekend = new Date(ts * 1000).getUTCDay() % 6 === 0 ? 0.7 : 1.1;
  return ((attemptsADay * weekend) / 1440) * (1 + 0.6 * Math.sin(((hour - 9) / 24) * 2 * Math.PI));
}

/** Attempts of a minute above which they are not drawn one by one. */
const MANY = 200;

function drawEach(random: () => number, attempts: number, moment: Moment): { failed: number; revenue: number } {
  let failed = 0;
  let revenue = 0;
  for (let i = 0; i < attempts; i++) {
    if (random() < moment.decline) failed++;
    else revenue += Math.round(moment.meanSale * (0.4 + 1.2 * random()));
  }
  return { failed, revenue };
}

/** The same moments: amounts between 0.4 and 1.6 times the mean sale have a deviation of 0.35 of it. */
function drawMany(random: () => number, attempts: number, moment: Moment): { failed: number; revenue: number } {
  const failed = Math.min(attempts, poisson(random, attempts * moment.decline));
  const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const sales = attempts - failed;
  return { failed, revenue: Math.max(0, Math.round(moment.meanSale * (sales + 0.35 * Math.sqrt(sales) * normal))) };
}

/** Every minute in order; `change` may alter the moment (minute counted from 0). */
export function madeUpMinutes(store: MadeUpStore, change: (moment: Moment, minute: number, ts: number) => void = () => undefined): MinuteBucket[] {
  const random = randomOf(store.seed ?? 7);
  const start = store.start ?? MONDAY;
  const buckets: MinuteBucket[] = [];
  for (let minute = 0; minute < store.days * 1440; minute++) {
    const ts = start + minute * 60;
    const moment: Moment = { rate: usualRate(store.attemptsADay, ts), decline: store.declineRate ?? 0.06, meanSale: store.meanSale ?? 4000, webhookFailure: 0.0005 };
    change(moment, minute, ts);
    const attempts = poisson(random, moment.rate);
    const { failed, revenue } = attempts > MANY ? drawMany(random, attempts, moment) : drawEach(random, attempts, moment);
    const deliveries = attempts * 2;
    let broken = 0;
    if (attempts > MANY) broken = Math.min(deliveries, poisson(random, deliveries * moment.webhookFailure));
    else for (let i = 0; i < deliveries; i++) if (random() < moment.webhookFailure) broken++;
    buckets.push({ ts, attempts, succeeded: attempts - failed, failed, revenue_minor: revenue, webhook_ok: deliveries - broken, webhook_failed: broken });
  }
  return buckets;
}
