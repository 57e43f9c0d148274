import type { LedgerEntry } from "../ledger/index.ts";
import { asCurrency, asMinor, type Currency, type Minor } from "../money/index.ts";

/**
 * What events tell of offers: prices, products, lines of invoices, subscriptions. A tolerant reader: what it cannot read
 * is left out, since nothing here is money that is owed to anybody.
 */

export interface PriceTold {
  readonly kind: "price";
  readonly id: string;
  readonly product: string;
  readonly currency: Currency;
  /** Null for tiers and amounts that the customer chooses. */
  readonly unitAmount: Minor | null;
  /** `month:1`; null for what is bought once. */
  readonly recurring: string | null;
  readonly active: boolean;
  readonly lookupKey: string | null;
}

interface ProductTold {
  readonly kind: "product";
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  readonly defaultPrice: string | null;
}

interface LineTold {
  readonly kind: "line";
  /** `in_…`, or the payment's `pi_…` or `ch_…`. */
  readonly subject: string;
  readonly line: string;
  readonly product: string;
  readonly price: string | null;
  readonly currency: Currency;
  readonly unitAmount: Minor;
  readonly quantity: number;
  readonly amount: Minor;
  /** A subscription that goes on: no decision to buy at this price. */
  readonly renewal: boolean;
}

interface SubscriptionTold {
  readonly kind: "subscription";
  readonly id: string;
  readonly product: string;
  readonly price: string;
  readonly unitAmount: Minor | null;
  readonly currency: Currency;
  readonly startedAt: number;
  /** ms UTC; null while it runs. */
  readonly endedAt: number | null;
}

export type OfferTold = PriceTold | ProductTold | LineTold | SubscriptionTold;

type Fields = Readonly<Record<string, unknown>>;

const MAX_AMOUNT = 999_999_999_999;
const MAX_LINES = 50;
const ID = /^[!-~]{1,255}$/;

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function id(value: unknown): string | null {
  const given = typeof value === "string" ? value : record(value)["id"];
  return typeof given === "string" && ID.test(given) ? given : null;
}

function list(value: unknown): Fields[] {
  const items: unknown = Array.isArray(value) ? value : record(value)["data"];
  return Array.isArray(items) ? items.slice(0, MAX_LINES).map(record) : [];
}

function name(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 200).toWellFormed().replace(/\p{Cc}+/gu, " ").trim() : "";
}

function seconds(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 1e11 ? value * 1000 : null;
}

function amount(value: unknown): Minor | null {
  return asMinor(value, { min: 0, max: MAX_AMOUNT });
}

/** `unit_amount`, or its decimal text when that is whole. */
function unitAmount(price: Fields): Minor | null {
  const decimal = price["unit_amount_decimal"];
  return amount(price["unit_amount"]) ?? (typeof decimal === "string" && /^\d{1,12}$/.test(decimal) ? amount(Number(decimal)) : null);
}

function recurringOf(price: Fields): string | null {
  const recurring = record(price["recurring"]);
  const interval = recurring["interval"];
  if (typeof interval !== "string" || !/^(day|week|month|year)$/.test(interval)) return null;
  const count = recurring["interval_count"];
  return `${interval}:${typeof count === "number" && Number.isSafeInteger(count) && count > 0 && count < 1000 ? count : 1}`;
}

/** A price as Stripe shows it; null when it cannot be read. */
export function readPrice(price: Fields): PriceTold | null {
  const [own, product, currency] = [id(price["id"]), id(price["product"]), asCurrency(price["currency"])];
  if (own === null || product === null || currency === null) return null;
  const key = price["lookup_key"];
  return { kind: "price", id: own, product, currency, unitAmount: unitAmount(price), recurring: recurringOf(price), active: price["active"] !== false, lookupKey: typeof key === "string" && key !== "" && key.length <= 200 ? key : null };
}

function readProduct(product: Fields): ProductTold | null {
  const own = id(product["id"]);
  return own === null ? null : { kind: "product", id: own, name: name(product["name"]) || own, active: product["active"] !== false, defaultPrice: id(product["default_price"]) };
}

