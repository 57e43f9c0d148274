// The third made-up shop: written from the side of the business and not of the series. A merchant has markets (a currency and a clock each), people who buy
// when they are awake, subscribers who are billed on their day of the month, invoices that go out in batches, a sale now and then, and a year in which
// it stands. Nothing here was chosen with the detector in view. Times are minute numbers from the merchant's start unless named otherwise.

import { publicHolidays, type SpecialDay } from "../../../src/alerts/detection/calendar.ts";
import { DAY, HOUR, weekday } from "../../../src/alerts/detection/zone.ts";
import { createRandom, type Random } from "../random.ts";
import { eachLocalMinute, MINUTES } from "../shop.ts";

export const THIRD_SIZES = [3, 40, 700, 15_000, 400_000] as const;
export const BUSINESSES = ["shop", "saas", "invoicing", "tickets", "donations"] as const;
export type Business = (typeof BUSINESSES)[number];

/** Who pays how: a share of a market's attempts and the chances with which they fail, by cause. */
export interface Cell {
  readonly brand: string;
  readonly country: string;
  readonly method: string;
  readonly share: number;
  readonly customer: number;
  readonly risk: number;
  readonly technical: number;
}

export interface Market {
  readonly currency: string;
  readonly timeZone: string;
  readonly cells: readonly Cell[];
  /** Price list in minor units with weights; the cheap ones sell most. */
  readonly prices: readonly (readonly [minor: number, weight: number])[];
  /** Chance of an order from the heavy tail (Pareto, exponent 1.7). */
  readonly tail: number;
  /** Expected attempts a minute of people at the checkout, and of billing runs. */
  readonly people: Float64Array;
  readonly billing: Float64Array;
}

export interface Merchant {
  readonly id: string;
  readonly size: number;
  readonly shape: Business;
  readonly noise: string;
  readonly timeZone: string;
  /** Epoch seconds. */
  readonly start: number;
  readonly calendar: readonly SpecialDay[];
  readonly markets: readonly Market[];
  /** Shape of the waiting times between people: below 1 they come in clumps, above 1 more evenly than chance. */
  readonly evenness: number;
  readonly eventsPerAttempt: number;
  /** Share of deliveries failing on an ordinary day, and the minutes in which a deploy makes most of them fail. */
  readonly deliveryFaults: number;
  readonly deploys: ReadonlyMap<number, number>;
  readonly refundShare: number;
  readonly disputeShare: number;
  /** Declines for want of money rise before payday and fall after it. */
  readonly shortOfMoney: Float64Array;
}

const HOMES = [
  ["DE", "Europe/Berlin", "eur"], ["GB", "Europe/London", "gbp"], ["US", "America/Los_Angeles", "usd"], ["AU", "Australia/Adelaide", "aud"],
  ["JP", "Asia/Tokyo", "jpy"], ["CA", "America/Toronto", "cad"], ["PL", "Europe/Warsaw", "pln"], ["NZ", "Pacific/Auckland", "nzd"], ["MX", "America/Mexico_City", "mxn"],
] as const;
/** How much each kind of business lives from people at the checkout; the rest is billed. */
const BY_HAND: Readonly<Record<Business, readonly [number, number]>> = { shop: [1, 1], saas: [0.2, 0.5], invoicing: [0.5, 0.9], tickets: [1, 1], donations: [0.3, 0.7] };

