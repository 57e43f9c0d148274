import { findPayments, type Payment } from "../payments/index.ts";
import type { Database } from "../platform/index.ts";
import type { BookedCharge, BookedDispute, BookedPayout, BookedRefund, Booking, BookPage, BookQuery, Books } from "../stripe/index.ts";
import { type Compared, compareBooking, compareCharge, compareDispute, comparePayout, compareRefund, isBooked, type Sources, summed } from "./difference.ts";
import { type OurPayout, ourPayouts } from "./our-payouts.ts";

export const PARTS = ["charges", "refunds", "disputes", "payouts", "balance"] as const;
export type Part = (typeof PARTS)[number];

export interface Dated {
  readonly id: string;
  readonly createdAt: number;
}

/** One of Stripe's lists, and what its objects are here. */
export interface Side<Item extends Dated, Mine> {
  readonly part: Part;
  list(query: BookQuery): Promise<BookPage<Item>>;
  /** The id by which ours is found. */
  idOf(item: Item): string;
  mine(ids: readonly string[]): Promise<ReadonlyMap<string, Mine>>;
  /** What was read before is read anew. */
  forget(): void;
  /** When ours last changed, ms UTC. */
  changedAt(mine: Mine): number;
  /** Null: nothing to compare. */
  compare(item: Item, mine: Mine | undefined): (Compared & { readonly what: string }) | null;
  /** The object as it is now; null when it is gone. */
  fetch(item: Item): Promise<Item | null>;
  /** Ours to look for at Stripe, by the time they were told; null where we keep no such list. */
  readonly ours: "attempt" | "refund" | null;
}

/** How ours are found: payments by the id of any of their parts, payouts by theirs. */
interface Lookups {
  payments(ids: readonly string[]): Promise<ReadonlyMap<string, Payment>>;
  payouts(): Promise<ReadonlyMap<string, OurPayout>>;
  forget(): void;
}

export function lookups({ db, live, account, fromMs }: { readonly db: Database; readonly live: boolean; readonly account: string | null; readonly fromMs: number }): Lookups {
  let payouts: Promise<ReadonlyMap<string, OurPayout>> | null = null;
  return {
    payments: async (ids) => await findPayments(db.read, ids, { live, account }),
    payouts: async () => await (payouts ??= ourPayouts(db, { live, account }, fromMs)),
    forget: () => {
      payouts = null;
    },
  };
}

export function sideOfCharges(books: Books, account: string | null, { payments, forget }: Lookups): Side<BookedCharge, Payment> {
  return {
    part: "charges",
    list: books.charges,
    idOf: ({ id }) => id,
    mine: payments,
    forget,
    changedAt: ({ updatedAt }) => updatedAt,
    compare: (charge, payment) => ({ what: "captured", ...compareCharge(charge, payment) }),
    fetch: async ({ id }) => (await books.charge(id, account))?.facts ?? null,
    ours: "attempt",
  };
}

export function sideOfRefunds(books: Books, account: string | null, { payments, forget }: Lookups): Side<BookedRefund, Payment> {
  return {
    part: "refunds",
    list: books.refunds,
    idOf: ({ id }) => id,
    mine: payments,
    forget,
    changedAt: ({ updatedAt }) => updatedAt,
    compare: (refund, payment) => ({ what: "refunded", ...compareRefund(refund, payment) }),
    fetch: async ({ id }) => (await books.refund(id, account))?.facts ?? null,
    ours: "refund",
  };
}

export function sideOfDisputes(books: Books, account: string | null, { payments, forget }: Lookups): Side<BookedDispute, Payment> {
  return {
    part: "disputes",
    list: books.disputes,
    idOf: ({ id }) => id,
    mine: payments,
    forget,
    changedAt: ({ updatedAt }) => updatedAt,
    compare: (dispute, payment) => ({ what: "disputed", ...compareDispute(dispute, payment) }),
    fetch: async ({ id }) => (await books.dispute(id, account))?.facts ?? null,
    ours: null,
  };
}

export function sideOfPayouts(books: Books, account: string | null, { payouts, forget }: Lookups): Side<BookedPayout, OurPayout> {
  return {
    part: "payouts",
    list: books.payouts,
    idOf: ({ id }) => id,
    mine: payouts,
    forget,
    changedAt: ({ toldAt }) => toldAt,
    compare: (payout, ours) => ({ what: "paid out", ...comparePayout(payout, ours) }),
    fetch: async ({ id }) => (await books.payout(id, account))?.facts ?? null,
    ours: null,
  };
}

export function sideOfBalance(books: Books, account: string | null, { payments, payouts, forget }: Lookups, onExchanged: () => void): Side<Booking, Sources> {
  return {
    part: "balance",
    list: books.bookings,
    idOf: ({ source }) => source ?? "",
    mine: async (ids) => {
      const [found, sent] = [await payments(ids), await payouts()];
      return new Map(ids.map((id) => [id, { payment: found.get(id), payout: sent.get(id) }]));
    },
    forget,
    // A movement is one of several of its object, so it is always looked at again.
    changedAt: ({ payment, payout }) => (payment === undefined && payout === undefined ? 0 : Number.MAX_SAFE_INTEGER),
    compare: (booking, sources) => {
      if (!isBooked(booking)) return null;
      const compared = compareBooking(booking, sources ?? { payment: undefined, payout: undefined });
      if (!compared.converted) return { what: compared.category, ...compared };
      onExchanged();
      return null;
    },
    // Several captures of one charge are several bookings, whose sum it is.
    fetch: async (booking) => {
      const found = summed(await books.bookingsOf(booking.source ?? "", account)).find(({ category, currency }) => category === booking.category && currency === booking.currency);
      return found === undefined ? null : { ...booking, amount: found.amount };
    },
    ours: null,
  };
}
