import type { Attempt, Payment } from "../payments/index.ts";
import { addTo, type Measure, type Vector, zeroVector } from "./measures.ts";

export type SliceKind = "all" | "currency" | "brand" | "country" | "method" | "cause";

export const MINUTE_MS = 60_000;

/** Part of what a payment adds to the buckets: its share of one minute of one slice. */
export interface Share {
  /** Start of the minute, ms UTC. */
  readonly minute: number;
  readonly kind: SliceKind;
  /** '' for `all`. */
  readonly value: string;
  readonly vector: Vector;
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** Collects shares by minute and slice. */
class Shares {
  readonly #byKey = new Map<string, Share>();

  add(at: number, kind: SliceKind, value: string | null, amounts: readonly (readonly [Measure, number])[]): void {
    if (value === null) return;
    const minute = minuteOf(at);
    const key = `${minute} ${kind} ${value}`;
    let share = this.#byKey.get(key);
    if (share === undefined) {
      share = { minute, kind, value, vector: zeroVector() };
      this.#byKey.set(key, share);
    }
    for (const [measure, amount] of amounts) addTo(share.vector, measure, amount);
  }

  all(): Share[] {
    return [...this.#byKey.values()];
  }
}

function attemptAmounts({ outcome, failure }: Attempt): (readonly [Measure, number])[] {
  const amounts: (readonly [Measure, number])[] = [
    ["attempts", 1],
    [outcome === "succeeded" ? "succeeded" : "failed", 1],
  ];
  if (failure !== null) amounts.push([`failed_${failure.cause}`, 1]);
  return amounts;
}

function addAttempts(shares: Shares, payment: Payment): void {
  for (const attempt of payment.attempts) {
    const { at, currency, failure } = attempt;
    if (at === null || attempt.outcome === "pending") continue;
    const amounts = attemptAmounts(attempt);
    shares.add(at, "all", "", amounts);
    shares.add(at, "currency", currency, amounts);
    shares.add(at, "brand", attempt.brand, amounts);
    shares.add(at, "country", attempt.country, amounts);
    shares.add(at, "method", attempt.method, amounts);
    if (failure !== null) shares.add(at, "cause", failure.code ?? "unknown", amounts);
  }
  const first = payment.attempts.find((attempt) => attempt.at !== null);
  if (first?.at !== undefined && first.at !== null && (payment.finalOutcome === "succeeded" || payment.finalOutcome === "failed")) {
    const amounts: (readonly [Measure, number])[] = [
      ["payments", 1],
      ["payments_succeeded", payment.finalOutcome === "succeeded" ? 1 : 0],
    ];
    shares.add(first.at, "all", "", amounts);
    shares.add(first.at, "currency", first.currency, amounts);
  }
}

function addMoney(shares: Shares, payment: Payment): void {
  const add = (at: number, currency: string, sum: Measure, amount: number, count: Measure, times: number): void => {
    shares.add(at, "currency", currency, [
      [sum, amount],
      [count, times],
    ]);
    shares.add(at, "all", "", [[count, times]]);
  };
  for (const { capturedAt, captured, currency } of payment.attempts) {
    if (capturedAt !== null) add(capturedAt, currency, "gross", captured, "captures", 1);
  }
  for (const refund of payment.refunds) {
    if (refund.counts) add(refund.toldAt, refund.currency, "refunded", refund.amount, "refunds", 1);
  }
  const { unseenRefund, currency } = payment;
  if (unseenRefund !== null && currency !== null) add(unseenRefund.at, currency, "refunded", unseenRefund.amount, "refunds", 1);
  for (const { withdrawnAt, withdrawn, reinstatedAt, currency: disputed } of payment.disputes) {
    if (withdrawnAt === null || withdrawn === null || disputed === null) continue;
    add(withdrawnAt, disputed, "disputed", withdrawn, "disputes", 1);
    if (reinstatedAt !== null) add(reinstatedAt, disputed, "disputed", 0 - withdrawn, "disputes", 0);
  }
}

/**
 * What one payment adds to the buckets: a pure function of what is known of it now. Buckets hold the sum over all
 * payments, so that what changes about one (a late failure, a refund) is the difference of two of these, and corrects
 * the past where it belongs.
 */
export function contribution(payment: Payment): Share[] {
  const shares = new Shares();
  addAttempts(shares, payment);
  addMoney(shares, payment);
  return shares.all();
}
