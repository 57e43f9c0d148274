// Usual failure rate by quarter of the local day, and how much it varies (DETECTION §5, "Payment error rate").

import { type History, learnWeight, QUARTERS_A_DAY, slot } from "./history.ts";
import { isWeekend } from "./hours.ts";
import { selectQuantile } from "./quantile.ts";

export interface RateProfile {
  /** By quarter of the local day, of weekdays and then of weekends: where nobody works at weekends what is billed again is all there is, and fails more. */
  readonly usual: Float64Array;
  /** The largest of a quarter and its neighbours: a batch that starts ten minutes late is no outage. */
  readonly tolerant: Float64Array;
  readonly store: number;
  /** Over-dispersion of the rate. */
  readonly rho: number;
  /** Attempts behind one quarter's rate. */
  readonly evidence: number;
}

const DAYS_LEARNT = 28;
const HALF_LIFE_DAYS = 10;
const SHRINK = 60;
const OUTLIER = 2.5;
/** What is taken before there is history: a rate, the tries it is worth, and the least that is ever expected. */
export interface RatePrior {
  readonly rate: number;
  readonly tries: number;
  readonly least: number;
}
/** Of payments 2 to 15 % failing is ordinary. */
export const PAYMENT_PRIOR: RatePrior = { rate: 0.08, tries: 20, least: 0.002 };
/** Deliveries hardly ever fail. */
export const WEBHOOK_PRIOR: RatePrior = { rate: 0.002, tries: 20, least: 0.0005 };
const RHO_PRIOR = 0.006;
const RHO_LOW = 0.0008;
const RHO_HIGH = 0.12;

const RATE_PLACES = 2 * QUARTERS_A_DAY;
/** Place of a quarter of the week in a profile of rates. */
export const ratePlace = (cell: number): number => (isWeekend(cell >> 2) ? QUARTERS_A_DAY : 0) + (cell % QUARTERS_A_DAY);

interface HourRate { readonly hour: number; readonly tries: number; readonly failed: number; readonly age: number; weight: number; readonly since: number; readonly until: number }

/** `tries` and `failed` are columns of the history; quarters before `since` (a quarter number) hardly count. */
export function fitRates(history: History, tries: Float64Array, failed: Float64Array, prior: RatePrior, since = -Infinity): RateProfile {
  const last = history.next - 1;
  const first = Math.max(history.first, history.next - DAYS_LEARNT * QUARTERS_A_DAY);
  const hours = hourRates(history, tries, failed, first, last, since);
  let store = prior.rate;
  let byHour = new Float64Array(48).fill(prior.rate);
  let rho = RHO_PRIOR * 2;
  for (let pass = 0; pass < 3; pass++) {
    if (pass > 0) for (const hour of hours) hour.weight = hour.age * robustness(hour, byHour[hour.hour] ?? store, rho);
    store = Math.max(prior.least, pooledRate(hours, prior.rate, prior.tries));
    byHour = hourlyRates(hours, store);
    rho = fitRho(hours, byHour);
  }
  const { rates, evidence } = quarterRates(history, tries, failed, hours, byHour);
  for (let at = 0; at < rates.length; at++) rates[at] = Math.max(prior.least, rates[at] ?? 0);
  const beside = (at: number, by: number): number => rates[(at < 96 ? 0 : 96) + ((at + by) % 96)] ?? 0;
  const tolerant = Float64Array.from(rates, (rate, at) => Math.max(rate, beside(at, 95), beside(at, 1)));
  return { usual: rates, tolerant, store, rho, evidence };
}

function hourRates(history: History, tries: Float64Array, failed: Float64Array, first: number, last: number, since: number): HourRate[] {
  const hours: HourRate[] = [];
  for (let quarter = first; quarter <= last; ) {
    const start = quarter;
    const hour = ratePlace(history.cell[slot(quarter)] ?? 0) >> 2;
    let tried = 0;
    let lost = 0;
    let weight = 1;
    for (; quarter <= last && ratePlace(history.cell[slot(quarter)] ?? 0) >> 2 === hour; quarter++) {
      const at = slot(quarter);
      const usable = learnWeight(history, at);
      if (usable === 0) continue;
      weight = Math.min(weight, usable);
      tried += tries[at] ?? 0;
      lost += failed[at] ?? 0;
    }
    const age = 0.5 ** ((last - start) / QUARTERS_A_DAY / HALF_LIFE_DAYS) * (start < since ? 0.02 : 1) * weight;
    if (tried > 0) hours.push({ hour, tries: tried, failed: lost, age, weight: age, since: start, until: quarter });
  }
  return hours;
}

