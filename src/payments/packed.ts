import type { ChargeSnapshot, ChargeState, DisputeSnapshot, DisputeState, IntentSnapshot, IntentState, PaymentState, RefundSnapshot, RefundState } from "./state.ts";

/**
 * The stored form of a state: JSON without its nulls, which are half of it. The order of keys is that of the code, so
 * equal states are equal texts, and a rebuild can compare them as such.
 */
export function pack(state: PaymentState): string {
  return JSON.stringify(state, (_key, value: unknown) => (value === null ? undefined : value));
}

type Packed<Value> = { readonly [Key in keyof Value]?: Value[Key] };

function charge(packed: Packed<ChargeState> & { id: string }): ChargeState {
  const { id, last, decline, toldAt = null, capturedAt = null, expiredAt = null, backAt = null } = packed;
  return {
    id,
    last: last ? chargeSnapshot(last) : null,
    decline: decline ? { at: decline.at, rank: decline.rank, ev: decline.ev, code: decline.code ?? null, decline: decline.decline ?? null } : null,
    toldAt,
    capturedAt,
    expiredAt,
    backAt,
  };
}

function chargeSnapshot(last: ChargeSnapshot): ChargeSnapshot {
  const { at, rank, ev, status, currency, amount, captured, refunded } = last;
  return {
    at,
    rank,
    ev,
    status,
    currency,
    amount,
    captured,
    refunded,
    created: last.created ?? null,
    outcome: last.outcome ?? null,
    reason: last.reason ?? null,
    code: last.code ?? null,
    email: last.email ?? null,
    customer: last.customer ?? null,
    method: last.method ?? null,
    brand: last.brand ?? null,
    country: last.country ?? null,
    last4: last.last4 ?? null,
  };
}

function intentSnapshot(last: IntentSnapshot): IntentSnapshot {
  const { at, rank, ev, status, currency, amount, received } = last;
  return { at, rank, ev, status, currency, amount, received, created: last.created ?? null, email: last.email ?? null, customer: last.customer ?? null };
}

function intent(packed: Packed<IntentState> & { id: string }): IntentState {
  return {
    id: packed.id,
    last: packed.last ? intentSnapshot(packed.last) : null,
    failures: (packed.failures ?? []).map((failure) => ({
      id: failure.id,
      at: failure.at,
      currency: failure.currency,
      amount: failure.amount,
      type: failure.type ?? null,
      code: failure.code ?? null,
      decline: failure.decline ?? null,
      method: failure.method ?? null,
      brand: failure.brand ?? null,
      country: failure.country ?? null,
      last4: failure.last4 ?? null,
    })),
  };
}

function refundSnapshot(last: RefundSnapshot): RefundSnapshot {
  const { at, rank, ev, status, currency, amount, moved } = last;
  return { at, rank, ev, status, currency, amount, created: last.created ?? null, reason: last.reason ?? null, failure: last.failure ?? null, moved };
}

function refund(packed: Packed<RefundState> & { id: string }): RefundState {
  return { id: packed.id, last: packed.last ? refundSnapshot(packed.last) : null, toldAt: packed.toldAt ?? null };
}

function disputeSnapshot(last: DisputeSnapshot): DisputeSnapshot {
  const { at, rank, ev, status, currency, amount } = last;
  return { at, rank, ev, status, currency, amount, created: last.created ?? null, reason: last.reason ?? null };
}

function dispute(packed: Packed<DisputeState> & { id: string }): DisputeState {
  return {
    id: packed.id,
    last: packed.last ? disputeSnapshot(packed.last) : null,
    ended: packed.ended ? disputeSnapshot(packed.ended) : null,
    withdrawnAt: packed.withdrawnAt ?? null,
    withdrawn: packed.withdrawn ?? null,
    reinstated: packed.reinstated ?? null,
  };
}

/** The inverse of `pack`, key by key in the order of the code, so that packing again gives the same text. */
export function unpack(text: string): PaymentState {
  const packed = JSON.parse(text) as Packed<PaymentState> & Pick<PaymentState, "no" | "live" | "firstAt" | "lastAt" | "cut">;
  const { billed } = packed;
  return {
    no: packed.no,
    live: packed.live,
    account: packed.account ?? null,
    firstAt: packed.firstAt,
    lastAt: packed.lastAt,
    cut: packed.cut,
    intents: (packed.intents ?? []).map(intent),
    charges: (packed.charges ?? []).map(charge),
    refunds: (packed.refunds ?? []).map(refund),
    disputes: (packed.disputes ?? []).map(dispute),
    invoice: packed.invoice ?? null,
    billed: billed ? { at: billed.at, rank: billed.rank, ev: billed.ev, email: billed.email ?? null, customer: billed.customer ?? null } : null,
  };
}
