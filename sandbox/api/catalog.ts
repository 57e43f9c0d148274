import { isCurrency } from "../currency.ts";
import type { Desk } from "../desk.ts";
import type { Metadata, Thing } from "../shapes/thing.ts";
import { seconds } from "../shapes/thing.ts";
import { unlessSent } from "./customers.ts";
import type { Params } from "./params.ts";
import { badParam } from "./problem.ts";
import type { Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

export interface Price extends Thing {
  object: "price";
  active: boolean;
  currency: string;
  product: string;
  unit_amount: number;
  metadata: Metadata;
}

interface Product extends Thing {
  object: "product";
  active: boolean;
  name: string;
  metadata: Metadata;
}

export const catalogRoutes: readonly Route[] = [
  route("POST", "/v1/products", "product", ({ desk, params }) => {
    const product = newProduct(desk, params);
    const price = params.child("default_price_data");
    const made = price === undefined ? null : newPrice(desk, price, product.id);
    params.done();
    if (made !== null) desk.tell("price.created", made);
    return desk.tell("product.created", { ...product, default_price: made?.id ?? null });
  }),
  route("GET", "/v1/products", "product", (call) => listOf(call, "product", "/v1/products", activeFilter(call.params))),
  route("GET", "/v1/products/:id", "product", (call) => call.desk.find<Product>("product", idOf(call))),
  route("POST", "/v1/products/:id", "product", (call) => {
    const { desk, params } = call;
    const before = desk.find<Product>("product", idOf(call));
    const after = {
      ...before, name: params.text("name") ?? before.name, active: params.flag("active") ?? before.active, metadata: params.metadata(before.metadata),
      description: unlessSent(params.textOrUnset("description"), before["description"] as string | null), default_price: params.text("default_price") ?? before["default_price"],
      updated: seconds(desk.nowMs),
    };
    params.ignore("images", "marketing_features", "shippable", "statement_descriptor", "tax_code", "unit_label", "url").done();
    return desk.tell("product.updated", after, before);
  }),
  route("DELETE", "/v1/products/:id", "product", (call) => {
    const product = call.desk.find<Product>("product", idOf(call));
    call.desk.emit("product.deleted", product);
    return call.desk.save({ id: product.id, object: "product", deleted: true });
  }),
  route("POST", "/v1/prices", "plan", ({ desk, params }) => {
    const data = params.child("product_data");
    const product = data === undefined ? desk.find<Product>("product", params.requiredText("product"), "product") : desk.tell("product.created", newProduct(desk, data));
    const price = newPrice(desk, params, product.id);
    claimLookupKey(desk, price, params);
    params.done();
    return desk.tell("price.created", price);
  }),
  route("GET", "/v1/prices", "plan", (call) => {
    const product = call.params.text("product");
    const filter = activeFilter(call.params);
    call.params.ignore("type", "currency", "lookup_keys", "recurring");
    return listOf(call, "price", "/v1/prices", product === undefined ? filter : { ...filter, fields: { ...filter.fields, product } });
  }),
  route("GET", "/v1/prices/:id", "plan", (call) => call.desk.find<Price>("price", idOf(call))),
  route("POST", "/v1/prices/:id", "plan", (call) => {
    const { desk, params } = call;
    const before = desk.find<Price>("price", idOf(call));
    const after = {
      ...before, active: params.flag("active") ?? before.active, metadata: params.metadata(before.metadata),
      lookup_key: unlessSent(params.textOrUnset("lookup_key"), before["lookup_key"] as string | null),
      nickname: unlessSent(params.textOrUnset("nickname"), before["nickname"] as string | null),
    };
    claimLookupKey(desk, after, params);
    params.ignore("tax_behavior", "currency_options").done();
    return desk.tell("price.updated", after, before);
  }),
];

/** A lookup key names one price: it is taken from another only when asked to. @throws Problem */
function claimLookupKey(desk: Desk, price: Thing, params: Params): void {
  const transfer = params.flag("transfer_lookup_key") ?? false;
  const key = price["lookup_key"];
  if (typeof key !== "string") return;
  const found = desk.world.objects.list(desk.scope, "price", { fields: { lookup_key: key } }, { limit: 100, startingAfter: null, endingBefore: null });
  const holder = found?.things.find(({ id }) => id !== price.id);
  if (holder === undefined) return;
  if (!transfer) throw badParam(`A price (\`${holder.id}\`) already uses that lookup key.`, "resource_already_exists", params.name("lookup_key"));
  desk.tell("price.updated", { ...holder, lookup_key: null }, holder);
}

function activeFilter(params: Params): ReturnType<typeof filterFrom> {
  const filter = filterFrom(params);
  const active = params.flag("active");
  params.ignore("ids", "shippable", "url");
  return active === undefined ? filter : { ...filter, fields: { active } };
}

export function newProduct(desk: Desk, params: Params): Product {
  const created = seconds(desk.nowMs);
  const product: Product = {
    id: params.text("id") ?? `prod_${desk.world.random.alphanumeric(14)}`,
    object: "product",
    active: params.flag("active") ?? true,
    created,
    default_price: null,
    description: params.textOrUnset("description") ?? null,
    images: [],
    livemode: desk.merchant.livemode,
    marketing_features: [],
    metadata: params.metadata(),
    name: params.requiredText("name"),
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    type: "service",
    unit_label: null,
    updated: created,
    url: null,
  };
  params.ignore("images", "marketing_features", "package_dimensions", "shippable", "statement_descriptor", "tax_code", "tax_details", "type", "unit_label", "url");
  return product;
}

function newPrice(desk: Desk, params: Params, product: string): Price {
  const amount = priceAmount(params);
  const recurring = params.child("recurring");
  const price: Price = {
    id: desk.id("price"),
    object: "price",
    active: params.flag("active") ?? true,
    billing_scheme: "per_unit",
    created: seconds(desk.nowMs),
    currency: currencyFrom(params),
    custom_unit_amount: null,
    livemode: desk.merchant.livemode,
    lookup_key: params.text("lookup_key") ?? null,
    metadata: params.metadata(),
    nickname: params.textOrUnset("nickname") ?? null,
    product,
    recurring: recurring === undefined ? null : { interval: recurring.requiredText("interval"), interval_count: recurring.integer("interval_count", 1) ?? 1, meter: null, trial_period_days: null, usage_type: "licensed" },
    tax_behavior: "unspecified",
    tiers_mode: null,
    transform_quantity: null,
    type: recurring === undefined ? "one_time" : "recurring",
    unit_amount: amount,
    unit_amount_decimal: String(amount),
  };
  params.ignore("tax_behavior", "billing_scheme", "currency_options", "transform_quantity");
  return price;
}

/** `unit_amount`, or the same as a decimal text without a fraction. */
export function priceAmount(params: Params): number {
  const decimal = params.text("unit_amount_decimal");
  const amount = params.integer("unit_amount", 0);
  if (amount !== undefined) return amount;
  if (decimal === undefined) throw params.absent("unit_amount");
  if (!/^\d{1,15}$/.test(decimal)) throw badParam("This stand-in takes no fractions of a cent.", "parameter_invalid_integer", params.name("unit_amount_decimal"));
  return Number(decimal);
}

export function currencyFrom(params: Params): string {
  const currency = params.requiredText("currency").toLowerCase();
  if (!isCurrency(currency)) throw badParam(`Invalid currency: ${currency}. Stripe currently supports these currencies: usd, eur, gbp, jpy, …`, "parameter_invalid_string", params.name("currency"));
  return currency;
}
