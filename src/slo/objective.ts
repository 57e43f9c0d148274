/**
 * Objectives, error budgets and burn rates: pure arithmetic on counts. Objectives are whole parts per million, so that a
 * budget is an exact number of millionths of an event.
 *
 * Source: Google, The Site Reliability Workbook, chapter 5 "Alerting on SLOs".
 */

/** Events that were as they should be, of all that count. */
export interface Counts {
  readonly good: number;
  readonly total: number;
}

export type BurnSeverity = "page" | "ticket";

/** Fires while the budget burns this much faster than the objective allows, in both windows. */
export interface BurnLimit {
  readonly severity: BurnSeverity;
  readonly longMs: number;
  readonly shortMs: number;
  readonly burn: number;
}

export const INDICATORS = ["webhook_processed", "event_completeness", "payment_success", "api_availability"] as const;
export type Indicator = (typeof INDICATORS)[number];

export type Cause = "customer" | "risk" | "technical";
export type SliceOf = "currency" | "brand" | "country" | "method";

export interface Slo {
  /** `payment_success`; its rules are `slo_payment_success_page` and `…_ticket`. */
  readonly name: string;
  readonly indicator: Indicator;
  /** Parts per million: 999000 is 99.9 %. */
  readonly objectivePpm: number;
  /** Rolling. */
  readonly windowDays: number;
  readonly limits: readonly BurnLimit[];
  /** Fewer bad events than this in the long window alert nobody. */
  readonly minBad: number;
  /** Of payments: failures of these causes do not count, neither as good nor as bad. */
  readonly exclude: readonly Cause[];
  /** Of payments: only those of one currency, brand, country or method. */
  readonly only: { readonly kind: SliceOf; readonly value: string } | null;
}

export const MILLION = 1_000_000;

export function badOf({ good, total }: Counts): number {
  return total - good;
}

/** 0 to 1; null when nothing happened. */
export function attainment({ good, total }: Counts): number | null {
  return total === 0 ? null : good / total;
}

/** In millionths of an event, exact. `left` is below zero once more was spent than there was. */
export interface Budget {
  readonly allowed: number;
  readonly spent: number;
  readonly left: number;
}

export function budgetOf(counts: Counts, objectivePpm: number): Budget {
  const allowed = counts.total * (MILLION - objectivePpm);
  const spent = badOf(counts) * MILLION;
  return { allowed, spent, left: allowed - spent };
}

/** What is left of the budget: 1 all, 0 nothing, below that overspent; null when nothing happened. */
export function budgetLeft(counts: Counts, objectivePpm: number): number | null {
  const { allowed, left } = budgetOf(counts, objectivePpm);
  return allowed === 0 ? null : left / allowed;
}

/** How many times faster than allowed the budget is spent; 1 spends it exactly within the period. Null when nothing happened. */
export function burnRate(counts: Counts, objectivePpm: number): number | null {
  const { allowed, spent } = budgetOf(counts, objectivePpm);
  return allowed === 0 ? null : spent / allowed;
}

/** When everything fails: no burn rate can be higher. */
export function highestBurn(objectivePpm: number): number {
  return MILLION / (MILLION - objectivePpm);
}

export function canFire({ burn }: Pick<BurnLimit, "burn">, objectivePpm: number): boolean {
  return burn <= highestBurn(objectivePpm);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of a 30-day budget these spend 2 % in an hour, 5 % in six, 10 % in a day, and all of it at an even pace. */
export const DEFAULT_LIMITS: readonly BurnLimit[] = [
  { severity: "page", longMs: HOUR, shortMs: 5 * MINUTE, burn: 14.4 },
  { severity: "page", longMs: 6 * HOUR, shortMs: 30 * MINUTE, burn: 6 },
  { severity: "ticket", longMs: DAY, shortMs: 2 * HOUR, burn: 3 },
  { severity: "ticket", longMs: 3 * DAY, shortMs: 6 * HOUR, burn: 1 },
];

export function spanText(ms: number): string {
  if (ms % DAY === 0) return `${ms / DAY} d`;
  return ms % HOUR === 0 ? `${ms / HOUR} h` : `${ms / MINUTE} min`;
}

/** Up to two decimals, without trailing zeros. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** 0.9995 as "99.95 %"; never rounded up to 100 % while something failed. */
export function percent(share: number, decimals = 3): string {
  const factor = 10 ** decimals;
  const rounded = share < 1 ? Math.floor(share * 100 * factor + 1e-6) / factor : 100;
  return `${rounded} %`;
}

/** What can never fire, in words, with limits that can. */
export function unreachableLimits({ name, objectivePpm, limits }: Pick<Slo, "name" | "objectivePpm" | "limits">): string[] {
  const highest = highestBurn(objectivePpm);
  return limits
    .filter((limit) => !canFire(limit, objectivePpm))
    .map(({ burn, longMs, shortMs, severity }) => {
      const lower = Math.max(1, Math.floor(highest * 9) / 10);
      const higher = Math.ceil((1 - 1 / burn) * 10_000) / 10_000;
      return `slo ${name}: at an objective of ${percent(objectivePpm / MILLION)} the burn rate cannot exceed ${short(highest)}, so the ${severity} limit ${burn} (${spanText(longMs)} / ${spanText(shortMs)}) never fires; a burn of ${short(lower)} can, or an objective of ${percent(higher)} or more`;
    });
}
