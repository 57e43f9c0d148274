// Plays a merchant minute by minute: who comes, who is declined and tries again, what is billed again days later, what Stripe delivers and delivers again.

import type { MinuteBucket, MinuteSlices } from "../../../src/alerts/detection/bucket.ts";
import type { Random } from "../random.ts";
import { MINUTES } from "../shop.ts";
import type { Cell, Market, Merchant } from "./merchant.ts";
import type { Trouble } from "./trouble.ts";

/** What one detector follows. The service has one for all payments and, where there are several currencies, one more for the amounts of each. */
export interface PlayedStream {
  readonly currency: string | null;
  readonly buckets: MinuteBucket[];
  readonly slices: MinuteSlices[];
}

export interface Played {
  readonly streams: PlayedStream[];
  /** All payments with amounts added across currencies, as older systems do. */
  readonly whole: MinuteBucket[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Bucket = Mutable<MinuteBucket> & { refunds: number; disputes: number };
type Dimension = Record<string, [number, number]>;
interface Minute { readonly total: Bucket; readonly slices: Record<"card_brand" | "card_country" | "payment_method" | "currency" | "cause", Dimension> }

const blank = (ts: number): Bucket => ({ ts, attempts: 0, succeeded: 0, failed: 0, revenue_minor: 0, webhook_ok: 0, webhook_failed: 0, refunds: 0, disputes: 0 });

export function playMerchant(random: Random, merchant: Merchant, troubles: readonly Trouble[]): Played {
  const own = merchant.markets.map((): Bucket[] => []);
  const whole: Bucket[] = [];
  const slices: MinuteSlices[] = [];
  const players = merchant.markets.map((market) => new Player(random, merchant, market));
  const post = new Post(random, merchant);
  const desk = new Desk(random, merchant);
  let next = 0;
  for (let at = 0; at < MINUTES; at++) {
    while ((troubles[next]?.until ?? Infinity) <= at) next++;
    const candidate = troubles[next];
    const trouble = candidate !== undefined && candidate.from <= at ? candidate : undefined;
    const ts = merchant.start + at * 60;
    const minute: Minute = { total: blank(ts), slices: { card_brand: {}, card_country: {}, payment_method: {}, currency: {}, cause: { customer: [0, 0], risk: [0, 0], technical: [0, 0] } } };
    players.forEach((player, index) => {
      const bucket = blank(ts);
      player.play(at, trouble, bucket, minute);
      own[index]?.push(bucket);
      minute.total.attempts += bucket.attempts;
      minute.total.succeeded += bucket.succeeded;
      minute.total.failed += bucket.failed;
      minute.total.revenue_minor += bucket.revenue_minor;
    });
    post.deliver(at, minute.total, trouble);
    desk.work(at, minute.total, trouble);
    whole.push(minute.total);
    if (minute.total.attempts > 0) {
      for (const pair of Object.values(minute.slices.cause)) pair[0] = minute.total.attempts;
      const { currency, ...rest } = minute.slices;
      slices.push({ ts, ...rest, ...(merchant.markets.length > 1 ? { currency } : {}) });
    }
  }
  const [only] = merchant.markets;
  if (merchant.markets.length === 1) return { streams: [{ currency: only?.currency ?? null, buckets: whole, slices }], whole };
  const all = whole.map((bucket) => ({ ...bucket, revenue_minor: 0 }));
  return { streams: [{ currency: null, buckets: all, slices }, ...merchant.markets.map(({ currency }, index) => ({ currency, buckets: own[index] ?? [], slices: [] }))], whole };
}

/** One market. */
class Player {
  private readonly again = new Map<number, [cell: number, count: number][]>();
  private readonly dunning = new Uint32Array(MINUTES);
  /** Operational time to the next person's arrival: a renewal process of Gamma waiting times. */
  private wait: number;
  private readonly random: Random;
  private readonly merchant: Merchant;
  private readonly market: Market;
  constructor(random: Random, merchant: Merchant, market: Market) {
    [this.random, this.merchant, this.market] = [random, merchant, market];
    this.wait = random.uniform();
  }

  play(at: number, trouble: Trouble | undefined, bucket: Bucket, minute: Minute): void {
    const { people, billing } = this.market;
    const open = trouble === undefined ? 1 : stillOpen(trouble, at);
    this.spread(this.arrivals((people[at] ?? 0) * open), (cell, count) => this.pay(at, cell, count, 1, trouble, bucket, minute, true));
    this.spread(this.random.poisson(billing[at] ?? 0), (cell, count) => this.pay(at, cell, count, 1, trouble, bucket, minute, false));
    // Two of three billed again fail again.
    this.spread(this.dunning[at] ?? 0, (cell, count) => this.pay(at, cell, count, 8, trouble, bucket, minute, false));
    for (const [cell, count] of this.again.get(at) ?? []) this.pay(at, cell, count, 5, trouble, bucket, minute, true);
    this.again.delete(at);
    if (trouble?.kind === "card_tests" || trouble?.kind === "fraud_wave") this.attack(trouble, bucket, minute);
  }

  private arrivals(rate: number): number {
    const { evenness } = this.merchant;
    if (rate > 60) return Math.max(0, Math.round(rate + Math.sqrt(rate / evenness) * this.random.normal()));
    let count = 0;
    for (this.wait -= rate; this.wait < 0; count++) this.wait += this.random.gamma(evenness) / evenness;
    return count;
  }

  private spread(count: number, visit: (cell: number, count: number) => void): void {
    const { cells } = this.market;
    if (count < 20) {
      for (; count > 0; count--) {
        let left = this.random.uniform();
        let at = 0;
        while (at < cells.length - 1 && (left -= cells[at]?.share ?? 0) > 0) at++;
        visit(at, 1);
      }
      return;
    }
    let share = 1;
    for (let at = 0; at < cells.length && count > 0; at++) {
      const mine = at === cells.length - 1 ? count : this.random.binomial(count, Math.min(1, (cells[at]?.share ?? 0) / share));
      share -= cells[at]?.share ?? 0;
      count -= mine;
      if (mine > 0) visit(at, mine);
    }
  }

  /** `harsh`: a factor on the customer's own failures; `present`: somebody who can try again at once. */
  private pay(at: number, index: number, count: number, harsh: number, trouble: Trouble | undefined, bucket: Bucket, minute: Minute, present: boolean): void {
    const { random, merchant, market } = this;
    const cell = market.cells[index];
    if (cell === undefined) return;
    if (trouble?.kind === "method_gone" && trouble.part === cell.method && present) count = random.binomial(count, 1 - trouble.strength);
    if (count === 0) return;
    const now = chancesOf(cell, market, trouble);
    const customer = random.binomial(count, Math.min(0.9, now.customer * harsh * (merchant.shortOfMoney[at] ?? 1)));
    const risk = random.binomial(count - customer, now.risk);
    const technical = random.binomial(count - customer - risk, now.technical);
    const failed = customer + risk + technical;
    tally(bucket, minute, cell, market.currency, count, failed);
    fail(minute, { customer, risk, technical });
    bucket.revenue_minor += this.amounts(count - failed, trouble?.kind === "wrong_price" ? trouble.strength : 1);
    if (present) this.tryAgain(at, index, random.binomial(failed, harsh > 1 ? 0.2 : 0.45));
    else this.billAgain(at, random.binomial(failed, harsh > 1 ? 0.5 : 1));
  }

  private tryAgain(at: number, cell: number, count: number): void {
    for (let left = count; left > 0;) {
      const part = left > 12 ? Math.ceil(left / 3) : 1;
      const when = at + this.random.integer(1, 4);
      this.again.set(when, [...(this.again.get(when) ?? []), [cell, part]]);
      left -= part;
    }
  }

  private billAgain(at: number, count: number): void {
    for (let left = count; left > 0;) {
      const part = left > 50 ? Math.ceil(left / 20) : 1;
      const when = at + this.random.pick([1, 3, 5, 7]) * 1440 + this.random.integer(-300, 300);
      if (when < MINUTES) this.dunning[when] = (this.dunning[when] ?? 0) + part;
      left -= part;
    }
  }

  private amounts(sales: number, factor: number): number {
    const { random, market } = this;
    const { prices } = market;
    const total = prices.reduce((sum, [, weight]) => sum + weight, 0);
    let sum = 0;
    const single = sales <= 40;
    for (let sale = 0; single && sale < sales; sale++) {
      let left = random.uniform() * total;
      let at = 0;
      while (at < prices.length - 1 && (left -= prices[at]?.[1] ?? 0) > 0) at++;
      sum += (prices[at]?.[0] ?? 0) * (random.uniform() < 0.15 ? random.integer(2, 5) : 1);
    }
    if (!single) {
      const mean = (prices.reduce((all, [minor, weight]) => all + minor * weight, 0) / total) * 1.375;
      sum = sales * mean * Math.max(0.2, 1 + (0.9 / Math.sqrt(sales)) * random.normal());
    }
    for (let large = random.binomial(sales, market.tail); large > 0; large--) sum += (prices[0]?.[0] ?? 0) * 5 * Math.min(500, (1 - random.uniform()) ** (-1 / 1.7));
    return Math.round(sum * factor);
  }

  /** Tests are many, tiny and nearly all declined; fraud is fewer, dear, and half of it blocked. All from one country on one brand. */
  private attack(trouble: Trouble, bucket: Bucket, minute: Minute): void {
    if (this.market.currency !== this.merchant.markets[0]?.currency) return;
    const count = this.random.poisson(trouble.strength);
    const tests = trouble.kind === "card_tests";
    const failed = this.random.binomial(count, tests ? 0.95 : 0.6);
    const cell = { brand: "mastercard", country: "US", method: "card", share: 0, customer: 0, risk: 0, technical: 0 };
    tally(bucket, minute, cell, this.market.currency, count, failed);
    const blocked = this.random.binomial(failed, tests ? 0.3 : 0.9);
    fail(minute, { customer: failed - blocked, risk: blocked, technical: 0 });
    bucket.revenue_minor += (count - failed) * (tests ? 100 : (this.market.prices.at(-1)?.[0] ?? 0) * 3);
  }
}

function stillOpen({ kind, strength, from, until }: Trouble, at: number): number {
  if (kind === "checkout_gone" || kind === "checkout_partly") return 1 - strength;
  return kind === "conversion_fading" ? 1 - strength * Math.min(1, (at - from) / (0.7 * (until - from))) : 1;
}

function chancesOf(cell: Cell, market: Market, trouble: Trouble | undefined): Pick<Cell, "customer" | "risk" | "technical"> {
  if (trouble === undefined) return cell;
  const { kind, strength, part } = trouble;
  if (kind === "processor_errors") return { ...cell, technical: Math.max(cell.technical, strength) };
  if (kind === "issuer_declines" && cell.country === part) return { ...cell, customer: cell.customer + 0.33 * strength };
  if (kind === "sca_broken" && cell.brand === part && cell.method === "card") return { ...cell, customer: Math.max(cell.customer, strength) };
  if (kind === "currency_failing" && market.currency === part) return { ...cell, technical: strength };
  return cell;
}

function fail(minute: Minute, causes: Record<"customer" | "risk" | "technical", number>): void {
  for (const [cause, count] of Object.entries(causes)) {
    const pair = minute.slices.cause[cause];
    if (pair !== undefined) pair[1] += count;
  }
}

function tally(bucket: Bucket, minute: Minute, cell: Cell, currency: string, count: number, failed: number): void {
  bucket.attempts += count;
  bucket.failed += failed;
  bucket.succeeded += count - failed;
  for (const [dimension, value] of [["card_brand", cell.brand], ["card_country", cell.brand === "" ? "" : cell.country], ["payment_method", cell.method], ["currency", currency]] as const) {
    if (value === "") continue;
    const pair = (minute.slices[dimension][value] ??= [0, 0]);
    pair[0] += count;
    pair[1] += failed;
  }
}

/** Stripe's deliveries: what fails comes again after some minutes, then after an hour; what is late comes all at once. */
class Post {
  private readonly later = new Map<number, number>();
  private readonly random: Random;
  private readonly merchant: Merchant;
  constructor(random: Random, merchant: Merchant) {
    [this.random, this.merchant] = [random, merchant];
  }

  deliver(at: number, bucket: Bucket, trouble: Trouble | undefined): void {
    const { random, merchant } = this;
    const fresh = random.poisson(bucket.attempts * merchant.eventsPerAttempt);
    if (trouble?.kind === "deliveries_late") {
      this.hold(at + trouble.strength, fresh);
      this.send(at, bucket, 0, trouble);
      return;
    }
    this.send(at, bucket, fresh, trouble);
  }

  private send(at: number, bucket: Bucket, fresh: number, trouble: Trouble | undefined): void {
    const count = fresh + (this.later.get(at) ?? 0);
    this.later.delete(at);
    const broken = trouble?.kind === "deliveries_down" || trouble?.kind === "deliveries_partly" ? trouble.strength : 0;
    const failed = this.random.binomial(count, Math.max(broken, this.merchant.deploys.get(at) ?? 0, this.merchant.deliveryFaults));
    bucket.webhook_failed += failed;
    bucket.webhook_ok += count - failed;
    const soon = this.random.binomial(failed, 0.6);
    this.hold(at + this.random.integer(4, 8), soon);
    this.hold(at + this.random.integer(50, 80), failed - soon);
  }

  private hold(at: number, count: number): void {
    if (count > 0) this.later.set(at, (this.later.get(at) ?? 0) + count);
  }
}

/** Refunds are done by a clerk who works off what lies there, some times a day; disputes come when banks send them, once a day. */
class Desk {
  private sales = 0;
  private open = 0;
  private nextRefunds = 0;
  private nextDisputes = 0;
  private readonly random: Random;
  private readonly merchant: Merchant;
  constructor(random: Random, merchant: Merchant) {
    [this.random, this.merchant] = [random, merchant];
  }

  work(at: number, bucket: Bucket, trouble: Trouble | undefined): void {
    const { random, merchant } = this;
    this.sales += bucket.succeeded;
    this.open += random.binomial(bucket.succeeded, merchant.refundShare);
    // Abuse does not wait for the clerk.
    if (trouble?.kind === "refund_abuse") bucket.refunds += random.poisson(bucket.succeeded * merchant.refundShare * (trouble.strength - 1));
    if (at >= this.nextRefunds) {
      const done = Math.min(this.open, 1 + random.poisson(Math.max(1, this.open / 15)));
      bucket.refunds += done;
      this.open -= done;
      this.nextRefunds = this.open > 0 ? at + 1 : at + random.integer(60, 300);
    }
    if (at >= this.nextDisputes) {
      const strength = trouble?.kind === "dispute_wave" ? trouble.strength : 1;
      bucket.disputes += random.poisson(this.sales * merchant.disputeShare * strength);
      this.sales = 0;
      this.nextDisputes = at + random.integer(600, 1800);
    }
  }
}
