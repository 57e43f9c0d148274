import type { Customer } from "../shapes/customer.ts";
import type { PaymentMethod } from "../shapes/instrument.ts";
import type { Invoice } from "../shapes/invoice.ts";
import type { InvoiceItem } from "../shapes/invoice-item.ts";
import type { InvoicePayment } from "../shapes/invoice-payment.ts";
import { invoiceShape } from "../shapes/invoice.ts";
import { endInvoice, expectInvoice, finalizeInvoice, intentOfInvoice, takeLooseItems } from "../work/invoice.ts";
import { markPaid } from "../work/invoice-payment.ts";
import { methodNamed } from "../work/method.ts";
import { confirmIntent } from "../work/payment.ts";
import { currencyFrom } from "./catalog.ts";
import { unlessSent } from "./customers.ts";
import { badParam, badRequest } from "./problem.ts";
import type { Call, ListAnswer, Route } from "./route.ts";
import { filterFrom, idOf, listOf, pageOf, route } from "./route.ts";

const WITHOUT_EFFECT = [
  "account_tax_ids", "application_fee_amount", "automatic_tax", "automatically_finalizes_at", "custom_fields", "default_source", "default_tax_rates", "discounts",
  "effective_at", "from_invoice", "issuer", "number", "on_behalf_of", "payment_settings", "rendering", "shipping_cost", "shipping_details", "statement_descriptor",
  "subscription", "transfer_data", "customer_account",
];

export const invoiceRoutes: readonly Route[] = [
  route("POST", "/v1/invoices", "invoice", create),
  route("GET", "/v1/invoices", "invoice", (call) => {
    const method = call.params.text("collection_method");
    call.params.ignore("due_date", "subscription");
    const filter = filterFrom(call.params, "customer", "status");
    return listOf(call, "invoice", "/v1/invoices", method === undefined ? filter : { ...filter, fields: { collection_method: method } });
  }),
  route("GET", "/v1/invoices/:id", "invoice", (call) => {
    call.params.done();
    return invoiceOf(call);
  }),
  route("POST", "/v1/invoices/:id", "invoice", update),
  route("DELETE", "/v1/invoices/:id", "invoice", (call) => {
    const { desk } = call;
    call.params.done();
    const draft = invoiceOf(call);
    if (draft.status !== "draft") throw badRequest("You can only delete draft invoices. Void this invoice instead.", "invoice_not_editable");
    for (const item of desk.all<InvoiceItem>("invoiceitem", { invoice: draft.id })) desk.world.objects.remove(desk.scope, item.id);
    desk.world.objects.remove(desk.scope, draft.id);
    desk.emit("invoice.deleted", draft);
    return { id: draft.id, object: "invoice", deleted: true };
  }),
  route("POST", "/v1/invoices/:id/finalize", "invoice", (call) => {
    const advance = call.params.flag("auto_advance");
    call.params.done();
    const draft = invoiceOf(call);
    return finalizeInvoice(call.desk, advance === undefined ? draft : { ...draft, auto_advance: advance });
  }),
  route("POST", "/v1/invoices/:id/send", "invoice", (call) => {
    call.params.done();
    const found = invoiceOf(call);
    if (found.collection_method !== "send_invoice") throw badRequest("You can only manually send an invoice if its collection method is 'send_invoice'.", "invoice_no_payment_method_types");
    const open = found.status === "draft" ? finalizeInvoice(call.desk, found) : expectInvoice(found, "send", ["open", "paid", "uncollectible"]);
    call.desk.emit("invoice.sent", open);
    return open;
  }),
  route("POST", "/v1/invoices/:id/pay", "invoice", pay),
  route("POST", "/v1/invoices/:id/void", "invoice", (call) => {
    call.params.done();
    return endInvoice(call.desk, expectInvoice(invoiceOf(call), "void", ["open", "uncollectible"]), "void");
  }),
  route("POST", "/v1/invoices/:id/mark_uncollectible", "invoice", (call) => {
    call.params.done();
    return endInvoice(call.desk, expectInvoice(invoiceOf(call), "mark as uncollectible", ["open"]), "uncollectible");
  }),
  route("GET", "/v1/invoices/:id/lines", "invoice", (call): ListAnswer => {
    const page = pageOf(call.params);
    call.params.done();
    const lines = invoiceOf(call).lines.data;
    return { object: "list", data: lines.slice(0, page.limit), has_more: lines.length > page.limit, url: `/v1/invoices/${idOf(call)}/lines` };
  }),
  route("GET", "/v1/invoice_payments", "invoice", (call) => {
    const payment = call.params.child("payment")?.ignore("type", "payment_record");
    const intent = payment?.text("payment_intent");
    const filter = filterFrom(call.params, "invoice", "status");
    return listOf(call, "invoice_payment", "/v1/invoice_payments", intent === undefined ? filter : { ...filter, payment_intent: intent });
  }),
  route("GET", "/v1/invoice_payments/:id", "invoice", (call) => call.desk.find<InvoicePayment>("invoice_payment", idOf(call))),
];