/** Of a line: its price in the shape before 2025-03-31.basil or after. */
function priceOfLine(line: Fields): { product: string; price: string | null; unit: Minor | null } | null {
  const old = record(line["price"]);
  const oldProduct = id(old["product"]);
  if (oldProduct !== null) return { product: oldProduct, price: id(old["id"]), unit: unitAmount(old) };
  const pricing = record(line["pricing"]);
  const details = record(pricing["price_details"]);
  const product = id(details["product"]);
  return product === null ? null : { product, price: id(details["price"]), unit: unitAmount(pricing) };
}

function readLines(invoice: Fields): LineTold[] {
  const subject = id(invoice["id"]);
  const currency = asCurrency(invoice["currency"]);
  if (subject === null || currency === null) return [];
  const reason = invoice["billing_reason"];
  const renewal = reason === "subscription_cycle" || reason === "subscription_update" || reason === "subscription_threshold";
  return list(invoice["lines"]).flatMap((line, index): LineTold[] => {
    const priced = priceOfLine(line);
    const total = amount(line["amount"]);
    const quantity = typeof line["quantity"] === "number" && Number.isSafeInteger(line["quantity"]) && line["quantity"] > 0 ? line["quantity"] : 1;
    if (priced === null || total === null || line["proration"] === true) return [];
    const unit = priced.unit ?? (total % quantity === 0 ? amount(total / quantity) : null);
    if (unit === null || unit === 0) return [];
    return [{ kind: "line", subject, line: id(line["id"]) ?? String(index), product: priced.product, price: priced.price, currency, unitAmount: unit, quantity, amount: total, renewal }];
  });
}

/** Shops without invoices may say in the metadata what a payment is for. */
function readPaid(object: Fields): LineTold[] {
  const [subject, currency, total] = [id(object["id"]), asCurrency(object["currency"]), amount(object["amount"])];
  const metadata = record(object["metadata"]);
  const product = id(metadata["product_id"]) ?? id(metadata["product"]) ?? id(metadata["sku"]);
  if (subject === null || currency === null || total === null || total === 0 || product === null) return [];
  const said = Number(metadata["quantity"] ?? 1);
  const quantity = Number.isSafeInteger(said) && said > 0 && said <= 10_000 && total % said === 0 ? said : 1;
  const unit = amount(total / quantity);
  if (unit === null) return [];
  return [{ kind: "line", subject, line: "metadata", product, price: id(metadata["price_id"]) ?? id(metadata["price"]), currency, unitAmount: unit, quantity, amount: total, renewal: false }];
}

function readSubscription(object: Fields): SubscriptionTold | null {
  const own = id(object["id"]);
  const [item] = list(object["items"]);
  const price = readPrice(record(item?.["price"]));
  const startedAt = seconds(object["start_date"]) ?? seconds(object["created"]);
  if (own === null || price === null || startedAt === null) return null;
  return { kind: "subscription", id: own, product: price.product, price: price.id, unitAmount: price.unitAmount, currency: price.currency, startedAt, endedAt: seconds(object["ended_at"]) ?? (object["status"] === "canceled" ? seconds(object["canceled_at"]) : null) };
}

/** What an event tells of offers; nothing, for most. */
export function readOffers({ type, body }: Pick<LedgerEntry, "type" | "body">): OfferTold[] {
  const object = record(record(body["data"])["object"]);
  const one = (told: OfferTold | null): OfferTold[] => (told === null ? [] : [told]);
  if (type.startsWith("price.")) return one(readPrice({ ...object, active: type === "price.deleted" ? false : object["active"] }));
  if (type.startsWith("product.")) return one(readProduct({ ...object, active: type === "product.deleted" ? false : object["active"] }));
  if (type.startsWith("customer.subscription.")) return one(readSubscription(object));
  if (type.startsWith("invoice.") && type !== "invoice.upcoming" && object["object"] === "invoice") return readLines(object);
  if ((type.startsWith("charge.") && object["object"] === "charge") || type.startsWith("payment_intent.")) return readPaid(object);
  return [];
}
