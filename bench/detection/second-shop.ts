// Long because each habit and each trap of the second simulator is one plain function of its own.
// A second made-up shop, built differently from the first on purpose: what holds only in one simulator is an artefact of it.
// Hours come from tables instead of bumps, days share one level with a memory, and the traps are others: a promotion while the shop is still being
// learnt, growth that stops, holidays at a tenth, renewal batches that drift and vary, month ends, nights without a sale, minutes of failing deploys.

import type { SpecialDay } from "../../src/alerts/detection/calendar.ts";
import { DAY, HOUR, weekday, zoneSpan } from "../../src/alerts/detection/zone.ts";
import { createRandom, type Random } from "./random.ts";
import { DAYS, eachLocalMinute, MINUTES, type Noise, segments, type Shape, type Shop } from "./shop.ts";

/** Four zones north of the equator, two south: clocks change either way. */
const ZONES = ["Europe/Paris", "America/Chicago", "America/Santiago", "Australia/Melbourne", "Asia/Tokyo", "America/Sao_Paulo"] as const;

/** Attempts by local hour, relative. */
const HOURS: Readonly<Record<Shape, readonly number[]>> = {
  retail: [18, 9, 5, 3, 2, 3, 8, 18, 32, 45, 56, 62, 66, 60, 56, 55, 58, 66, 78, 92, 100, 92, 66, 36],
  business: [0, 0, 0, 0, 0, 1, 4, 18, 70, 96, 100, 94, 62, 78, 98, 94, 80, 46, 14, 5, 2, 1, 0, 0],
  food: [6, 2, 0, 0, 0, 0, 0, 2, 6, 8, 14, 55, 100, 82, 26, 12, 16, 44, 96, 120, 98, 52, 24, 12],
  subscriptions: [22, 18, 15, 13, 12, 14, 20, 30, 42, 52, 58, 60, 60, 58, 56, 56, 58, 60, 62, 62, 58, 50, 40, 30],
};

export function createSecondShop(seed: string, size: number, shape: Shape, noise: Noise): Shop {
  const random = createRandom(`second/${seed}/${size}/${shape}/${noise}`);
  const timeZone = random.pick(ZONES);
  const start = Date.UTC(2026, random.pick([1, 2, 8, 9]), random.integer(1, 28)) / 1000 - Math.floor(zoneSpan(timeZone, Date.UTC(2026, 2, 1) / 1000).offset / HOUR) * HOUR;
  const calendar = publicDays(random, start);
  const rate = peopleRates(random, shape, start, timeZone, calendar);
  const batch = shape === "subscriptions" ? nightlyBatch(random, start, timeZone) : undefined;
  const scale = size / 1440;
  const batchShare = random.between(0.35, 0.7);
  normalise(rate, scale * (batch === undefined ? 1 : 1 - batchShare));
  if (batch !== undefined) normalise(batch.rate, scale * batchShare);
  grow(random, rate);
  const amount = new Float64Array(MINUTES).fill(1);
  promote(random, rate, amount);
  for (let minute = 0; minute < MINUTES; minute++) rate[minute] = (rate[minute] ?? 0) + (batch?.rate[minute] ?? 0);
  unsettle(random, noise, rate, amount);
  loseHours(random, rate);
  return {
    id: `second-${size}-${shape}-${noise}-${seed}`, size, shape, noise, timeZone, start, calendar, rate, amount,
    decline: declines(random, noise, batch?.rate, rate),
    meanSale: Math.round(random.between(700, 15_000)), saleSigma: noise === "heavy" ? random.between(0.9, 1.3) : random.between(0.3, 0.9),
    whales: noise === "heavy" ? 0.003 : 0.0002, clumping: noise === "bursty" ? random.between(0.5, 1.2) : random.between(0, 0.3),
    webhooksPerAttempt: random.between(1, 3), webhookFailure: deploys(random),
    brands: segments(random, ["visa", "mastercard", "amex", "discover", "jcb"], 1.9), countries: segments(random, ["US", "CA", "MX", "GB", "BR", "JP"], 1.7),
  };
}

