// A made-up shop: its size, week, noise, and what happens to it that is no incident.

import type { SpecialDay } from "../../src/alerts/detection/calendar.ts";
import { DAY, HOUR, weekday, zoneSpan } from "../../src/alerts/detection/zone.ts";
import { createRandom, type Random } from "./random.ts";

export const SIZES = [10, 200, 5000, 100_000, 2_000_000] as const;
export const SHAPES = ["retail", "business", "food", "subscriptions"] as const;
export const NOISES = ["plain", "drifting", "bursty", "heavy"] as const;
export type Shape = (typeof SHAPES)[number];
/** plain: days and hours vary a little. drifting: the level wanders for hours. bursty: minutes come in clumps, batches come late. heavy: large orders, restless decline rates. */
export type Noise = (typeof NOISES)[number];

export const DAYS = 84;
export const LEARN_DAYS = 28;
export const MINUTES = DAYS * 1440;

export interface Shop {
  readonly id: string;
  readonly size: number;
  readonly shape: Shape;
  readonly noise: Noise;
  readonly timeZone: string;
  /** Epoch seconds of the first minute. */
  readonly start: number;
  readonly calendar: readonly SpecialDay[];
  /** Expected attempts of each minute, noise of the level included; before incidents. */
  readonly rate: Float64Array;
  /** Decline rate of each minute, before incidents. */
  readonly decline: Float64Array;
  /** Factor on amounts. */
  readonly amount: Float64Array;
  readonly meanSale: number;
  readonly saleSigma: number;
  /** Chance that a sale is thirty times the usual. */
  readonly whales: number;
  /** Size of the clumps in which attempts come; 0 is Poisson. */
  readonly clumping: number;
  readonly webhooksPerAttempt: number;
  /** Share of deliveries failing in each minute, blips included. */
  readonly webhookFailure: Float64Array;
  readonly brands: readonly Segment[];
  readonly countries: readonly Segment[];
}

export interface Segment { readonly name: string; readonly share: number; readonly risk: number }

interface Habits {
  readonly random: Random;
  readonly shape: Shape;
  readonly peak: number;
  readonly weekend: number;
  readonly friday: number;
  readonly night: number;
  readonly batchHour: number;
  readonly batchShare: number;
  readonly batchInUtc: boolean;
}

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC", "Europe/London", "Asia/Kolkata"] as const;

export function createShop(seed: string, size: number, shape: Shape, noise: Noise): Shop {
  const random = createRandom(`${seed}/${size}/${shape}/${noise}`);
  const timeZone = random.pick(ZONES);
  // Late winter or late summer: most zones change their clocks within the twelve weeks.
  const start = Date.UTC(2025, random.pick([0, 1, 7, 8]), random.integer(1, 28)) / 1000;
  const habits: Habits = {
    random, shape, peak: random.between(-1.5, 1.5), weekend: shape === "business" ? random.between(0, 0.05) : random.between(0.5, 1.3),
    friday: random.between(0.9, 1.25), night: random.between(0.02, 0.15),
    batchHour: random.integer(0, 4), batchShare: random.between(0.4, 0.75), batchInUtc: random.uniform() < 0.5,
  };
  const calendar = holidays(random, start);
  const rate = shapeRates(habits, start, timeZone);
  const mean = rate.reduce((sum, value) => sum + value, 0) / MINUTES;
  const scale = size / 1440 / mean;
  for (let minute = 0; minute < MINUTES; minute++) rate[minute] = (rate[minute] ?? 0) * scale;
  const amount = amounts(random, noise);
  applyCalendar(habits, calendar, rate, start, timeZone);
  applyPromotions(random, rate, amount, start, timeZone);
  applyNoise(random, noise, rate);
  return {
    id: `${size}-${shape}-${noise}-${seed}`, size, shape, noise, timeZone, start, calendar, rate, amount,
    decline: declines(habits, noise, start, timeZone),
    meanSale: Math.round(random.between(900, 12_000)), saleSigma: noise === "heavy" ? random.between(0.8, 1.2) : random.between(0.4, 0.8),
    whales: noise === "heavy" ? 0.002 : 0, clumping: noise === "bursty" ? random.between(0.5, 1.5) : 0,
    webhooksPerAttempt: random.between(1, 2.5), webhookFailure: webhookFailures(random),
    brands: segments(random, ["visa", "mastercard", "amex", "discover"], 1.6),
    countries: segments(random, ["DE", "US", "FR", "GB", "PL"], 2),
  };
}

