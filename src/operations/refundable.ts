import { majorNumber } from "../money/index.ts";
import { getPayment } from "../payments/index.ts";
import { StripeTrouble } from "../stripe/index.ts";
import { judgeLimit, LIMIT_WINDOW_MS } from "./limit.ts";
import { ownRefunds } from "./refund-record.ts";
import type { RefundDeps } from "./refund.ts";
import { listOperations, readBusy, sumRefunds } from "./store.ts";

/** Fees are told when they are known; a look that fails must not keep the rest back. */
async function feeOf(deps: RefundDeps, charge: string | null) {
  try {
    const fee = charge === null ? null : await deps.stripe().feeOf(charge);
    return fee === null ? null : { amount: majorNumber(fee.amount, fee.currency), amount_minor: fee.amount, currency: fee.currency };
  } catch (error) {
    if (error instanceof StripeTrouble) return null;
    throw error;
  }
}

/** What a refund of this payment would meet, by Stripe's own word: asks, and changes nothing. @throws StripeTrouble */
export async function previewRefund(deps: RefundDeps, id: string, actorId: string) {
  const { db, clock } = deps;
  const stripe = deps.stripe();
  const facts = await stripe.payment(id);
  const { currency, left, captured, refunded } = facts;
  const known = await getPayment(db.read, facts.id, { live: stripe.live, account: null });
  const own = await ownRefunds(db.read, facts.refunds.map((refund) => refund.id));
  const busy = await readBusy(db.read, facts.id, stripe.live);
  const waiting = await listOperations(db.read, { kind: "refund", state: "awaiting_approval", payment: facts.id, limit: 10 });
  const verdict = judgeLimit(deps.limits, currency, left, await sumRefunds(db.read, stripe.live, currency, clock.now() - LIMIT_WINDOW_MS, actorId));
  const major = (amount: typeof left): number => majorNumber(amount, currency);
  return {
    payment_id: facts.id,
    charge: facts.charge,
    mode: facts.live ? ("live" as const) : ("test" as const),
    currency,
    captured: major(captured),
    refunded: major(refunded),
    left: major(left),
    left_minor: left,
    fee_not_returned: await feeOf(deps, facts.charge),
    disputed: facts.disputed,
    disputes: (known?.disputes ?? []).map(({ id: dispute, status, reason }) => ({ id: dispute, status, reason })),
    email: known?.email ?? facts.email,
    card: known === null ? null : { brand: known.brand, last4: known.last4 },
    refunds: facts.refunds.map((refund) => ({ id: refund.id, status: refund.status, amount: majorNumber(refund.amount, refund.currency), reason: refund.reason, source: own.has(refund.id) ? ("tillwatch" as const) : ("elsewhere" as const) })),
    in_progress: busy?.id ?? null,
    awaiting_approval: waiting.operations.map((operation) => operation.id),
    needs_approval: verdict.kind === "above" ? verdict.reason : null,
  };
}
