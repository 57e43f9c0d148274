import type { Currency, Minor } from "../money/index.ts";
import { earliest, joinById, latest, type Stamp } from "./register.ts";

/** Who paid with what, as far as a snapshot says. */
export interface Method {
  readonly method: string | null;
  readonly brand: string | null;
  /** Of the card or bank, two upper-case letters. */
  readonly country: string | null;
  readonly last4: string | null;
}

export type ChargeStatus = "succeeded" | "pending" | "failed";

export interface ChargeSnapshot extends Stamp, Method {
  readonly status: ChargeStatus;
  readonly currency: Currency;
  readonly amount: Minor;
  /** Captured; 0 unless the charge succeeded. */
  readonly captured: Minor;
  /** Stripe's `amount_refunded`: also what was let go uncaptured. */
  readonly refunded: Minor;
  readonly created: number | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly code: string | null;
  readonly email: string | null;
  readonly customer: string | null;
}

/** What a payment intent's last error says of a charge: the decline code in the issuer's words. */
interface Decline extends Stamp {
  readonly code: string | null;
  readonly decline: string | null;
}

export interface ChargeState {
  readonly id: string;
  readonly last: ChargeSnapshot | null;
  readonly decline: Decline | null;
  /** When its outcome was first told. */
  readonly toldAt: number | null;
  readonly capturedAt: number | null;
  readonly expiredAt: number | null;
  /** When a refund of captured money was first told by the charge itself. */
  readonly backAt: number | null;
}

export interface IntentSnapshot extends Stamp {
  readonly status: string;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly received: Minor;
  readonly created: number | null;
  readonly email: string | null;
  readonly customer: string | null;
}

/** An attempt that made no charge (failed authentication), keyed by the event that told of it. */
export interface ChargelessFailure extends Method {
  readonly id: string;
  readonly at: number;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly type: string | null;
  readonly code: string | null;
  readonly decline: string | null;
}

export interface IntentState {
  readonly id: string;
  readonly last: IntentSnapshot | null;
  readonly failures: readonly ChargelessFailure[];
}

export const REFUND_STATUSES = ["pending", "requires_action", "succeeded", "failed", "canceled"] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

export interface RefundSnapshot extends Stamp {
  readonly status: RefundStatus;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly created: number | null;
  readonly reason: string | null;
  readonly failure: string | null;
  /** True when money moved: it has a balance transaction. */
  readonly moved: boolean;
}

export interface RefundState {
  readonly id: string;
  readonly last: RefundSnapshot | null;
  readonly toldAt: number | null;
}

export interface DisputeSnapshot extends Stamp {
  readonly status: string;
  readonly currency: Currency;
  readonly amount: Minor;
  readonly created: number | null;
  readonly reason: string | null;
}

/** Money that a dispute moved. */
interface Movement extends Stamp {
  readonly amount: Minor;
}

export interface DisputeState {
  readonly id: string;
  readonly last: DisputeSnapshot | null;
  /** The last that said won or lost: `closed` may be told before `created`, which takes nothing back. */
  readonly ended: DisputeSnapshot | null;
  readonly withdrawnAt: number | null;
  readonly withdrawn: Movement | null;
  readonly reinstated: Movement | null;
}

export interface InvoiceLink extends Stamp {
  readonly id: string;
}

export interface Billed extends Stamp {
  readonly email: string | null;
  readonly customer: string | null;
}

/**
 * All that events told of one payment, as registers that are joined (a semilattice): any order, repetition and grouping
 * of the same events ends in the same state. What it means is decided by `describe`, from the whole state alone.
 */
export interface PaymentState {
  /** 64 × the lowest ledger position that told of it, plus which of that event's payments it is. Falls when joined. */
  readonly no: number;
  readonly live: boolean;
  /** The connected account; null for the account itself. */
  readonly account: string | null;
  readonly firstAt: number;
  readonly lastAt: number;
  /** True when it had more parts than are kept; amounts may then miss some. */
  readonly cut: boolean;
  readonly intents: readonly IntentState[];
  readonly charges: readonly ChargeState[];
  readonly refunds: readonly RefundState[];
  readonly disputes: readonly DisputeState[];
  readonly invoice: InvoiceLink | null;
  readonly billed: Billed | null;
}

/** Parts of one kind that one payment keeps. Real ones have a handful; the limit keeps a broken sender from growing a row for ever. */
const MAX_PARTS = 500;

function joinCharge(one: ChargeState, other: ChargeState): ChargeState {
  return {
    id: one.id,
    last: latest(one.last, other.last),
    decline: latest(one.decline, other.decline),
    toldAt: earliest(one.toldAt, other.toldAt),
    capturedAt: earliest(one.capturedAt, other.capturedAt),
    expiredAt: earliest(one.expiredAt, other.expiredAt),
    backAt: earliest(one.backAt, other.backAt),
  };
}

function joinIntent(one: IntentState, other: IntentState): IntentState {
  return {
    id: one.id,
    last: latest(one.last, other.last),
    // The same event always tells the same failure.
    failures: joinById(one.failures, other.failures, (failure) => failure, MAX_PARTS).items,
  };
}

function joinRefund(one: RefundState, other: RefundState): RefundState {
  return { id: one.id, last: latest(one.last, other.last), toldAt: earliest(one.toldAt, other.toldAt) };
}

function joinDispute(one: DisputeState, other: DisputeState): DisputeState {
  return {
    id: one.id,
    last: latest(one.last, other.last),
    ended: latest(one.ended, other.ended),
    withdrawnAt: earliest(one.withdrawnAt, other.withdrawnAt),
    withdrawn: latest(one.withdrawn, other.withdrawn),
    reinstated: latest(one.reinstated, other.reinstated),
  };
}

/** Joins what is known of one payment. Both must be of the same mode and account. */
export function join(one: PaymentState, other: PaymentState): PaymentState {
  const intents = joinById(one.intents, other.intents, joinIntent, MAX_PARTS);
  const charges = joinById(one.charges, other.charges, joinCharge, MAX_PARTS);
  const refunds = joinById(one.refunds, other.refunds, joinRefund, MAX_PARTS);
  const disputes = joinById(one.disputes, other.disputes, joinDispute, MAX_PARTS);
  return {
    no: Math.min(one.no, other.no),
    live: one.live,
    account: one.account,
    firstAt: Math.min(one.firstAt, other.firstAt),
    lastAt: Math.max(one.lastAt, other.lastAt),
    cut: one.cut || other.cut || intents.cut || charges.cut || refunds.cut || disputes.cut,
    intents: intents.items,
    charges: charges.items,
    refunds: refunds.items,
    disputes: disputes.items,
    invoice: latest(one.invoice, other.invoice),
    billed: latest(one.billed, other.billed),
  };
}

export function emptyIntent(id: string): IntentState {
  return { id, last: null, failures: [] };
}

export function emptyCharge(id: string): ChargeState {
  return { id, last: null, decline: null, toldAt: null, capturedAt: null, expiredAt: null, backAt: null };
}

/** Ids that lead to this payment, of all kinds. */
export function idsOf(state: PaymentState): string[] {
  return [...state.intents, ...state.charges, ...state.refunds, ...state.disputes].map((part) => part.id);
}

/** The payment's own id: its intent, or its charge where there is none, or what else named it first. */
export function paymentId(state: PaymentState): string {
  return (state.intents[0] ?? state.charges[0] ?? state.refunds[0] ?? state.disputes[0])?.id ?? "";
}
