import type { Charge } from "../shapes/charge.ts";
import type { Refund } from "../shapes/refund.ts";
import { moveRefund, refund, refundableCharge } from "../work/refund.ts";
import { badParam, badRequest } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

export const refundRoutes: readonly Route[] = [
  route("POST", "/v1/refunds", "charge", create),
  route("GET", "/v1/refunds", "charge", (call) => listOf(call, "refund", "/v1/refunds", filterFrom(call.params, "charge", "payment_intent"))),
  route("GET", "/v1/refunds/:id", "charge", (call) => {
    call.params.done();
    return call.desk.find<Refund>("refund", idOf(call));
  }),
  route("POST", "/v1/refunds/:id", "charge", (call) => {
    const before = call.desk.find<Refund>("refund", idOf(call));
    const after = { ...before, metadata: call.params.metadata(before.metadata) };
    call.params.done();
    call.desk.tell("refund.updated", after, before);
    call.desk.emit("charge.refund.updated", after, before);
    return after;
  }),
  route("POST", "/v1/refunds/:id/cancel", "charge", (call) => {
    call.params.done();
    const before = call.desk.find<Refund>("refund", idOf(call));
    if (before.status !== "requires_action") throw badRequest(`You can only cancel refunds with status requires_action. This refund has status ${before.status}.`);
    return moveRefund(call.desk, before, "canceled", "");
  }),
];

function create({ desk, params }: Call): Refund {
  const charge = params.text("charge");
  const intent = params.text("payment_intent");
  const amount = params.integer("amount");
  const reason = params.choice("reason", ["duplicate", "fraudulent", "requested_by_customer"]) ?? null;
  const metadata = params.metadata();
  params.ignore("instructions_email", "refund_application_fee", "reverse_transfer", "origin").done();
  if (charge !== undefined && intent !== undefined) throw badParam("You may only specify one of these parameters: charge, payment_intent.", "parameter_invalid_string", "charge");
  if (charge === undefined && intent === undefined) throw badParam("One of the following params should be provided for this request: payment_intent or charge.", "parameter_missing", "payment_intent");
  if (amount !== undefined && amount < 1) throw badParam("Invalid positive integer", "parameter_invalid_integer", "amount");
  const target = charge === undefined ? refundableCharge(desk, intent ?? "") : desk.find<Charge>("charge", charge, "charge");
  return refund(desk, target, { amount: amount ?? null, reason, metadata });
}
