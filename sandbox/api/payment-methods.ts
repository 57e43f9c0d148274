import type { PaymentMethod } from "../shapes/instrument.ts";
import { attach, methodFrom, methodNamed } from "../work/method.ts";
import { badRequest } from "./problem.ts";
import type { Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

export const paymentMethodRoutes: readonly Route[] = [
  route("POST", "/v1/payment_methods", "payment_method", ({ desk, params }) => {
    const method = methodFrom(desk, params, null);
    params.done();
    return desk.save(method);
  }),
  route("GET", "/v1/payment_methods", "payment_method", (call) => {
    const type = call.params.text("type");
    const filter = filterFrom(call.params, "customer");
    return listOf(call, "payment_method", "/v1/payment_methods", type === undefined ? filter : { ...filter, fields: { type } });
  }),
  route("GET", "/v1/customers/:id/payment_methods", "payment_method", (call) => {
    call.params.ignore("type", "allow_redisplay");
    return listOf(call, "payment_method", `/v1/customers/${idOf(call)}/payment_methods`, { customer: idOf(call) });
  }),
  route("GET", "/v1/payment_methods/:id", "payment_method", (call) => methodNamed(call.desk, idOf(call), null)),
  route("POST", "/v1/payment_methods/:id", "payment_method", (call) => {
    const { desk, params } = call;
    const before = desk.find<PaymentMethod>("payment_method", idOf(call));
    const after = { ...before, metadata: params.metadata(before.metadata) };
    params.ignore("billing_details", "card", "allow_redisplay").done();
    return desk.tell("payment_method.updated", after, before);
  }),
  route("POST", "/v1/payment_methods/:id/attach", "payment_method", (call) => {
    const customer = call.params.requiredText("customer");
    call.params.done();
    call.desk.find("customer", customer, "customer");
    return attach(call.desk, methodNamed(call.desk, idOf(call), null), customer);
  }),
  route("POST", "/v1/payment_methods/:id/detach", "payment_method", (call) => {
    call.params.done();
    const before = call.desk.find<PaymentMethod>("payment_method", idOf(call));
    if (before.customer === null) throw badRequest("The payment method you provided is not attached to a customer so detachment is impossible.", "payment_method_unexpected_state");
    return call.desk.tell("payment_method.detached", { ...before, customer: null }, before);
  }),
];
