import { type Fields, idOf, requiredAmount, requiredCurrency, requiredId, timeMs, word } from "./fields.ts";
import type { Stamp } from "./register.ts";
import { REFUND_STATUSES, type RefundState, type RefundStatus } from "./state.ts";

const RANK: Record<RefundStatus, number> = { pending: 1, requires_action: 2, succeeded: 3, failed: 4, canceled: 4 };

function statusOf(type: string, status: unknown): RefundStatus {
  if (type === "refund.failed") return "failed";
  const known = REFUND_STATUSES.find((name) => name === status);
  if (known !== undefined) return known;
  // Refunds of old had no status, and were done when they were told; a word we do not know is not yet an end.
  return status === null || status === undefined ? "succeeded" : "pending";
}

export interface RefundReading {
  readonly refund: RefundState;
  readonly charge: string | null;
  readonly intent: string | null;
}

/** @throws Unreadable */
export function readRefund(refund: Fields, stamp: Omit<Stamp, "rank">, type: string): RefundReading {
  const status = statusOf(type, refund["status"]);
  const balance = refund["balance_transaction"];
  return {
    refund: {
      id: requiredId(refund, "refund"),
      last: {
        at: stamp.at,
        rank: RANK[status],
        ev: stamp.ev,
        status,
        currency: requiredCurrency(refund, "refund"),
        amount: requiredAmount(refund, "amount", "refund"),
        created: timeMs(refund["created"]),
        reason: word(refund["reason"]),
        failure: word(refund["failure_reason"]),
        moved: idOf(balance) !== null,
      },
      toldAt: stamp.at,
    },
    charge: idOf(refund["charge"]),
    intent: idOf(refund["payment_intent"]),
  };
}
