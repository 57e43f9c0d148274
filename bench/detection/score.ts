// The scorer of DETECTION "Goals".

import { FITTING, type Incident, type IncidentKind, SUDDEN } from "./incident.ts";
import type { Random } from "./random.ts";
import { DAYS, LEARN_DAYS, MINUTES } from "./shop.ts";
import { type Trouble, TROUBLE_FITS, TROUBLE_SUDDEN, type TroubleKind } from "./third/trouble.ts";

/** What the score needs to know of a shop, whichever simulator made it. */
export interface ShopFacts {
  readonly id: string;
  readonly size: number;
  readonly shape: string;
  readonly noise: string;
  readonly timeZone: string;
  /** Epoch seconds of the first minute. */
  readonly start: number;
}

export type AnyKind = IncidentKind | TroubleKind;
/** Minute numbers [from, until). */
export type AnyIncident = Incident | Trouble;

export const FITS: Readonly<Record<AnyKind, readonly string[]>> = { ...FITTING, ...TROUBLE_FITS };
/** Half a checkout, by whichever name. */
const HALVED: ReadonlySet<AnyKind> = new Set(["checkout_halved", "checkout_partly"]);
const isSudden = (kind: AnyKind): boolean => SUDDEN.has(kind as IncidentKind) || TROUBLE_SUDDEN.has(kind as TroubleKind);

/** An alert as any detector under test gives it; minute numbers of the shop. */
export interface Fired {
  readonly metric: string;
  readonly minute: number;
  readonly why?: string;
}

export interface Judged {
  readonly shop: ShopFacts;
  readonly incident: AnyIncident;
  readonly found: boolean;
  /** Minutes from the incident's start to the alert. */
  readonly delay: number;
  readonly lost: number;
}

export interface Score {
  readonly judged: Judged[];
  readonly falseAlarms: { readonly shop: ShopFacts; readonly fired: Fired }[];
  readonly shops: ShopFacts[];
  /** Incidents that never happened, "found" by luck. */
  luckHits: number;
  luckTries: number;
  shopMonths: number;
}

/** Minutes after an incident's end in which an alert still belongs to it. */
const GRACE = 30;
const MONTH_DAYS = 30;

export const createScore = (): Score => ({ judged: [], falseAlarms: [], shops: [], luckHits: 0, luckTries: 0, shopMonths: 0 });

export function scoreShop(score: Score, shop: ShopFacts, incidents: readonly AnyIncident[], alerts: readonly Fired[], random: Random): void {
  const counted = alerts.filter((alert) => alert.minute >= LEARN_DAYS * 1440);
  score.shops.push(shop);
  score.shopMonths += (DAYS - LEARN_DAYS) / MONTH_DAYS;
  for (const incident of incidents) {
    const first = firstFitting(counted, incident);
    const delay = first === undefined ? Infinity : first.minute - incident.from;
    const length = incident.until - incident.from;
    score.judged.push({ shop, incident, found: first !== undefined, delay, lost: first === undefined ? 1 : Math.min(1, delay / length) });
  }
  for (const alert of counted) {
    if (!incidents.some((incident) => within(alert, incident))) score.falseAlarms.push({ shop, fired: alert });
  }
  // Chance level: the same incidents at times when nothing happened.
  for (const incident of incidents) {
    const length = incident.until - incident.from;
    for (let draw = 0; draw < 20; draw++) {
      const from = random.integer(LEARN_DAYS * 1440, Math.max(LEARN_DAYS * 1440, MINUTES - length - GRACE));
      const phantom: AnyIncident = { ...incident, from, until: from + length };
      if (incidents.some((real) => from < real.until + GRACE && real.from < from + length + GRACE)) continue;
      score.luckTries++;
      if (firstFitting(counted, phantom) !== undefined) score.luckHits++;
      break;
    }
  }
}

const within = (alert: Fired, incident: AnyIncident): boolean => alert.minute >= incident.from && alert.minute <= incident.until + GRACE;

function firstFitting(alerts: readonly Fired[], incident: AnyIncident): Fired | undefined {
  return alerts.find((alert) => within(alert, incident) && FITS[incident.kind].includes(alert.metric));
}

export interface Summary {
  readonly shopMonths: number;
  readonly falseAlarmsAMonth: number;
  readonly incidents: number;
  readonly found: number;
  readonly luck: number;
  readonly lost: number;
  /** Median minutes; missed ones count as endless. */
  readonly halved: number;
  readonly sudden: number;
}

/** `suddenFrom`: smallest shop whose sudden incidents count in the last column. */
export function summarise(score: Score, suddenFrom = 5000): Summary {
  const { judged } = score;
  const found = judged.filter((one) => one.found).length;
  return {
    shopMonths: score.shopMonths,
    falseAlarmsAMonth: score.falseAlarms.length / score.shopMonths,
    incidents: judged.length,
    found: found / judged.length,
    luck: score.luckHits / Math.max(1, score.luckTries),
    lost: judged.reduce((sum, one) => sum + one.lost, 0) / judged.length,
    halved: middle(delaysOf(judged, (kind) => HALVED.has(kind), 0)),
    sudden: middle(delaysOf(judged, isSudden, suddenFrom)),
  };
}

export function delaysOf(judged: readonly Judged[], wanted: (kind: AnyKind) => boolean, smallest: number): number[] {
  return judged.filter((one) => wanted(one.incident.kind) && one.shop.size >= smallest).map((one) => one.delay);
}

export function middle(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => (a === b ? 0 : a - b));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
