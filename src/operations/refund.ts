import { getPayment } from "../payments/index.ts";
import { AppError, type Tx } from "../platform/index.ts";
import type { PaymentFacts } from "../stripe/index.ts";
import { amountToRefund, checkAgainstKnown, checkAmount, type RefundAsked, refundDigest } from "./asked.ts";
import { type Asked, type Asker, type Decision, findEarlier, type Intent, type OperationDeps, pursue, storeIntent } from "./intent.ts";
import { judgeLimit, LIMIT_WINDOW_MS, type RefundLimits } from "./limit.ts";
import type { Operation } from "./operation.ts";
import { readBusy, sumRefunds } from "./store.ts";

export interface RefundDeps extends OperationDeps {
  readonly limits: RefundLimits;
}

/** The same refund asked for again within this time, without a key, is the same refund: as long as Stripe keeps its keys. */
export const SAME_REFUND_MS = 24 * 3_600_000;

export function busy(operation: Operation): AppError {
  return new AppError("conflict", `another refund of this payment is being carried out (${operation.id}); wait until GET /api/operations/${operation.id} says how it ended`, { code: "refund_in_progress" });
}

/**
 * Refunds a payment, or answers for the same request made before. What was wrong with the request is thrown; what came
 * of the operation stands in it.
 *
 * @throws AppError `invalid` for an amount that is none or more than is left (no refund is sent then), `conflict` while
 *   another refund of the payment is under way, StripeTrouble when Stripe cannot say what is left.
 */
export async function refundPayment(deps: RefundDeps, asked: RefundAsked, asker: Asker): Promise<Asked> {
  checkAmount(asked.amount);
  const digest = refundDigest(asker.actor.keyId, asked);
  const stripe = deps.stripe();
  const earlier = await findEarlier(deps.db.read, stripe.live, "refund", digest, SAME_REFUND_MS, asker, deps.clock.now());
  if (earlier !== null) return await pursue(deps, { operation: earlier, replayed: true });
  checkAgainstKnown(asked, await getPayment(deps.db.read, asked.payment, { live: stripe.live, account: null }));
  const facts = await stripe.payment(asked.payment);
  const intent = intentOf(asked, facts, digest);
  const stored = await storeIntent(deps, stripe.live, intent, asker, (tx, now) => decide(tx, deps.limits, intent, stripe.live, asker, now));
  return await pursue(deps, stored);
}

function intentOf(asked: RefundAsked, facts: PaymentFacts, digest: string): Intent {
  const amount = amountToRefund(asked, facts);
  return {
    kind: "refund",
    digest,
    sameForMs: SAME_REFUND_MS,
    request: { kind: "refund", payment: facts.id, amount, currency: facts.currency, reason: asked.reason },
    payment: facts.id,
    amount,
    currency: facts.currency,
    reason: asked.reason,
    note: asked.note,
  };
}

async function decide(tx: Tx, limits: RefundLimits, { payment, amount, currency }: Intent, live: boolean, asker: Asker, now: number): Promise<Decision> {
  if (payment === null || amount === null || currency === null) throw new AppError("internal", "a refund without payment or amount");
  // The index refuses it too; asked first for the words.
  const other = await readBusy(tx, payment, live);
  if (other !== null) throw busy(other);
  const refunded = await sumRefunds(tx, live, currency, now - LIMIT_WINDOW_MS, asker.actor.keyId);
  const verdict = judgeLimit(limits, currency, amount, refunded);
  return { approval: verdict.kind === "above" ? verdict.reason : null };
}