function invoiceOf(call: Call): Invoice {
  return call.desk.find<Invoice>("invoice", idOf(call), "invoice");
}

const DAY_MS = 86_400_000;

function create({ desk, params }: Call): Invoice {
  const customer = desk.find<Customer>("customer", params.requiredText("customer"), "customer");
  const method = params.choice("collection_method", ["charge_automatically", "send_invoice"]) ?? "charge_automatically";
  const days = params.integer("days_until_due", 0);
  const due = params.integer("due_date");
  if (method === "send_invoice" && days === undefined && due === undefined) {
    throw badParam("If invoice collection method is 'send_invoice', you must specify 'days_until_due' or 'due_date'.", "parameter_missing", "days_until_due");
  }
  if (method === "charge_automatically" && (days !== undefined || due !== undefined)) {
    throw badParam("You can only specify 'days_until_due' if the collection method is 'send_invoice'.", "parameter_invalid_string", "days_until_due");
  }
  const pending = params.choice("pending_invoice_items_behavior", ["exclude", "include"]) ?? "exclude";
  const currency = params.has("currency") ? currencyFrom(params) : (customer.currency ?? "usd");
  const draft = invoiceShape(desk.merchant, {
    id: desk.id("in"), createdAtMs: desk.nowMs, currency, customer, collectionMethod: method, autoAdvance: params.flag("auto_advance") ?? false,
    dueAtMs: due !== undefined ? due * 1000 : days === undefined ? null : desk.nowMs + days * DAY_MS, description: params.textOrUnset("description") ?? null,
    metadata: params.metadata(), footer: params.textOrUnset("footer") ?? null,
  });
  const methodId = params.text("default_payment_method");
  params.ignore(...WITHOUT_EFFECT).done();
  const made = desk.tell("invoice.created", methodId === undefined ? draft : { ...draft, default_payment_method: methodId });
  return pending === "include" ? takeLooseItems(desk, made) : made;
}

function update(call: Call): Invoice {
  const { desk, params } = call;
  const before = invoiceOf(call);
  const draftOnly = ["description", "footer", "days_until_due", "due_date", "collection_method"].filter((field) => params.has(field));
  if (before.status !== "draft" && draftOnly.length > 0) throw badRequest(`Finalized invoices can't be updated in this way: ${draftOnly.join(", ")}.`, "invoice_not_editable");
  const days = params.integer("days_until_due", 0);
  const due = params.integer("due_date") ?? (days === undefined ? undefined : Math.floor(before.created + days * 86_400));
  const after: Invoice = {
    ...before, description: unlessSent(params.textOrUnset("description"), before.description), footer: unlessSent(params.textOrUnset("footer"), before["footer"] as string | null),
    metadata: params.metadata(before.metadata), auto_advance: params.flag("auto_advance") ?? before.auto_advance, due_date: due ?? before.due_date,
    collection_method: params.choice("collection_method", ["charge_automatically", "send_invoice"]) ?? before.collection_method,
    default_payment_method: params.text("default_payment_method") ?? before["default_payment_method"],
  };
  params.ignore(...WITHOUT_EFFECT).done();
  return desk.tell("invoice.updated", after, before);
}

function pay(call: Call): Invoice {
  const { desk, params } = call;
  const found = invoiceOf(call);
  const offStripe = params.flag("paid_out_of_band") ?? false;
  const named = params.text("payment_method");
  params.ignore("forgive", "mandate", "off_session", "source").done();
  const open = found.status === "draft" ? finalizeInvoice(desk, found) : expectInvoice(found, "pay", ["open", "uncollectible"]);
  if (open.status === "paid") return open;
  if (offStripe) return markPaid(desk, open, true);
  const customer = desk.find<Customer>("customer", open.customer);
  const methodId = named ?? (open["default_payment_method"] as string | null) ?? customer.invoice_settings.default_payment_method;
  if (methodId === null) {
    throw badRequest("There is no `default_payment_method` set on this Customer or Invoice. Please set either prior to calling this endpoint, or pass a `payment_method`.", "invoice_payment_intent_requires_action");
  }
  const intent = intentOfInvoice(desk, open);
  if (intent === null) throw badRequest("This invoice has no payment to confirm.");
  const method: PaymentMethod = methodNamed(desk, methodId, null);
  confirmIntent(desk, intent, method, { offSession: false, returnUrl: null });
  return desk.find<Invoice>("invoice", open.id);
}