/** Local seconds of every minute; the clock change included. */
export function eachLocalMinute(start: number, timeZone: string, visit: (minute: number, local: number) => void): void {
  let span = zoneSpan(timeZone, start);
  for (let minute = 0; minute < MINUTES; minute++) {
    const ts = start + minute * 60;
    if (ts >= span.until) span = zoneSpan(timeZone, ts);
    visit(minute, ts + span.offset);
  }
}

const bump = (hour: number, centre: number, width: number): number => {
  const distance = Math.abs(((hour - centre + 36) % 24) - 12);
  return Math.exp(-0.5 * (distance / width) ** 2);
};

function dayCurve({ shape, peak, night, batchHour, batchShare }: Habits, hour: number, weekend: boolean, batchHourNow: number): number {
  switch (shape) {
    case "retail":
      return night + bump(hour, 20 + peak, 3) + 0.7 * bump(hour, 12 + peak, weekend ? 4 : 2.5);
    case "business":
      return 0.02 + (hour > 8 + peak / 2 && hour < 17.5 + peak / 2 ? 1 - 0.35 * bump(hour, 12.5, 0.7) : 0.05);
    case "food":
      return night / 3 + 1.2 * bump(hour, 12.3 + peak / 3, 0.7) + 1.6 * bump(hour, 19 + peak / 3, 1) + 0.1 * bump(hour, 15, 3);
    case "subscriptions":
      return (batchHourNow >= batchHour && batchHourNow < batchHour + 1 ? batchShare * 24 : 0) + (1 - batchShare) * (0.3 + bump(hour, 15 + peak, 4) * 1.4);
  }
}

function shapeRates(habits: Habits, start: number, timeZone: string): Float64Array {
  const rate = new Float64Array(MINUTES);
  const growth = habits.random.normal() * 0.015;
  // A Monday-to-Friday shop's weekdays differ a little among themselves.
  const weekdays = Array.from({ length: 7 }, (_, day) => (day === 4 ? habits.friday : day >= 5 ? habits.weekend : habits.random.between(0.92, 1.08)));
  eachLocalMinute(start, timeZone, (minute, local) => {
    const hour = (local % DAY) / HOUR;
    const utcHour = ((start + minute * 60) % DAY) / HOUR;
    const day = weekday(local);
    // A renewal batch does not know weekends.
    const batch = dayCurve({ ...habits, night: 0, batchShare: 1 }, hour, false, habits.batchInUtc ? utcHour : hour);
    const people = habits.shape === "subscriptions" ? dayCurve(habits, hour, day >= 5, -1) * (weekdays[day] ?? 1) + habits.batchShare * batch : dayCurve(habits, hour, day >= 5, -1) * (weekdays[day] ?? 1);
    rate[minute] = people * Math.exp((growth * minute) / 10_080);
  });
  return rate;
}

function holidays(random: Random, start: number): SpecialDay[] {
  const count = random.integer(2, 5);
  return Array.from({ length: count }, () => {
    const ts = start + random.integer(3, DAYS - 2) * DAY;
    return { date: new Date(ts * 1000).toISOString().slice(0, 10), kind: "holiday" as const };
  });
}

function applyCalendar(habits: Habits, calendar: readonly SpecialDay[], rate: Float64Array, start: number, timeZone: string): void {
  const factors = new Map(calendar.map((day) => [day.date, habits.shape === "business" ? habits.random.between(0.02, 0.3) : habits.shape === "subscriptions" ? habits.random.between(0.7, 1) : habits.random.between(0.35, 1.3)]));
  let date = "";
  let dayNumber = -1;
  eachLocalMinute(start, timeZone, (minute, local) => {
    const day = Math.floor(local / DAY);
    if (day !== dayNumber) [dayNumber, date] = [day, new Date(local * 1000).toISOString().slice(0, 10)];
    // A dead Sunday gets no deader by a holiday.
    if (habits.shape === "business" && weekday(local) >= 5) return;
    rate[minute] = (rate[minute] ?? 0) * (factors.get(date) ?? 1);
  });
}

/** One to four promotions of some hours to three days, the day after a little tired. */
function applyPromotions(random: Random, rate: Float64Array, amount: Float64Array, start: number, timeZone: string): void {
  const offset = Math.round(zoneSpan(timeZone, start).offset / 60);
  for (let count = random.integer(1, 4); count > 0; count--) {
    const from = random.integer(4, DAYS - 5) * 1440 - offset + random.integer(6, 20) * 60;
    const hours = random.pick([4, 12, 24, 48, 72]);
    const factor = random.between(1.4, 3.5);
    const discount = random.between(0.8, 1);
    for (let minute = Math.max(0, from); minute < Math.min(MINUTES, from + hours * 60 + 1440); minute++) {
      const over = minute - from - hours * 60;
      rate[minute] = (rate[minute] ?? 0) * (over < 0 ? factor : 0.92);
      if (over < 0) amount[minute] = (amount[minute] ?? 1) * discount;
    }
  }
}

