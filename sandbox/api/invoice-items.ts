import { amountStep } from "../currency.ts";
import type { Desk } from "../desk.ts";
import type { Customer } from "../shapes/customer.ts";
import type { Invoice } from "../shapes/invoice.ts";
import type { InvoiceItem } from "../shapes/invoice-item.ts";
import { invoiceItemShape } from "../shapes/invoice-item.ts";
import { relined } from "../work/invoice.ts";
import type { Price } from "./catalog.ts";
import { currencyFrom, priceAmount } from "./catalog.ts";
import { unlessSent } from "./customers.ts";
import type { Params } from "./params.ts";
import { badParam, badRequest } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

const WITHOUT_EFFECT = ["discountable", "discounts", "period", "subscription", "tax_behavior", "tax_code", "tax_rates", "customer_account"];

export const invoiceItemRoutes: readonly Route[] = [
  route("POST", "/v1/invoiceitems", "invoice", create),
  route("GET", "/v1/invoiceitems", "invoice", (call) => {
    const pending = call.params.flag("pending");
    const filter = filterFrom(call.params, "customer", "invoice");
    const list = listOf(call, "invoiceitem", "/v1/invoiceitems", filter);
    return pending === undefined ? list : { ...list, data: list.data.filter((one) => (one["invoice"] === null) === pending) };
  }),
  route("GET", "/v1/invoiceitems/:id", "invoice", (call) => call.desk.find<InvoiceItem>("invoiceitem", idOf(call))),
  route("POST", "/v1/invoiceitems/:id", "invoice", (call) => {
    const { desk, params } = call;
    const before = desk.find<InvoiceItem>("invoiceitem", idOf(call));
    const draft = draftOf(desk, before.invoice);
    const after = { ...before, amount: params.integer("amount") ?? before.amount, description: unlessSent(params.textOrUnset("description"), before.description), metadata: params.metadata(before.metadata) };
    params.ignore(...WITHOUT_EFFECT, "quantity", "pricing", "price_data").done();
    desk.save(after);
    if (draft !== null) relined(desk, draft);
    return after;
  }),
  route("DELETE", "/v1/invoiceitems/:id", "invoice", (call) => {
    call.params.done();
    const item = call.desk.find<InvoiceItem>("invoiceitem", idOf(call));
    const draft = draftOf(call.desk, item.invoice);
    call.desk.world.objects.remove(call.desk.scope, item.id);
    call.desk.emit("invoiceitem.deleted", item);
    if (draft !== null) relined(call.desk, draft);
    return { id: item.id, object: "invoiceitem", deleted: true };
  }),
];

function create({ desk, params }: Call): InvoiceItem {
  const invoiceId = params.text("invoice") ?? null;
  const draft = draftOf(desk, invoiceId);
  const customer = desk.find<Customer>("customer", params.text("customer") ?? draft?.customer ?? "", "customer");
  const quantity = params.integer("quantity", 0) ?? 1;
  const worth = worthOf(desk, params, quantity, draft);
  const item = invoiceItemShape(desk.merchant, {
    id: desk.id("ii"), createdAtMs: desk.nowMs, amount: worth.amount, quantity, currency: worth.currency, customer: customer.id,
    description: params.textOrUnset("description") ?? null, invoice: invoiceId, metadata: params.metadata(), price: worth.price,
  });
  params.ignore(...WITHOUT_EFFECT, "quantity_decimal").done();
  if (draft !== null && draft.currency !== item.currency) {
    throw badRequest(`The currency of the invoice item (${item.currency}) does not match the currency of the invoice (${draft.currency}).`, "parameter_invalid_string", "currency");
  }
  desk.tell("invoiceitem.created", item);
  if (draft !== null) relined(desk, draft);
  return item;
}

function draftOf(desk: Desk, invoice: string | null): Invoice | null {
  if (invoice === null) return null;
  const found = desk.find<Invoice>("invoice", invoice, "invoice");
  if (found.status !== "draft") throw badRequest("This invoice is no longer editable.", "invoice_not_editable", "invoice");
  return found;
}

function worthOf(desk: Desk, params: Params, quantity: number, draft: Invoice | null): { amount: number; currency: string; price: { price: string; product: string } | null } {
  const priceId = params.child("pricing")?.text("price") ?? params.text("price");
  const data = params.child("price_data");
  if (priceId !== undefined) {
    const price = desk.find<Price>("price", priceId, "price");
    params.ignore("currency");
    return { amount: price.unit_amount * quantity, currency: price.currency, price: { price: price.id, product: price.product } };
  }
  if (data !== undefined) {
    data.ignore("tax_behavior");
    return { amount: priceAmount(data) * quantity, currency: currencyFrom(data), price: { price: desk.id("price"), product: data.requiredText("product") } };
  }
  const currency = params.has("currency") || draft === null ? currencyFrom(params) : draft.currency;
  const unit = params.has("unit_amount_decimal") ? priceAmount(params) * quantity : params.requiredInteger("amount");
  if (unit % amountStep(currency) !== 0) throw badParam(`Invalid amount: ${currency} amounts must be multiples of ${amountStep(currency)}.`, "parameter_invalid_integer", "amount");
  return { amount: unit, currency, price: null };
}