function normalise(rate: Float64Array, mean: number): void {
  const factor = (mean * MINUTES) / rate.reduce((sum, value) => sum + value, 0);
  for (let minute = 0; minute < MINUTES; minute++) rate[minute] = (rate[minute] ?? 0) * factor;
}

/** Three to six public holidays; the calendar knows the day, not what it does to this shop. */
function publicDays(random: Random, start: number): SpecialDay[] {
  const days = new Set<string>();
  for (let count = random.integer(3, 6); count > 0; count--) days.add(new Date((start + random.integer(2, DAYS - 2) * DAY) * 1000).toISOString().slice(0, 10));
  return [...days].sort().map((date) => ({ date, kind: "holiday" }));
}

function peopleRates(random: Random, shape: Shape, start: number, timeZone: string, calendar: readonly SpecialDay[]): Float64Array {
  const rate = new Float64Array(MINUTES);
  const table = HOURS[shape];
  const shift = random.between(-1, 1);
  const saturday = shape === "business" ? random.pick([0, 0.02, 0.08]) : random.between(0.45, 1.5);
  const sunday = shape === "business" ? random.pick([0, 0.01, 0.05]) : saturday * random.between(0.6, 1.1);
  const days = [1, 1, 1, 1, random.between(0.85, 1.2), saturday, sunday];
  const payday = shape === "retail" ? random.between(1, 1.25) : 1;
  const factors = new Map(calendar.map((day) => [day.date, shape === "business" ? random.pick([0.03, 0.05, 0.1]) : shape === "subscriptions" ? random.pick([0.6, 1]) : random.pick([0.1, 0.35, 0.35, 0.6, 1, 1.2])]));
  let dayNumber = -1;
  let factor = 1;
  eachLocalMinute(start, timeZone, (minute, local) => {
    const today = Math.floor(local / DAY);
    if (today !== dayNumber) {
      dayNumber = today;
      const date = new Date(local * 1000).toISOString().slice(0, 10);
      const dayOfMonth = Number(date.slice(8));
      factor = (days[weekday(local)] ?? 1) * (factors.get(date) ?? 1) * (dayOfMonth >= 28 || dayOfMonth === 1 ? payday : 1);
    }
    const hour = ((local % DAY) / HOUR + shift + 23.5) % 24;
    const before = table[Math.floor(hour)] ?? 0;
    const after = table[(Math.floor(hour) + 1) % 24] ?? 0;
    rate[minute] = factor * (before + (after - before) * (hour % 1));
  });
  return rate;
}

/** Renewals: every night from about the same minute, by a UTC or a local clock, fast at first; most on the first of the month. */
function nightlyBatch(random: Random, start: number, timeZone: string): { rate: Float64Array } {
  const rate = new Float64Array(MINUTES);
  const inUtc = random.uniform() < 0.5;
  const at = random.integer(0, 6 * 60);
  const length = random.pick([30, 60, 120, 240]);
  const drift = random.pick([0, 2, 6]);
  const spread = random.between(0.03, 0.15);
  const first = random.pick([1, 1.8, 3]);
  let begins = -Infinity;
  let size = 1;
  eachLocalMinute(start, timeZone, (minute, local) => {
    const clock = Math.floor(((inUtc ? start + minute * 60 : local) % DAY) / 60);
    if (clock === Math.max(0, at - 20)) {
      begins = minute + Math.min(20, at) + Math.round(Math.abs(random.normal()) * drift);
      const dayOfMonth = Number(new Date(local * 1000).toISOString().slice(8, 10));
      size = Math.exp(spread * random.normal()) * (dayOfMonth === 1 ? first : 1);
    }
    if (minute >= begins && minute < begins + length) rate[minute] = size * Math.exp((-1.5 * (minute - begins)) / length);
  });
  return { rate };
}

