import type { BalanceTransaction } from "../shapes/balance-transaction.ts";
import { seconds } from "../shapes/thing.ts";
import type { Desk } from "../desk.ts";
import type { Call, ListAnswer, Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

export const balanceRoutes: readonly Route[] = [
  route("GET", "/v1/payouts", "payout", (call) => listOf(call, "payout", "/v1/payouts", filterFrom(call.params, "status"))),
  route("GET", "/v1/payouts/:id", "payout", (call) => {
    call.params.done();
    return call.desk.find("payout", idOf(call));
  }),
  route("GET", "/v1/balance", "balance", (call) => {
    const { desk } = call;
    call.params.done();
    const sums = desk.world.objects.balances(desk.scope, seconds(desk.nowMs));
    const part = (which: "available" | "pending"): unknown => {
      const rows = sums.length === 0 ? [{ currency: "usd", available: 0, pending: 0 }] : sums;
      return rows.map((row) => ({ amount: row[which], currency: row.currency, source_types: { card: row[which] } }));
    };
    return { object: "balance", available: part("available"), livemode: desk.merchant.livemode, pending: part("pending") };
  }),
  route("GET", "/v1/balance_transactions", "balance_transaction_source", (call) => {
    const filter = filterFrom(call.params);
    const fields: Record<string, string> = {};
    for (const field of ["source", "type", "currency"]) {
      const value = call.params.text(field);
      if (value !== undefined) fields[field] = value;
    }
    call.params.ignore("payout", "available_on");
    return current(call, listOf(call, "balance_transaction", "/v1/balance_transactions", { ...filter, fields }));
  }),
  route("GET", "/v1/balance_transactions/:id", "balance_transaction_source", (call) => {
    call.params.done();
    return settled(call.desk, call.desk.find<BalanceTransaction>("balance_transaction", idOf(call)));
  }),
];

function current(call: Call, list: ListAnswer): ListAnswer {
  return { ...list, data: list.data.map((one) => settled(call.desk, one as BalanceTransaction)) };
}

/** Money becomes available by the passing of time alone, so it is seen when it is looked at. */
function settled(desk: Desk, transaction: BalanceTransaction): BalanceTransaction {
  return transaction.available_on <= seconds(desk.nowMs) ? { ...transaction, status: "available" } : transaction;
}
