// What really goes wrong, when, and for how long.

import type { Random } from "./random.ts";
import { LEARN_DAYS, MINUTES, type Shop } from "./shop.ts";

export const INCIDENTS = [
  "processor_outage", "brand_failing", "country_failing", "checkout_halved", "checkout_dead", "amounts_halved",
  "webhooks_down", "webhooks_partly", "slow_degradation", "card_testing",
] as const;
export type IncidentKind = (typeof INCIDENTS)[number];

export interface Incident {
  readonly kind: IncidentKind;
  /** Minute numbers [from, until). */
  readonly from: number;
  readonly until: number;
  /** Share failing or missing; for card testing the attempts a minute. */
  readonly strength: number;
  /** Name of the brand or country. */
  readonly segment: string;
  /** slow_degradation: of the failure rate or of the volume. */
  readonly degrades: "rate" | "volume";
}

/** Metrics of alerts that fit. */
export const FITTING: Readonly<Record<IncidentKind, readonly string[]>> = {
  processor_outage: ["payment_error", "revenue_dip"],
  brand_failing: ["payment_error"],
  country_failing: ["payment_error"],
  checkout_halved: ["revenue_dip"],
  checkout_dead: ["revenue_dip"],
  amounts_halved: ["revenue_dip"],
  webhooks_down: ["webhook_failure"],
  webhooks_partly: ["webhook_failure"],
  slow_degradation: ["payment_error", "revenue_dip"],
  card_testing: ["card_testing", "payment_error"],
};

/** Sudden ones besides the halved checkout: the last column of the goals. */
export const SUDDEN: ReadonlySet<IncidentKind> = new Set(["processor_outage", "brand_failing", "country_failing", "checkout_dead", "amounts_halved", "webhooks_down", "webhooks_partly", "card_testing"]);

/** Attempts (sales, deliveries) after which even perfect knowledge of the true rates can be sure, about five deviations. */
function needed(shop: Shop, kind: IncidentKind, strength: number, share: number): number {
  switch (kind) {
    case "processor_outage":
    case "slow_degradation":
      return 12 / strength;
    case "brand_failing":
    case "country_failing":
      return 14 / strength / share;
    case "checkout_dead":
      return 18;
    case "checkout_halved":
      return 100;
    case "amounts_halved":
      return 40 + 60 * shop.saleSigma ** 2;
    case "webhooks_down":
    case "webhooks_partly":
      return 14 / strength;
    case "card_testing":
      return 0;
  }
}

/** Six to nine incidents apart from each other; none so short at this size that nobody could see it. */
export function planIncidents(random: Random, shop: Shop): Incident[] {
  const incidents: Incident[] = [];
  let minute = LEARN_DAYS * 1440 + random.integer(600, 4 * 1440);
  const order = [...INCIDENTS].sort(() => random.uniform() - 0.5);
  for (let turn = 0; minute < MINUTES - 1440 && turn < 40; turn++) {
    const kind = order[turn % order.length] ?? "checkout_dead";
    const incident = draw(random, shop, kind, minute);
    if (incident === undefined) continue;
    incidents.push(incident);
    minute = incident.until + random.integer(2 * 1440, 7 * 1440);
  }
  return incidents;
}

function draw(random: Random, shop: Shop, kind: IncidentKind, from: number): Incident | undefined {
  const segment = random.pick([shop.brands[0], shop.brands[1], shop.brands[2]] as [Shop["brands"][0], Shop["brands"][0], Shop["brands"][0]]);
  const country = random.pick([shop.countries[0], shop.countries[1], shop.countries[2]] as [Shop["brands"][0], Shop["brands"][0], Shop["brands"][0]]);
  const part = kind === "brand_failing" ? segment : country;
  const strength = strengthOf(random, shop, kind);
  const least = needed(shop, kind, strength, part.share);
  let minutes = 20 * 12 ** random.uniform();
  if (kind === "slow_degradation") minutes = 360;
  if (least > 0) {
    let sum = 0;
    let passed = 0;
    for (; sum < least && from + passed < MINUTES; passed++) sum += shop.rate[from + passed] ?? 0;
    minutes = Math.max(minutes, passed * random.between(3, 8));
    if (kind === "slow_degradation" && minutes > 1440) return undefined;
  }
  if (minutes > 6 * 1440 || from + minutes > MINUTES - 60) return undefined;
  return { kind, from, until: from + Math.round(minutes), strength, segment: part.name, degrades: random.uniform() < 0.5 ? "rate" : "volume" };
}

function strengthOf(random: Random, shop: Shop, kind: IncidentKind): number {
  switch (kind) {
    case "processor_outage":
      return random.between(0.35, 1);
    case "brand_failing":
    case "country_failing":
      return random.between(0.5, 1);
    case "checkout_halved":
      return 0.5;
    case "checkout_dead":
      return random.between(0.97, 1);
    case "amounts_halved":
      return 0.5;
    case "webhooks_down":
      return 1;
    case "webhooks_partly":
      return random.between(0.25, 0.4);
    case "slow_degradation":
      return random.between(0.5, 0.8);
    case "card_testing":
      return Math.max(random.between(1, 8), (shop.size / 1440) * random.between(0.6, 4));
  }
}