export function createMerchant(seed: string, size: number, shape: Business): Merchant {
  const random = createRandom(`third/${seed}/${size}/${shape}`);
  const homes = [...HOMES].sort(() => random.uniform() - 0.5);
  const [home = HOMES[0]] = homes;
  const start = Date.UTC(2026, 0, 8 + random.integer(0, 250)) / 1000;
  const calendar = publicHolidays(home[0], [2026]);
  const count = random.pick([1, 1, 1, 2, 3]);
  const shares = Array.from({ length: count }, (_, index) => random.between(0.6, 1.4) / 3 ** index);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const [least, most] = BY_HAND[shape];
  const byHand = random.between(least, most);
  const season = seasonOf(random);
  const holidayShare = shape === "invoicing" ? random.between(0.03, 0.3) : random.between(0.2, 1.4);
  const markets = shares.map((share, index): Market => {
    const [country, timeZone, currency] = homes[index] ?? home;
    const attempts = (size * share) / total / 1440;
    const people = peopleOf(random, shape, start, timeZone, new Set(index === 0 ? calendar.map(({ date }) => date) : []), holidayShare);
    const billing = billingOf(random, shape, start, timeZone);
    for (const [rate, part] of [[people, byHand], [billing, 1 - byHand]] as const) {
      const sum = rate.reduce((all, value) => all + value, 0);
      for (let minute = 0; minute < MINUTES; minute++) rate[minute] = sum === 0 ? 0 : ((rate[minute] ?? 0) / sum) * MINUTES * attempts * part * (season[minute] ?? 1);
    }
    happen(random, shape, people, start, timeZone);
    return { currency, timeZone, cells: cellsOf(random, country), prices: pricesOf(random, currency), tail: random.pick([0, 0.002, 0.01]), people, billing };
  });
  return {
    id: `third-${size}-${shape}-${seed}`, size, shape, noise: count === 1 ? "one currency" : "several currencies", timeZone: home[1], start, calendar, markets,
    evenness: random.between(0.35, 1.3), eventsPerAttempt: random.between(2, 5), deliveryFaults: random.pick([0, 0.0005, 0.004]), deploys: deploysOf(random, start, home[1]),
    refundShare: random.between(0.005, 0.07), disputeShare: random.between(0, 0.004), shortOfMoney: moneyOf(random, start, home[1]),
  };
}

/** A slow year: some grow, some shrink, some stand in the middle of their season. */
function seasonOf(random: Random): Float64Array {
  const phase = random.between(0, 365);
  const swing = random.between(0, 0.35);
  const weekly = random.between(-0.01, 0.025);
  return Float64Array.from({ length: MINUTES }, (_, minute) => (1 + swing * Math.sin((2 * Math.PI * (minute / 1440 + phase)) / 365)) * Math.exp((weekly * minute) / 10_080));
}

type Peak = readonly [hour: number, narrow: number, weight: number];

function dayOf(random: Random, shape: Business): Peak[] {
  switch (shape) {
    case "shop":
      return [[random.between(11, 14), random.between(1, 3), 1], [random.between(19, 22), random.between(2, 6), random.between(0.8, 2)]];
    case "saas":
      return [[random.between(10, 16), random.between(1, 3), 1]];
    case "invoicing":
      return [[random.between(9.5, 11), random.between(5, 9), 1], [random.between(14, 16), random.between(5, 9), random.between(0.6, 1.1)]];
    case "tickets":
      return [[random.between(12, 14), 2, 0.6], [random.between(18, 21), random.between(3, 8), 1.5]];
    case "donations":
      return [[random.between(8, 11), 2, 0.7], [random.between(19, 22), random.between(2, 5), 1]];
  }
}

function peopleOf(random: Random, shape: Business, start: number, timeZone: string, holidays: ReadonlySet<string>, holidayShare: number): Float64Array {
  const rate = new Float64Array(MINUTES);
  const floor = shape === "invoicing" ? 0 : random.between(0.005, 0.1);
  const [workday, saturday, sunday] = [dayOf(random, shape), dayOf(random, shape), dayOf(random, shape)];
  const weekend = shape === "invoicing" ? random.pick([0, 0.01, 0.05]) : random.between(0.4, 1.6);
  const days = Array.from({ length: 7 }, (_, day) => (day >= 5 ? weekend * random.between(0.8, 1.2) : random.between(0.85, 1.15)));
  const payday = random.pick([0, 0, 0.15, 0.4]);
  const [daySpread, hourSpread] = [random.between(0.03, 0.12), random.between(0.02, 0.07)];
  const hold = Math.exp(-1 / (60 * random.between(1, 6)));
  let today = -1;
  let level = 1;
  let mood = 0;
  let weather = 0;
  eachLocalMinute(start, timeZone, (minute, local) => {
    const number = Math.floor(local / DAY);
    if (number !== today) {
      today = number;
      const date = new Date(local * 1000).toISOString().slice(0, 10);
      const inMonth = Number(date.slice(8));
      weather = 0.5 * weather + daySpread * random.normal();
      level = (days[weekday(local)] ?? 1) * Math.exp(weather) * (holidays.has(date) ? holidayShare : 1) * (inMonth >= 25 || inMonth <= 3 ? 1 + payday : 1);
      if (shape === "invoicing" && (inMonth >= 28 || inMonth === 1)) level *= 1.6;
    }
    mood = hold * mood + Math.sqrt(1 - hold * hold) * hourSpread * random.normal();
    const hour = (local % DAY) / HOUR;
    const peaks = weekday(local) === 5 ? saturday : weekday(local) === 6 ? sunday : workday;
    let height = floor;
    for (const [centre, narrow, weight] of peaks) height += weight * Math.exp(narrow * (Math.cos((2 * Math.PI * (hour - centre)) / 24) - 1));
    rate[minute] = height * level * Math.exp(mood);
  });
  return rate;
}

