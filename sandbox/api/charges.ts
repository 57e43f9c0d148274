import type { Charge } from "../shapes/charge.ts";
import type { Refund } from "../shapes/refund.ts";
import { unlessSent } from "./customers.ts";
import type { Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

/** Charges are made by payment intents; `POST /v1/charges`, the way before them, is not offered. */
export const chargeRoutes: readonly Route[] = [
  route("GET", "/v1/charges", "charge", (call) => {
    call.params.ignore("transfer_group");
    return listOf(call, "charge", "/v1/charges", filterFrom(call.params, "customer", "payment_intent"));
  }),
  route("GET", "/v1/charges/:id", "charge", (call) => {
    call.params.done();
    return call.desk.find<Charge>("charge", idOf(call));
  }),
  route("POST", "/v1/charges/:id", "charge", (call) => {
    const { desk, params } = call;
    const before = desk.find<Charge>("charge", idOf(call));
    const after = {
      ...before, description: unlessSent(params.textOrUnset("description"), before.description), metadata: params.metadata(before.metadata),
      receipt_email: unlessSent(params.textOrUnset("receipt_email"), before.receipt_email), customer: params.text("customer") ?? before.customer,
    };
    params.ignore("fraud_details", "shipping", "transfer_group").done();
    return desk.tell("charge.updated", after, before);
  }),
  route("GET", "/v1/charges/:id/refunds", "charge", (call) => {
    call.desk.find<Charge>("charge", idOf(call));
    return listOf(call, "refund" satisfies Refund["object"], `/v1/charges/${idOf(call)}/refunds`, { charge: idOf(call) });
  }),
];