function applyNoise(random: Random, noise: Noise, rate: Float64Array): void {
  const daySpread = noise === "plain" ? random.between(0.02, 0.06) : random.between(0.03, 0.1);
  const hourSpread = noise === "drifting" ? random.between(0.06, 0.14) : random.between(0.02, 0.07);
  const hold = Math.exp(-1 / (60 * random.between(noise === "drifting" ? 2 : 0.5, noise === "drifting" ? 12 : 3)));
  const minuteSpread = noise === "bursty" ? random.between(0.08, 0.15) : random.between(0, 0.05);
  let dayLevel = 0;
  let level = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    if (minute % 1440 === 0) dayLevel = dayLevel * 0.3 + daySpread * random.normal();
    level = hold * level + Math.sqrt(1 - hold * hold) * hourSpread * random.normal();
    rate[minute] = (rate[minute] ?? 0) * Math.exp(dayLevel + level + minuteSpread * random.normal());
  }
  const bursts = noise === "bursty" ? random.integer(30, 80) : random.integer(0, 10);
  for (let count = 0; count < bursts; count++) {
    const from = random.integer(0, MINUTES - 60);
    const length = random.integer(3, 40);
    const factor = random.between(1.3, 4);
    for (let minute = from; minute < from + length; minute++) rate[minute] = (rate[minute] ?? 0) * factor;
  }
  // A batch that starts some minutes late moves its volume; a checkout that hiccups for a minute loses it.
  if (noise === "bursty") {
    for (let day = 0; day < DAYS; day++) {
      const late = Math.floor(Math.abs(random.normal()) * 2);
      if (late > 0) rate.copyWithin(day * 1440 + late, day * 1440, (day + 1) * 1440 - late);
    }
  }
  for (let count = random.integer(0, 8); count > 0; count--) rate[random.integer(0, MINUTES - 1)] = 0;
}

function amounts(random: Random, noise: Noise): Float64Array {
  const daySpread = noise === "heavy" ? 0.06 : 0.025;
  const swing = random.between(0, 0.12);
  const amount = new Float64Array(MINUTES);
  let level = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    if (minute % 1440 === 0) level = 0.5 * level + daySpread * random.normal();
    amount[minute] = Math.exp(level + swing * Math.sin((minute / 1440) * 2 * Math.PI));
  }
  return amount;
}

function declines({ random, shape, batchHour, batchInUtc }: Habits, noise: Noise, start: number, timeZone: string): Float64Array {
  const usual = random.between(0.02, 0.13);
  const batch = Math.min(0.3, usual * random.between(1.5, 3));
  const swing = random.between(0, 0.25);
  const daySpread = noise === "heavy" ? 0.15 : 0.06;
  const hourSpread = noise === "heavy" ? 0.15 : 0.06;
  const hold = Math.exp(-1 / 120);
  const decline = new Float64Array(MINUTES);
  let dayLevel = 0;
  let level = 0;
  eachLocalMinute(start, timeZone, (minute, local) => {
    if (minute % 1440 === 0) dayLevel = 0.5 * dayLevel + daySpread * random.normal();
    level = hold * level + Math.sqrt(1 - hold * hold) * hourSpread * random.normal();
    const hour = (local % DAY) / HOUR;
    const batchNow = batchInUtc ? ((start + minute * 60) % DAY) / HOUR : hour;
    const base = shape === "subscriptions" && batchNow >= batchHour && batchNow < batchHour + 1 ? batch : usual * (1 + swing * bump(hour, 3, 3));
    decline[minute] = Math.min(0.6, base * Math.exp(dayLevel + level));
  });
  return decline;
}

/** Deploys: one minute, sometimes two, in which deliveries fail. */
function webhookFailures(random: Random): Float64Array {
  const failing = new Float64Array(MINUTES).fill(random.between(0.0002, 0.004));
  for (let count = random.integer(15, 60); count > 0; count--) {
    const minute = random.integer(0, MINUTES - 2);
    const share = random.between(0.3, 1);
    failing[minute] = share;
    if (random.uniform() < 0.3) failing[minute + 1] = share * random.uniform();
  }
  return failing;
}

export function segments(random: Random, names: readonly string[], steepness: number): Segment[] {
  const weights = names.map((_, index) => random.between(0.7, 1.3) / steepness ** index);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return names.map((name, index) => ({ name, share: (weights[index] ?? 0) / total, risk: random.between(0.7, 1.5) }));
}