/**
 * Subscribers are billed on the day of the month they came (the 29th to 31st on the month's last day), many on the 1st and the 15th; some merchants bill on
 * Mondays. A run starts at its hour by a clock that is UTC or local, a little late, sometimes an hour late, and works its list off at one speed; the rest are
 * billed at the time of day at which they once signed up. Invoices are drawn on the 1st and paid over the following office days.
 */
function billingOf(random: Random, shape: Business, start: number, timeZone: string): Float64Array {
  const rate = new Float64Array(MINUTES);
  const inUtc = random.uniform() < 0.6;
  const weekly = shape === "saas" && random.uniform() < 0.25;
  const onFirst = random.between(2, 10);
  const onMiddle = random.pick([1, 2, 5]);
  const runs = random.between(0.3, 0.9);
  const hour = random.integer(0, 9);
  const speed = random.integer(10, 120);
  const signUp = random.between(12, 20);
  let today = -1;
  let begins = -Infinity;
  let dayWeight = 1;
  let paying = 0;
  eachLocalMinute(start, timeZone, (minute, local) => {
    const clock = inUtc ? start + minute * 60 : local;
    const number = Math.floor(clock / DAY);
    if (number !== today) {
      today = number;
      const day = new Date(clock * 1000);
      const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
      const date = day.getUTCDate();
      dayWeight = weekly ? (day.getUTCDay() === 1 ? 5 : 0.3) : date === 1 ? onFirst : date === 15 ? onMiddle : date === last ? 1 + (31 - last) : 1;
      const late = random.uniform() < 0.04 ? 60 : Math.abs(random.normal()) * 4;
      begins = minute + hour * 60 + Math.round(late);
      paying = date === 1 ? 1 : paying * 0.85;
    }
    if (shape === "invoicing") {
      const office = weekday(local) < 5 ? Math.exp(6 * (Math.cos((2 * Math.PI * ((local % DAY) / HOUR - 10.5)) / 24) - 1)) : 0;
      rate[minute] = office * (0.15 + paying) + (dayWeight > 2 && minute >= begins && minute < begins + speed ? 1.5 : 0);
      return;
    }
    // A run works at one speed: a longer list takes longer.
    const length = speed * Math.max(0.3, dayWeight);
    const run = minute >= begins && minute < begins + length ? 1440 / speed : 0;
    rate[minute] = runs * run + (1 - runs) * dayWeight * Math.exp(1.5 * (Math.cos((2 * Math.PI * ((local % DAY) / HOUR - signUp)) / 24) - 1));
  });
  return rate;
}