function pooledRate(hours: readonly HourRate[], prior: number, worth: number): number {
  let failed = prior * worth;
  let tries = worth;
  for (const hour of hours) {
    failed += hour.weight * hour.failed;
    tries += hour.weight * hour.tries;
  }
  return failed / tries;
}

function hourlyRates(hours: readonly HourRate[], store: number): Float64Array<ArrayBuffer> {
  // The hour of any day leans on the store, that of weekdays and of weekends on the hour of any day.
  const failed = new Float64Array(72);
  const tries = new Float64Array(72);
  for (const { hour, weight, failed: lost, tries: tried } of hours) {
    for (const at of [hour, 48 + (hour % 24)]) {
      failed[at] = (failed[at] ?? 0) + weight * lost;
      tries[at] = (tries[at] ?? 0) + weight * tried;
    }
  }
  const shrunk = (at: number, to: number): number => ((failed[at] ?? 0) + SHRINK * to) / ((tries[at] ?? 0) + SHRINK);
  return Float64Array.from({ length: 48 }, (_, hour) => shrunk(hour, shrunk(48 + (hour % 24), store)));
}

function robustness(hour: HourRate, rate: number, rho: number): number {
  const distance = Math.abs(hour.failed - hour.tries * rate) / Math.sqrt(Math.max(0.2, hour.tries * rate * (1 - rate)) * (1 + (hour.tries - 1) * rho));
  return distance > OUTLIER ? (OUTLIER / distance) ** 2 : 1;
}

/** The rho at which 80 % of squared standardised errors of blocks with at least 20 attempts are below the 80 % point of chi-square. */
function fitRho(hours: readonly HourRate[], byHour: Float64Array): number {
  const samples = new Float64Array(hours.length);
  let count = 0;
  let tries = 0;
  let error = 0;
  let variance = 0;
  for (const hour of hours) {
    const rate = byHour[hour.hour] ?? 0.05;
    tries += hour.tries;
    error += hour.failed - hour.tries * rate;
    variance += hour.tries * rate * (1 - rate);
    if (tries < 20) continue;
    samples[count++] = ((error * error) / (1.642 * variance) - 1) / (tries - 1);
    tries = error = variance = 0;
  }
  const rho = count === 0 ? RHO_PRIOR : selectQuantile(samples, count, 0.8) * 1.15;
  return Math.max(RHO_LOW, Math.min(RHO_HIGH, (count * rho + 20 * RHO_PRIOR) / (count + 20)));
}

function quarterRates(history: History, tries: Float64Array, failed: Float64Array, hours: readonly HourRate[], byHour: Float64Array): { rates: Float64Array; evidence: number } {
  const tried = new Float64Array(RATE_PLACES);
  const lost = new Float64Array(RATE_PLACES);
  let evidence = 0;
  for (const hour of hours) {
    for (let quarter = hour.since; quarter < hour.until; quarter++) {
      const at = slot(quarter);
      if (learnWeight(history, at) === 0) continue;
      const place = ratePlace(history.cell[at] ?? 0);
      tried[place] = (tried[place] ?? 0) + hour.weight * (tries[at] ?? 0);
      lost[place] = (lost[place] ?? 0) + hour.weight * (failed[at] ?? 0);
      evidence += hour.weight * (tries[at] ?? 0);
    }
  }
  const rates = Float64Array.from({ length: RATE_PLACES }, (_, at) => ((lost[at] ?? 0) + SHRINK * (byHour[at >> 2] ?? 0)) / ((tried[at] ?? 0) + SHRINK));
  return { rates, evidence: evidence / 96 + SHRINK };
}
