// What goes wrong at a merchant, as such things are written up afterwards. Durations are those of such reports (half of them over an hour); where so few pay
// that nobody could tell, it goes on until somebody who knew every true rate could be sure several times over: information against chance of 20 nats and more.

import type { Random } from "../random.ts";
import { LEARN_DAYS, MINUTES } from "../shop.ts";
import type { Cell, Merchant } from "./merchant.ts";

export const TROUBLES = [
  "checkout_gone", "checkout_partly", "method_gone", "conversion_fading", "processor_errors", "issuer_declines", "sca_broken", "currency_failing",
  "wrong_price", "card_tests", "fraud_wave", "deliveries_down", "deliveries_partly", "deliveries_late", "refund_abuse", "dispute_wave",
] as const;
export type TroubleKind = (typeof TROUBLES)[number];

export interface Trouble {
  readonly kind: TroubleKind;
  readonly from: number;
  readonly until: number;
  /** Share missing or failing; factor on prices, refunds or disputes; attempts a minute of an attack; minutes of delay. */
  readonly strength: number;
  /** Brand, method or currency concerned; for an issuer its country. */
  readonly part: string;
}

export const TROUBLE_FITS: Readonly<Record<TroubleKind, readonly string[]>> = {
  checkout_gone: ["revenue_dip"], checkout_partly: ["revenue_dip"], method_gone: ["revenue_dip"], conversion_fading: ["revenue_dip"],
  processor_errors: ["payment_error", "revenue_dip"], issuer_declines: ["payment_error"], sca_broken: ["payment_error"], currency_failing: ["payment_error"],
  wrong_price: ["revenue_dip"], card_tests: ["card_testing", "payment_error"], fraud_wave: ["payment_error", "card_testing"],
  deliveries_down: ["webhook_failure"], deliveries_partly: ["webhook_failure"], deliveries_late: ["webhook_failure"],
  refund_abuse: ["refund_surge"], dispute_wave: ["dispute_surge"],
};
/** Those that are there from one minute to the next, besides the checkout that is gone in part. */
export const TROUBLE_SUDDEN: ReadonlySet<TroubleKind> = new Set([
  "checkout_gone", "processor_errors", "issuer_declines", "sca_broken", "currency_failing", "wrong_price", "card_tests", "fraud_wave", "deliveries_down", "deliveries_partly", "deliveries_late",
]);

/** Nats of information that one attempt (sale, delivery) gives, by the log-likelihood ratio of trouble against none. */
function informationOf(merchant: Merchant, kind: TroubleKind, strength: number, part: string): number {
  const cells = merchant.markets.flatMap(({ cells: all }) => all);
  const shareOf = (keep: (cell: Cell) => boolean): number => cells.reduce((sum, cell) => sum + (keep(cell) ? cell.share : 0), 0) / merchant.markets.length;
  const usual = cells.reduce((sum, { share, customer, risk, technical }) => sum + share * (customer + risk + technical), 0) / merchant.markets.length;
  const missing = (keep: number): number => (keep <= 0 ? 1 : keep * Math.log(keep) + 1 - keep);
  const failing = (now: number, before: number): number => now * Math.log(now / before) + (now >= 1 ? 0 : (1 - now) * Math.log((1 - now) / (1 - before)));
  switch (kind) {
    case "checkout_gone":
    case "checkout_partly":
    case "conversion_fading":
      return missing(1 - strength) * (kind === "conversion_fading" ? 0.3 : 1);
    case "method_gone":
      return missing(1 - shareOf(({ method }) => method === part) * strength);
    case "processor_errors":
      return failing(Math.min(0.98, usual + strength), usual);
    case "issuer_declines":
      // A bank has a third of its country.
      return 0.33 * shareOf(({ country }) => country === part) * failing(strength, usual);
    case "sca_broken":
      return shareOf(({ brand, method }) => brand === part && method === "card") * failing(strength, usual);
    case "currency_failing": {
      const market = merchant.markets.find(({ currency }) => currency === part);
      const sum = (rate: Float64Array | undefined): number => rate?.reduce((all, value) => all + value, 0) ?? 0;
      const all = merchant.markets.reduce((total, { people, billing }) => total + sum(people) + sum(billing), 0);
      return ((sum(market?.people) + sum(market?.billing)) / all) * failing(strength, usual);
    }
    case "wrong_price":
      return Math.min(2, (Math.log(strength) / 1.1) ** 2 / 2);
    case "card_tests":
    case "fraud_wave":
      return 1e9;
    case "deliveries_down":
    case "deliveries_late":
      return 5 * merchant.eventsPerAttempt;
    case "deliveries_partly":
      return failing(strength, 0.005) * merchant.eventsPerAttempt;
    case "refund_abuse":
      return merchant.refundShare * (strength * Math.log(strength) + 1 - strength);
    case "dispute_wave":
      return merchant.disputeShare * (strength * Math.log(strength) + 1 - strength);
  }
}

