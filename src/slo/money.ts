import { badOf, type Counts, MILLION } from "./objective.ts";

/** What was taken in one currency within the period, and (for payments) how its attempts went. Minor units. */
export interface Worth {
  readonly currency: string;
  readonly gross: number;
  readonly captures: number;
  /** Null: the indicator does not tell currencies apart; its bad events are shared by what was taken. */
  readonly counts: Counts | null;
}

/**
 * The budget in money, minor units of one currency. An estimate, since what failed has no amount of its own: payments
 * that failed count with the average sale of their currency; other events with their share of what was taken.
 */
export interface MoneyBudget {
  readonly currency: string;
  readonly allowed: number;
  readonly spent: number;
  readonly left: number;
}

/** Rounded half up, exact however large. */
function share(amount: number, part: number, whole: number): number {
  const [a, p, w] = [BigInt(amount), BigInt(part), BigInt(whole)];
  return Number((2n * a * p + w) / (2n * w));
}

function budgetIn({ currency, gross, captures, counts }: Worth, all: Counts, objectivePpm: number): MoneyBudget | null {
  if (gross <= 0 || captures <= 0) return null;
  const of = counts ?? all;
  // Payments: events × average sale. Others: what was taken, by the share of their events.
  const whole = counts === null ? of.total : captures;
  if (whole === 0) return null;
  const spent = share(gross, badOf(of), whole);
  const allowed = share(gross, of.total * (MILLION - objectivePpm), whole * MILLION);
  return { currency, allowed, spent, left: allowed - spent };
}

/** Per currency, never added; currencies in which nothing was taken have no estimate. */
export function moneyBudgets(worth: readonly Worth[], all: Counts, objectivePpm: number): MoneyBudget[] {
  return worth.map((one) => budgetIn(one, all, objectivePpm)).filter((one) => one !== null);
}
