import { type Currency, type Minor, minor, ZERO } from "../money/index.ts";
import type { WalkedPayment } from "../payments/index.ts";

/** Declines that another try may pass: the customer's account fills up, the issuer comes back. Stripe's soft decline codes. */
const SOFT = new Set(["insufficient_funds", "try_again_later", "processing_error", "issuer_not_available", "reenter_transaction", "card_velocity_exceeded", "withdrawal_count_limit_exceeded", "approve_with_id"]);

/** What became of softly declined payments, of one currency. */
export interface SoftDeclines {
  readonly currency: Currency;
  /** Tried once and given up, with what was lost (minor units). */
  abandoned: number;
  abandonedAmount: Minor;
  /** Tried again, and how many of these were paid in the end. */
  retried: number;
  recovered: number;
}

/** Payments by the card's country, of one currency. */
export interface CountryTally {
  readonly country: string;
  readonly currency: Currency;
  payments: number;
  failed: number;
  failedAmount: Minor;
}

export interface DeclineFacts {
  readonly soft: readonly SoftDeclines[];
  readonly countries: readonly CountryTally[];
  /** Refused for being under Stripe's smallest charge, by currency. */
  readonly tooSmall: readonly { readonly currency: Currency; readonly count: number }[];
}

const MAX_CELLS = 5000;

/** Sums declines while payments are walked. */
export function collectDeclines(): { take(payment: WalkedPayment): void; finish(): DeclineFacts } {
  const soft = new Map<string, SoftDeclines>();
  const countries = new Map<string, CountryTally>();
  const tooSmall = new Map<Currency, number>();
  return {
    take: (payment) => {
      const { currency, code, attempts, status, country } = payment;
      if (attempts === 0) return;
      const failed = status === "failed";
      if (code === "amount_too_small") tooSmall.set(currency, (tooSmall.get(currency) ?? 0) + 1);
      if (country !== null) {
        const key = `${country} ${currency}`;
        const tally = countries.get(key) ?? { country, currency, payments: 0, failed: 0, failedAmount: ZERO };
        tally.payments += 1;
        if (failed) {
          tally.failed += 1;
          tally.failedAmount = minor(tally.failedAmount + payment.amount);
        }
        if (countries.has(key) || countries.size < MAX_CELLS) countries.set(key, tally);
      }
      if (code === null || !SOFT.has(code)) return;
      const tally = soft.get(currency) ?? { currency, abandoned: 0, abandonedAmount: ZERO, retried: 0, recovered: 0 };
      soft.set(currency, tally);
      if (attempts > 1) {
        tally.retried += 1;
        if (payment.captured > 0) tally.recovered += 1;
      } else if (failed) {
        tally.abandoned += 1;
        tally.abandonedAmount = minor(tally.abandonedAmount + payment.amount);
      }
    },
    finish: () => ({ soft: [...soft.values()], countries: [...countries.values()], tooSmall: [...tooSmall].map(([currency, count]) => ({ currency, count })) }),
  };
}

/** The middle 90 % of a share after `hits` of `tries`, by Wilson's score interval (z = 1.645). Whole range without tries. */
export function shareInterval(hits: number, tries: number): { low: number; high: number } {
  if (tries === 0) return { low: 0, high: 1 };
  const z = 1.6449;
  const share = hits / tries;
  const middle = (share + (z * z) / (2 * tries)) / (1 + (z * z) / tries);
  const half = (z * Math.sqrt((share * (1 - share)) / tries + (z * z) / (4 * tries * tries))) / (1 + (z * z) / tries);
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
