import type Stripe from "stripe";
import { asCurrency, asMinor, type Currency, type Minor, minor } from "../money/index.ts";
import { askStripe } from "./ask.ts";
import type { StripeApi } from "./client.ts";
import { StripeTrouble } from "./trouble.ts";

/** Which part of one of Stripe's lists; they go from the newest back. */
export interface BookQuery {
  /** A connected account; null for the account of the key. */
  readonly account: string | null;
  /** Seconds since 1970, both inclusive. */
  readonly createdGte: number;
  readonly createdLte: number;
  readonly startingAfter: string | null;
}

export interface BookPage<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** A charge as Stripe has it now. */
export interface BookedCharge {
  readonly id: string;
  readonly status: "succeeded" | "pending" | "failed";
  readonly currency: Currency;
  readonly amount: Minor;
  readonly captured: Minor;
  /** ms UTC. */
  readonly createdAt: number;
}

export interface BookedRefund {
  readonly id: string;
  readonly status: string;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly createdAt: number;
}

export interface BookedDispute {
  readonly id: string;
  readonly status: string;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly createdAt: number;
  /** When the money was taken out of the balance, and when it came back (ms UTC); null when it was not. */
  readonly withdrawnAt: number | null;
  readonly reinstatedAt: number | null;
}

/** Money sent to the merchant's bank; it moves the balance and is no revenue. */
export interface BookedPayout {
  readonly id: string;
  readonly status: string;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly createdAt: number;
}

/** A balance transaction: what moved the account's balance. */
export interface Booking {
  readonly id: string;
  /** Stripe's `reporting_category`: charge, refund, dispute, dispute_reversal, payout, fee … */
  readonly category: string;
  /** The object that made it (`ch_…`, `re_…`, `du_…`). */
  readonly source: string | null;
  /** Of the balance; that of the payment may be another. */
  readonly currency: Currency;
  /** Before fees; below nothing when money leaves. */
  readonly amount: Minor;
  readonly createdAt: number;
}

/** Stripe's own books, page by page; a hundred entries are one request. @throws StripeTrouble */
export interface Books {
  charges(query: BookQuery): Promise<BookPage<BookedCharge>>;
  refunds(query: BookQuery): Promise<BookPage<BookedRefund>>;
  disputes(query: BookQuery): Promise<BookPage<BookedDispute>>;
  payouts(query: BookQuery): Promise<BookPage<BookedPayout>>;
  bookings(query: BookQuery): Promise<BookPage<Booking>>;
  /** Null when Stripe has none of that id. With the object itself, for the ledger. */
  charge(id: string, account: string | null): Promise<{ readonly facts: BookedCharge; readonly object: unknown } | null>;
  refund(id: string, account: string | null): Promise<{ readonly facts: BookedRefund; readonly object: unknown } | null>;
  dispute(id: string, account: string | null): Promise<{ readonly facts: BookedDispute; readonly object: unknown } | null>;
  payout(id: string, account: string | null): Promise<{ readonly facts: BookedPayout; readonly object: unknown } | null>;
  /** All bookings that one object made, at most a hundred. */
  bookingsOf(source: string, account: string | null): Promise<readonly Booking[]>;
}

const PER_PAGE = 100;
const LARGEST = Number.MAX_SAFE_INTEGER;

function money(value: unknown, currency: unknown, what: string): { amount: Minor; currency: Currency } {
  const amount = asMinor(value, { min: -LARGEST, max: LARGEST });
  const known = asCurrency(currency);
  if (amount === null || known === null) throw new StripeTrouble("upstream", "stripe_unreadable", `Stripe's answer has no usable ${what}; is STRIPE_API_BASE the address of Stripe's API?`, { effect: "none" });
  return { amount, currency: known };
}

function chargeOf(charge: Stripe.Charge): BookedCharge {
  const { amount, currency } = money(charge.amount, charge.currency, "amount of a charge");
  const captured = charge.status === "succeeded" ? money(charge.amount_captured, charge.currency, "captured amount of a charge").amount : minor(0);
  // A word that we do not know is not yet an end.
  const status = (["succeeded", "failed"] as const).find((one) => one === charge.status) ?? "pending";
  return { id: charge.id, status, currency, amount, captured, createdAt: charge.created * 1000 };
}

