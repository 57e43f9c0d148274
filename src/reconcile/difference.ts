import { type Currency, type Minor, moneyText, subtract, sum, ZERO } from "../money/index.ts";
import type { Dispute, Payment } from "../payments/index.ts";
import type { BookedCharge, BookedDispute, BookedPayout, BookedRefund, Booking } from "../stripe/index.ts";
import type { OurPayout } from "./our-payouts.ts";

/** Something that Stripe's books and ours do not agree about. */
export interface Difference {
  readonly object: "charge" | "refund" | "dispute" | "payout" | "booking";
  /** `missing`: at Stripe and not here; `differs`; `unknown_to_stripe`: here and not at Stripe. */
  readonly kind: "missing" | "differs" | "unknown_to_stripe";
  readonly id: string;
  readonly createdAt: number | null;
  /** In words: what each side says. */
  readonly text: string;
}

/** What both sides say of one object, and what it adds to the totals of its currency. */
export interface Compared {
  readonly currency: Currency;
  readonly atStripe: Minor;
  readonly here: Minor;
  readonly difference: Difference | null;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

function saysCharge({ status, amount, captured, currency }: Pick<BookedCharge, "status" | "amount" | "captured" | "currency">): string {
  if (status !== "succeeded") return `${status}, ${moneyText(amount, currency)} asked`;
  return captured === amount ? `succeeded, ${moneyText(amount, currency)} captured` : `succeeded, ${moneyText(captured, currency)} of ${moneyText(amount, currency)} captured`;
}

export function compareCharge(theirs: BookedCharge, payment: Payment | undefined): Compared {
  const { id, currency, createdAt } = theirs;
  const ours = payment?.attempts.find((attempt) => attempt.id === id);
  const told = (kind: Difference["kind"], text: string): Difference => ({ object: "charge", kind, id, createdAt, text });
  if (ours === undefined) return { currency, atStripe: theirs.captured, here: ZERO, difference: told("missing", `charge ${id} of ${day(createdAt)} UTC (${saysCharge(theirs)}) is at Stripe and not here`) };
  const mine = { status: ours.outcome, amount: ours.amount, captured: ours.captured, currency: ours.currency };
  const same = mine.status === theirs.status && mine.amount === theirs.amount && mine.captured === theirs.captured && mine.currency === currency;
  const here = mine.currency === currency ? mine.captured : ZERO;
  return { currency, atStripe: theirs.captured, here, difference: same ? null : told("differs", `charge ${id}: Stripe says ${saysCharge(theirs)}; here it is ${saysCharge(mine)}`) };
}

/** What a refund in this status takes from the balance, or will. */
function given(status: string, amount: Minor): Minor {
  return status === "failed" || status === "canceled" ? ZERO : amount;
}

export function compareRefund(theirs: BookedRefund, payment: Payment | undefined): Compared {
  const { id, currency, createdAt, status, amount } = theirs;
  const ours = payment?.refunds.find((refund) => refund.id === id);
  const told = (kind: Difference["kind"], text: string): Difference => ({ object: "refund", kind, id, createdAt, text });
  if (ours === undefined) return { currency, atStripe: given(status, amount), here: ZERO, difference: told("missing", `refund ${id} of ${day(createdAt)} UTC (${status}, ${moneyText(amount, currency)}) is at Stripe and not here`) };
  const same = ours.status === status && ours.amount === amount && ours.currency === currency;
  const here = ours.currency === currency ? given(ours.status, ours.amount) : ZERO;
  return { currency, atStripe: given(status, amount), here, difference: same ? null : told("differs", `refund ${id}: Stripe says ${status}, ${moneyText(amount, currency)}; here it is ${ours.status}, ${moneyText(ours.amount, ours.currency)}`) };
}

type Held = "nothing was taken for it" | "its money is with the customer" | "its money came back";

function heldAtStripe({ withdrawnAt, reinstatedAt }: BookedDispute): Held {
  if (withdrawnAt === null) return "nothing was taken for it";
  return reinstatedAt === null || reinstatedAt < withdrawnAt ? "its money is with the customer" : "its money came back";
}

function heldHere({ withdrawn, reinstatedAt }: Dispute): Held {
  if (withdrawn === null) return "nothing was taken for it";
  return reinstatedAt === null ? "its money is with the customer" : "its money came back";
}

/** A dispute: how it stands, and where its money is. What it moved to the minor unit is compared as a booking. */
export function compareDispute(theirs: BookedDispute, payment: Payment | undefined): Compared {
  const { id, currency, createdAt, status, amount } = theirs;
  const ours = payment?.disputes.find((dispute) => dispute.id === id);
  const told = (kind: Difference["kind"], text: string): Difference => ({ object: "dispute", kind, id, createdAt, text });
  const says = `${status}, ${moneyText(amount, currency)}, ${heldAtStripe(theirs)}`;
  if (ours === undefined || ours.currency === null) return { currency, atStripe: amount, here: ZERO, difference: told("missing", `dispute ${id} of ${day(createdAt)} UTC (${says}) is at Stripe and not here`) };
  const same = ours.status === status && ours.amount === amount && ours.currency === currency && heldHere(ours) === heldAtStripe(theirs);
  const here = ours.currency === currency ? ours.amount : ZERO;
  return { currency, atStripe: amount, here, difference: same ? null : told("differs", `dispute ${id}: Stripe says ${says}; here it is ${ours.status}, ${moneyText(ours.amount, ours.currency)}, ${heldHere(ours)}`) };
}

/** What a payout in this status takes from the balance, or will. */
function sent(status: string, amount: Minor): Minor {
  return status === "failed" || status === "canceled" ? ZERO : amount;
}

export function comparePayout(theirs: BookedPayout, ours: OurPayout | undefined): Compared {
  const { id, currency, createdAt, status, amount } = theirs;
  const told = (kind: Difference["kind"], text: string): Difference => ({ object: "payout", kind, id, createdAt, text });
  const atStripe = sent(status, amount);
  if (ours === undefined) return { currency, atStripe, here: ZERO, difference: told("missing", `payout ${id} of ${day(createdAt)} UTC (${status}, ${moneyText(amount, currency)}) is at Stripe and not here`) };
  const same = ours.status === status && ours.amount === amount && ours.currency === currency;
  const here = ours.currency === currency ? sent(ours.status, ours.amount) : ZERO;
  return { currency, atStripe, here, difference: same ? null : told("differs", `payout ${id}: Stripe says ${status}, ${moneyText(amount, currency)}; here it is ${ours.status}, ${moneyText(ours.amount, ours.currency)}`) };
}

/** Bookings that we can say ourselves what they must be; fees and transfers are none of our books. */
export const BOOKED = ["charge", "refund", "dispute", "dispute_reversal", "payout", "payout_reversal"] as const;
type BookedCategory = (typeof BOOKED)[number];

export function isBooked(booking: Booking): booking is Booking & { readonly category: BookedCategory; readonly source: string } {
  return booking.source !== null && BOOKED.some((category) => category === booking.category);
}

/** What is here of the object that moved the balance. */
export interface Sources {
  readonly payment: Payment | undefined;
  readonly payout: OurPayout | undefined;
}

/** What the balance moved by because of this object, by our books; null when we do not have it. */
function expected(category: BookedCategory, source: string, { payment, payout }: Sources): { amount: Minor; currency: Currency } | null {
  switch (category) {
    case "payout":
      return payout === undefined ? null : { amount: subtract(ZERO, payout.amount), currency: payout.currency };
    case "payout_reversal":
      return payout === undefined ? null : { amount: payout.status === "failed" || payout.status === "canceled" ? payout.amount : ZERO, currency: payout.currency };
    case "charge": {
      const found = payment?.attempts.find(({ id }) => id === source);
      return found === undefined ? null : { amount: found.captured, currency: found.currency };
    }
    case "refund": {
      const found = payment?.refunds.find(({ id }) => id === source);
      return found === undefined ? null : { amount: subtract(ZERO, found.amount), currency: found.currency };
    }
    case "dispute":
    case "dispute_reversal": {
      const found = payment?.disputes.find(({ id }) => id === source);
      if (found === undefined || found.withdrawn === null || found.currency === null) return null;
      if (category === "dispute") return { amount: subtract(ZERO, found.withdrawn), currency: found.currency };
      return { amount: found.reinstatedAt === null ? ZERO : found.withdrawn, currency: found.currency };
    }
  }
}

export type ComparedBooking = (Compared & { readonly category: BookedCategory; readonly converted: false }) | { readonly category: BookedCategory; readonly converted: true; readonly currency: Currency };

/** One movement of the balance. One in another currency than its payment was exchanged, and says nothing about our sums. */
export function compareBooking(booking: Booking & { readonly category: BookedCategory; readonly source: string }, sources: Sources): ComparedBooking {
  const { category, source, currency, amount, createdAt } = booking;
  const ours = expected(category, source, sources);
  if (ours !== null && ours.currency !== currency) return { category, converted: true, currency };
  const here = ours?.amount ?? ZERO;
  const kind = ours === null ? "missing" : "differs";
  const text = ours === null ? `the ${category.replace("_", " ")} ${source} moved Stripe's balance by ${moneyText(amount, currency)} on ${day(createdAt)} UTC and is not here` : `the ${category.replace("_", " ")} ${source} moved Stripe's balance by ${moneyText(amount, currency)}; by what is here it should be ${moneyText(here, currency)}`;
  return { category, converted: false, currency, atStripe: amount, here, difference: here === amount ? null : { object: "booking", kind, id: source, createdAt, text } };
}

/** Several movements of one object, as the captures of one charge are, as one of their sum: by category and currency. */
export function summed(bookings: readonly Booking[]): Booking[] {
  return [...Map.groupBy(bookings, ({ category, currency }) => `${category} ${currency}`).values()].flatMap((group) => group.slice(0, 1).map((first) => ({ ...first, amount: sum(group.map(({ amount }) => amount)) })));
}
