import type { Desk } from "../desk.ts";
import type { Customer } from "../shapes/customer.ts";
import { customerShape } from "../shapes/customer.ts";
import { attach, methodNamed } from "../work/method.ts";
import type { Params } from "./params.ts";
import type { Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

const PLAIN = ["description", "phone"] as const;
const WITHOUT_EFFECT = ["address", "balance", "preferred_locales", "shipping", "tax", "tax_exempt", "tax_id_data", "invoice_prefix", "source", "cash_balance", "test_clock"];

export const customerRoutes: readonly Route[] = [
  route("POST", "/v1/customers", "customer", ({ desk, params }) => {
    const customer = customerShape(desk.merchant, {
      id: `cus_${desk.world.random.alphanumeric(14)}`,
      createdAtMs: desk.nowMs,
      email: params.textOrUnset("email") ?? null,
      name: params.textOrUnset("name") ?? null,
      metadata: params.metadata(),
      invoicePrefix: desk.world.random.alphanumeric(8).toUpperCase(),
    });
    return desk.tell("customer.created", withMethod(desk, changed(customer, params), params));
  }),
  route("GET", "/v1/customers", "customer", (call) => {
    const filter = filterFrom(call.params);
    const email = call.params.text("email");
    return listOf(call, "customer", "/v1/customers", email === undefined ? filter : { ...filter, fields: { email } });
  }),
  route("GET", "/v1/customers/:id", "customer", (call) => {
    call.params.done();
    const found = call.desk.peek(idOf(call));
    return found?.["deleted"] === true ? found : call.desk.find<Customer>("customer", idOf(call));
  }),
  route("POST", "/v1/customers/:id", "customer", (call) => {
    const { desk, params } = call;
    const before = desk.find<Customer>("customer", idOf(call));
    const named = { ...before, email: unlessSent(params.textOrUnset("email"), before.email), name: unlessSent(params.textOrUnset("name"), before.name), metadata: params.metadata(before.metadata) };
    return desk.tell("customer.updated", withMethod(desk, changed(named, params), params), before);
  }),
  route("DELETE", "/v1/customers/:id", "customer", (call) => {
    call.params.done();
    const customer = call.desk.find<Customer>("customer", idOf(call));
    call.desk.emit("customer.deleted", customer);
    return call.desk.save({ id: customer.id, object: "customer", deleted: true });
  }),
];

export function unlessSent<T>(sent: T | undefined, before: T): T {
  return sent === undefined ? before : sent;
}

function changed(customer: Customer, params: Params): Customer {
  const next: Customer = { ...customer };
  for (const field of PLAIN) next[field] = unlessSent(params.textOrUnset(field), next[field] as string | null);
  const settings = params.child("invoice_settings")?.ignore("custom_fields", "footer", "rendering_options");
  const method = settings?.textOrUnset("default_payment_method");
  if (method !== undefined) next.invoice_settings = { ...next.invoice_settings, default_payment_method: method };
  params.ignore(...WITHOUT_EFFECT);
  return next;
}

/** `payment_method` at creation attaches it. */
function withMethod(desk: Desk, customer: Customer, params: Params): Customer {
  const method = params.text("payment_method");
  params.done();
  if (method !== undefined) attach(desk, methodNamed(desk, method, null), customer.id);
  return customer;
}