function strengthOf(random: Random, merchant: Merchant, kind: TroubleKind): number {
  switch (kind) {
    case "checkout_gone":
      return 1;
    case "checkout_partly":
      return random.between(0.4, 0.8);
    case "method_gone":
      return 1;
    case "conversion_fading":
      return random.between(0.6, 0.9);
    case "processor_errors":
      return random.between(0.2, 0.95);
    case "issuer_declines":
      return random.between(0.6, 1);
    case "sca_broken":
      return random.between(0.6, 0.95);
    case "currency_failing":
      return random.between(0.9, 0.99);
    case "wrong_price":
      return random.pick([0.01, 0.1, 0.25, 0.5]);
    case "card_tests":
      return Math.max(random.between(0.5, 6), (merchant.size / 1440) * random.between(0.5, 3));
    case "fraud_wave":
      return Math.max(random.between(0.1, 1), (merchant.size / 1440) * random.between(0.3, 1.5));
    case "deliveries_down":
      return 1;
    case "deliveries_partly":
      return random.between(0.15, 0.6);
    case "deliveries_late":
      return random.integer(20, 90);
    case "refund_abuse":
    case "dispute_wave":
      return random.between(6, 20);
  }
}

function partOf(random: Random, merchant: Merchant, kind: TroubleKind): string {
  if (kind === "method_gone") return random.pick(["wallet", "bank_debit", "card"]);
  if (kind === "issuer_declines") return merchant.markets[0]?.cells[0]?.country ?? "";
  if (kind === "sca_broken") return random.pick(["visa", "mastercard"]);
  return kind === "currency_failing" ? random.pick(merchant.markets.map(({ currency }) => currency) as [string]) : "";
}

/** Sure enough for somebody who knows the true rates, several times over. */
const NATS = 20;
const MOST_MINUTES = 7 * 1440;

/** One every two to nine days, with two days of rest after each. */
export function planTroubles(random: Random, merchant: Merchant): Trouble[] {
  const rate = new Float64Array(MINUTES);
  for (const { people, billing } of merchant.markets) for (let minute = 0; minute < MINUTES; minute++) rate[minute] = (rate[minute] ?? 0) + (people[minute] ?? 0) + (billing[minute] ?? 0);
  const troubles: Trouble[] = [];
  const deck: TroubleKind[] = [];
  for (let minute = LEARN_DAYS * 1440 + random.integer(0, 3 * 1440), turn = 0; minute < MINUTES - 1440 && turn < 60; turn++) {
    if (deck.length === 0) deck.push(...[...TROUBLES].sort(() => random.uniform() - 0.5));
    const kind = deck.pop() ?? "checkout_gone";
    if (kind === "currency_failing" && merchant.markets.length === 1) continue;
    const strength = strengthOf(random, merchant, kind);
    const part = partOf(random, merchant, kind);
    const nats = informationOf(merchant, kind, strength, part);
    const natural = Math.max(kind === "conversion_fading" ? 300 : 15, 70 * Math.exp(random.normal()));
    let known = 0;
    let sure = 0;
    while (known < NATS && minute + sure < MINUTES) known += nats * (rate[minute + sure++] ?? 0);
    // What comes late is silent only until the first of it arrives.
    if (kind === "deliveries_late" && sure > strength) continue;
    const length = Math.round(kind === "card_tests" || kind === "fraud_wave" ? natural : Math.max(natural, sure * random.between(1.5, 5)));
    if (length > MOST_MINUTES || minute + length > MINUTES - 120) continue;
    troubles.push({ kind, from: minute, until: minute + length, strength, part });
    minute += length + random.integer(2 * 1440, 7 * 1440);
  }
  return troubles;
}