/** Flash sales that sell out, on-sales at the full hour, newsletters, an advertisement on television: nobody told the calendar. */
function happen(random: Random, shape: Business, people: Float64Array, start: number, timeZone: string): void {
  const noon: number[] = [];
  eachLocalMinute(start, timeZone, (minute, local) => {
    if (local % DAY === 12 * HOUR) noon.push(minute);
  });
  const mean = people.reduce((sum, value) => sum + value, 0) / MINUTES;
  const add = (from: number, minutes: number, height: (since: number) => number): void => {
    for (let minute = Math.max(0, from); minute < Math.min(MINUTES, from + minutes); minute++) people[minute] = (people[minute] ?? 0) + height(minute - from);
  };
  const [sales, letters, bursts] = { shop: [3, 8, 2], saas: [1, 3, 0], invoicing: [0, 0, 0], tickets: [6, 4, 2], donations: [0, 6, 5] }[shape];
  for (let sale = random.integer(0, sales ?? 0); sale > 0; sale--) {
    const times = mean * (shape === "tickets" ? random.between(5, 30) : random.between(2, 8));
    const minutes = random.integer(30, 300);
    add(random.pick(noon as [number]) + random.pick([-120, 0, 360]), minutes, (since) => times * Math.exp(-since / minutes));
  }
  for (let letter = random.integer(0, letters ?? 0); letter > 0; letter--) {
    const times = mean * random.between(0.3, 2.5);
    add(random.pick(noon as [number]) + random.integer(-240, 420), 360, (since) => times * (1 - Math.exp(-since / 4)) * Math.exp(-since / 60));
  }
  for (let burst = random.integer(0, bursts ?? 0); burst > 0; burst--) {
    const times = mean * random.between(2, 15);
    add(random.pick(noon as [number]) + random.integer(360, 600), 30, (since) => times * Math.exp(-since / 8));
  }
}

function cellsOf(random: Random, home: string): Cell[] {
  const ordinary = random.between(0.01, 0.09);
  const foreign = random.pick(["US", "FR", "BR", "IN"]);
  const cells: Cell[] = [];
  for (const [country, share] of [[home, 0.8], [foreign, 0.15], ["NL", 0.05]] as const) {
    for (const [brand, method, weight] of [["visa", "card", 5], ["visa", "wallet", 2], ["mastercard", "card", 4], ["mastercard", "wallet", 1.5], ["amex", "card", 0.8], ["", "bank_debit", 1.5]] as const) {
      const harsh = country === home ? 1 : random.between(1, 3);
      cells.push({
        brand, method, country, share: share * weight * random.between(0.3, 1.7), customer: ordinary * harsh * random.between(0.5, 1.6),
        risk: method === "bank_debit" ? 0 : 0.1 * ordinary * harsh * random.between(0, 3), technical: random.between(0, 0.006),
      });
    }
  }
  const total = cells.reduce((sum, { share }) => sum + share, 0);
  return cells.map((cell) => ({ ...cell, share: cell.share / total }));
}

function pricesOf(random: Random, currency: string): (readonly [number, number])[] {
  const unit = currency === "jpy" ? 1.5 : currency === "mxn" ? 18 : 1;
  return Array.from({ length: random.integer(1, 6) }, (_, index) => [Math.round(random.between(500, 4000) * 2 ** index * unit), 1 / 1.8 ** index] as const);
}

/** In office hours, a third of them for longer than a minute. */
function deploysOf(random: Random, start: number, timeZone: string): Map<number, number> {
  const deploys = new Map<number, number>();
  const daily = random.pick([0.1, 0.5, 2]);
  eachLocalMinute(start, timeZone, (minute, local) => {
    const hour = (local % DAY) / HOUR;
    if (weekday(local) >= 5 || hour < 9 || hour > 18 || random.uniform() > daily / 540) return;
    deploys.set(minute, random.between(0.2, 1));
    if (random.uniform() < 0.33) deploys.set(minute + 1, random.between(0.1, 0.9));
  });
  return deploys;
}

function moneyOf(random: Random, start: number, timeZone: string): Float64Array {
  const factor = new Float64Array(MINUTES);
  const swing = random.between(0, 0.35);
  let day = 0;
  let today = -1;
  eachLocalMinute(start, timeZone, (minute, local) => {
    if (Math.floor(local / DAY) !== today) {
      today = Math.floor(local / DAY);
      day = 0.6 * day + 0.08 * random.normal();
    }
    const inMonth = new Date(local * 1000).getUTCDate();
    factor[minute] = Math.exp(day) * (inMonth >= 20 && inMonth < 25 ? 1 + swing : inMonth >= 25 || inMonth <= 5 ? 1 - swing / 2 : 1);
  });
  return factor;
}