/** None, a steady per cent or two a week, or a fortnight's ramp that ends on a plateau. */
function grow(random: Random, rate: Float64Array): void {
  const kind = random.integer(0, 2);
  const weekly = random.between(-0.03, 0.03);
  const from = random.integer(7, 60) * 1440;
  const more = random.between(-0.2, 0.5);
  for (let minute = 0; minute < MINUTES; minute++) {
    const ramp = Math.min(1, Math.max(0, (minute - from) / (14 * 1440)));
    rate[minute] = (rate[minute] ?? 0) * (kind === 0 ? 1 : kind === 1 ? Math.exp((weekly * minute) / 10_080) : 1 + more * ramp);
  }
}

/** Up to three, 60 to 300 % more, hard at both ends, often with lower prices; one likely while the shop is still being learnt. */
function promote(random: Random, rate: Float64Array, amount: Float64Array): void {
  for (let count = random.integer(0, 3); count > 0; count--) {
    const from = count === 1 ? random.integer(2, 27) * 1440 + random.integer(0, 1439) : random.integer(0, (DAYS - 5) * 24) * 60;
    const minutes = random.pick([6, 24, 48, 96]) * 60;
    const factor = 1 + random.between(0.6, 3);
    const price = random.between(0.75, 1);
    for (let minute = from; minute < Math.min(MINUTES, from + minutes); minute++) {
      rate[minute] = (rate[minute] ?? 0) * factor;
      amount[minute] = (amount[minute] ?? 1) * price;
    }
  }
}

/** A level that a whole day shares and the next half remembers, and one of hours. */
function unsettle(random: Random, noise: Noise, rate: Float64Array, amount: Float64Array): void {
  const daySpread = noise === "plain" ? random.between(0.02, 0.05) : random.between(0.05, 0.1);
  const hourSpread = noise === "drifting" ? random.between(0.07, 0.12) : random.between(0.02, 0.05);
  const hold = Math.exp(-1 / (60 * (noise === "drifting" ? 5 : 1.5)));
  const priceSpread = noise === "heavy" ? 0.05 : 0.02;
  const first = random.integer(0, 1439);
  let day = 0;
  let hour = 0;
  let price = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    if (minute % 1440 === first) {
      day = 0.6 * day + 0.8 * daySpread * random.normal();
      price = 0.5 * price + priceSpread * random.normal();
    }
    hour = hold * hour + Math.sqrt(1 - hold * hold) * hourSpread * random.normal();
    rate[minute] = (rate[minute] ?? 0) * Math.exp(day + hour);
    amount[minute] = (amount[minute] ?? 1) * Math.exp(price);
  }
}

/** Some hours of the first weeks are simply not in the data. */
function loseHours(random: Random, rate: Float64Array): void {
  for (let count = random.integer(0, 3); count > 0; count--) {
    const from = random.integer(0, 26 * 24) * 60;
    rate.fill(0, from, from + 60 * random.integer(1, 3));
  }
}

/** A rate that wanders for days and never jumps, more for the renewals of a batch. */
function declines(random: Random, noise: Noise, batch: Float64Array | undefined, rate: Float64Array): Float64Array {
  const usual = random.between(0.02, 0.15);
  const renewals = usual * random.between(1, 2.5);
  const spread = noise === "heavy" ? 0.2 : 0.1;
  const hold = Math.exp(-1 / (60 * random.pick([3, 12, 36])));
  const decline = new Float64Array(MINUTES);
  let level = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    level = hold * level + Math.sqrt(1 - hold * hold) * spread * random.normal();
    const share = batch === undefined ? 0 : Math.min(1, (batch[minute] ?? 0) / Math.max(1e-9, rate[minute] ?? 0));
    decline[minute] = Math.min(0.5, (usual + (renewals - usual) * share) * Math.exp(level));
  }
  return decline;
}

/** Several deploys a week, each a minute or two without an endpoint. */
function deploys(random: Random): Float64Array {
  const failing = new Float64Array(MINUTES).fill(random.between(0.0001, 0.003));
  for (let minute = random.integer(0, 4000); minute < MINUTES - 2; minute += random.integer(400, 6000)) {
    failing[minute] = random.between(0.5, 1);
    if (random.uniform() < 0.5) failing[minute + 1] = random.between(0.2, 1);
  }
  return failing;
}