function refundOf(refund: Stripe.Refund): BookedRefund {
  return { id: refund.id, status: refund.status ?? "pending", ...money(refund.amount, refund.currency, "amount of a refund"), createdAt: refund.created * 1000 };
}

function disputeOf(dispute: Stripe.Dispute): BookedDispute {
  // Withdrawn, given back, withdrawn again: the last of each says how it stands.
  const moved = (back: boolean): number | null => {
    const times = (dispute.balance_transactions ?? []).filter(({ amount }) => (back ? amount > 0 : amount < 0)).map(({ created }) => created * 1000);
    return times.length === 0 ? null : Math.max(...times);
  };
  return { id: dispute.id, status: dispute.status, ...money(dispute.amount, dispute.currency, "amount of a dispute"), createdAt: dispute.created * 1000, withdrawnAt: moved(false), reinstatedAt: moved(true) };
}

function payoutOf(payout: Stripe.Payout): BookedPayout {
  return { id: payout.id, status: payout.status, ...money(payout.amount, payout.currency, "amount of a payout"), createdAt: payout.created * 1000 };
}

function bookingOf(booking: Stripe.BalanceTransaction): Booking {
  const source = typeof booking.source === "string" ? booking.source : (booking.source?.id ?? null);
  return { id: booking.id, category: booking.reporting_category, source, ...money(booking.amount, booking.currency, "amount of a balance transaction"), createdAt: booking.created * 1000 };
}

function paramsOf({ createdGte, createdLte, startingAfter }: BookQuery): { limit: number; created: { gte: number; lte: number }; starting_after?: string } {
  return { limit: PER_PAGE, created: { gte: createdGte, lte: createdLte }, ...(startingAfter === null ? {} : { starting_after: startingAfter }) };
}

/** It only reads, so a failed call may be made again. */
function readOptions(account: string | null): Stripe.RequestOptions {
  return { maxNetworkRetries: 1, ...(account === null ? {} : { stripeAccount: account }) };
}

/** Null where Stripe says that it has none. */
async function unlessMissing<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await askStripe(call);
  } catch (error) {
    if (error instanceof StripeTrouble && error.code === "not_at_stripe") return null;
    throw error;
  }
}

export function openBooks({ sdk }: Pick<StripeApi, "sdk">): Books {
  return {
    charges: async (query) => {
      const { data, has_more } = await askStripe(sdk.charges.list(paramsOf(query), readOptions(query.account)));
      return { items: data.map(chargeOf), hasMore: has_more };
    },
    refunds: async (query) => {
      const { data, has_more } = await askStripe(sdk.refunds.list(paramsOf(query), readOptions(query.account)));
      return { items: data.map(refundOf), hasMore: has_more };
    },
    disputes: async (query) => {
      const { data, has_more } = await askStripe(sdk.disputes.list(paramsOf(query), readOptions(query.account)));
      return { items: data.map(disputeOf), hasMore: has_more };
    },
    payouts: async (query) => {
      const { data, has_more } = await askStripe(sdk.payouts.list(paramsOf(query), readOptions(query.account)));
      return { items: data.map(payoutOf), hasMore: has_more };
    },
    bookings: async (query) => {
      const { data, has_more } = await askStripe(sdk.balanceTransactions.list(paramsOf(query), readOptions(query.account)));
      return { items: data.map(bookingOf), hasMore: has_more };
    },
    charge: async (id, account) => {
      const charge = await unlessMissing(sdk.charges.retrieve(id, {}, readOptions(account)));
      return charge === null ? null : { facts: chargeOf(charge), object: charge };
    },
    refund: async (id, account) => {
      const refund = await unlessMissing(sdk.refunds.retrieve(id, {}, readOptions(account)));
      return refund === null ? null : { facts: refundOf(refund), object: refund };
    },
    dispute: async (id, account) => {
      const dispute = await unlessMissing(sdk.disputes.retrieve(id, {}, readOptions(account)));
      return dispute === null ? null : { facts: disputeOf(dispute), object: dispute };
    },
    payout: async (id, account) => {
      const payout = await unlessMissing(sdk.payouts.retrieve(id, {}, readOptions(account)));
      return payout === null ? null : { facts: payoutOf(payout), object: payout };
    },
    bookingsOf: async (source, account) => (await askStripe(sdk.balanceTransactions.list({ source, limit: PER_PAGE }, readOptions(account)))).data.map(bookingOf),
  };
}
