import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface LineItem extends Thing {
  object: "line_item";
  amount: number;
  currency: string;
  description: string | null;
}

export interface InvoiceItem extends Thing {
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  date: number;
  description: string | null;
  invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  quantity: number;
}

export interface InvoiceItemSpec {
  id: string;
  createdAtMs: number;
  amount: number;
  quantity: number;
  currency: string;
  customer: string;
  description: string | null;
  invoice: string | null;
  metadata: Metadata;
  price: { price: string; product: string } | null;
}

export function invoiceItemShape(merchant: Merchant, spec: InvoiceItemSpec): InvoiceItem {
  const at = seconds(spec.createdAtMs);
  return {
    id: spec.id,
    object: "invoiceitem",
    amount: spec.amount,
    currency: spec.currency,
    customer: spec.customer,
    customer_account: null,
    date: at,
    description: spec.description,
    discountable: true,
    discounts: [],
    invoice: spec.invoice,
    livemode: merchant.livemode,
    metadata: spec.metadata,
    net_amount: spec.amount,
    parent: null,
    period: { end: at, start: at },
    pricing: pricingShape(spec.amount, spec.quantity, spec.price),
    proration: false,
    quantity: spec.quantity,
    quantity_decimal: String(spec.quantity),
    tax_rates: [],
    test_clock: null,
  };
}

function pricingShape(amount: number, quantity: number, price: InvoiceItemSpec["price"]): Record<string, unknown> {
  const unit = quantity > 0 && amount % quantity === 0 ? amount / quantity : amount;
  return { ...(price === null ? {} : { price_details: price }), type: "price_details", unit_amount_decimal: String(unit) };
}

export function lineItemShape(id: string, invoice: string, item: InvoiceItem): LineItem {
  return {
    id,
    object: "line_item",
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice,
    livemode: item.livemode,
    metadata: item.metadata,
    parent: {
      invoice_item_details: { invoice_item: item.id, proration: false, proration_details: { credited_items: null }, subscription: null },
      subscription_item_details: null,
      type: "invoice_item_details",
    },
    period: item["period"],
    pretax_credit_amounts: [],
    pricing: item["pricing"],
    quantity: item.quantity,
    quantity_decimal: String(item.quantity),
    subscription: null,
    subtotal: item.amount,
    taxes: [],
  };
}
