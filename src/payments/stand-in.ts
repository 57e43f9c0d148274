import { moneyBack } from "./charge.ts";
import { isStandIn } from "./fields.ts";
import type { PaymentState } from "./state.ts";

/**
 * The state without the stand-ins that Stripe's own events have made needless: a made charge counts only while no real
 * one was told, a made refund only while neither a real refund nor a real charge tells of money that went back. So a
 * payment that both an old log and the events tell of counts once, whichever came first.
 */
export function withoutStandIns(state: PaymentState): PaymentState {
  const { charges, refunds } = state;
  if (!charges.some(({ id }) => isStandIn(id)) && !refunds.some(({ id }) => isStandIn(id))) return state;
  const real = charges.flatMap(({ id, last }) => (last === null || isStandIn(id) ? [] : [last]));
  const wentBack = refunds.some(({ id, last }) => last !== null && !isStandIn(id)) || real.some((charge) => moneyBack(charge) > 0);
  return {
    ...state,
    charges: real.length === 0 ? charges : charges.filter(({ id }) => !isStandIn(id)),
    refunds: wentBack ? refunds.filter(({ id }) => !isStandIn(id)) : refunds,
  };
}
