import { type Fields, idOf, requiredAmount, requiredCurrency, timeMs, Unreadable, word } from "./fields.ts";
import type { Stamp } from "./register.ts";
import type { DisputeState } from "./state.ts";

/** Within one second; a dispute that was lost may yet be won. */
const RANK: Readonly<Record<string, number>> = {
  warning_needs_response: 1,
  warning_under_review: 2,
  needs_response: 3,
  under_review: 4,
  warning_closed: 5,
  prevented: 5,
  charge_refunded: 5,
  lost: 6,
  won: 7,
};

export interface DisputeReading {
  readonly dispute: DisputeState;
  readonly charge: string | null;
  readonly intent: string | null;
}

/** @throws Unreadable */
export function readDispute(dispute: Fields, stamp: Omit<Stamp, "rank">, type: string): DisputeReading {
  const charge = idOf(dispute["charge"]);
  const intent = idOf(dispute["payment_intent"]);
  // Disputes of old had no id: there was one per charge.
  const id = idOf(dispute["id"]) ?? (charge === null ? null : `dispute:${charge}`.slice(0, 255));
  if (id === null) throw new Unreadable("the dispute has neither an `id` nor a `charge`");
  const status = word(dispute["status"]) ?? "needs_response";
  const amount = requiredAmount(dispute, "amount", "dispute");
  const { at, ev } = stamp;
  const movement = { at, rank: 0, ev, amount };
  const withdrawn = type === "charge.dispute.funds_withdrawn";
  const last = {
    at,
    rank: Object.hasOwn(RANK, status) ? (RANK[status] ?? 0) : 0,
    ev,
    status,
    currency: requiredCurrency(dispute, "dispute"),
    amount,
    created: timeMs(dispute["created"]),
    reason: word(dispute["reason"]),
  };
  return {
    dispute: {
      id,
      last,
      ended: status === "won" || status === "lost" ? last : null,
      // The status moves no money, whatever it is; only these two events do.
      withdrawnAt: withdrawn ? at : null,
      withdrawn: withdrawn ? movement : null,
      reinstated: type === "charge.dispute.funds_reinstated" ? movement : null,
    },
    charge,
    intent,
  };
}
