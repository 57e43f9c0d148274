import type { Charge } from "./charge.ts";
import type { Invoice } from "./invoice.ts";
import type { LineItem } from "./invoice-item.ts";
import type { PaymentIntent } from "./payment-intent.ts";
import type { Refund } from "./refund.ts";
import type { Thing } from "./thing.ts";

/** What the official SDK of this repository speaks. */
export const CURRENT_VERSION = "2026-10-28.endive";
/** The old shape many accounts are still pinned to. */
export const OLD_VERSION = "2020-08-27";

/**
 * What an object looked like before a version took it away. Kept beside the object because the current shape
 * cannot say it: the invoice a charge belongs to, the charges of a payment intent, the refunds of a charge.
 */
export interface Legacy {
  invoice?: string | null;
  dispute?: string | null;
  refunds?: readonly Refund[];
  charges?: readonly Charge[];
  /** For an invoice: what paid it, or is to pay it. */
  payment?: { charge: string | null; paymentIntent: string | null };
}

const VERSION = /^\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$/;

export function isVersion(version: string): boolean {
  return VERSION.test(version);
}

/** Before 2025-03-31.basil charges and payment intents named their invoice, invoices their charge. */
function hasInvoiceLinks(version: string): boolean {
  return version < "2025-03-31";
}

/** Before 2022-11-15 a charge carried its refunds and a payment intent its charges. */
function hasNestedLists(version: string): boolean {
  return version < "2022-11-15";
}

/** Event types younger than the version are never sent to an endpoint pinned to it. */
export function typeExistsIn(type: string, version: string): boolean {
  if (type.startsWith("invoice_payment.")) return !hasInvoiceLinks(version);
  if (type.startsWith("refund.")) return version >= "2024-10-28";
  return true;
}

/** The object as `version` shows it. The current version returns the very same object. */
export function inVersion(thing: Thing, legacy: Legacy, version: string): Thing {
  if (!hasInvoiceLinks(version)) return thing;
  switch (thing.object) {
    case "charge":
      return oldCharge(thing as Charge, legacy, version);
    case "payment_intent":
      return oldPaymentIntent(thing as PaymentIntent, legacy, version);
    case "invoice":
      return oldInvoice(thing as Invoice, legacy);
    case "line_item":
      return oldLine(thing as LineItem);
    case "customer":
      return { ...without(thing, ["customer_account"]), default_currency: thing["currency"] };
    default:
      return without(thing, ["customer_account"]);
  }
}

function oldCharge(charge: Charge, legacy: Legacy, version: string): Thing {
  const linked = { ...without(charge, ["presentment_details", "radar_options"]), invoice: legacy.invoice ?? null };
  if (!hasNestedLists(version)) return linked;
  const refunds = legacy.refunds ?? [];
  return {
    ...linked,
    destination: null,
    dispute: legacy.dispute ?? null,
    order: null,
    refunds: {
      object: "list",
      data: refunds.map((refund) => without(refund, ["customer", "customer_account", "payment_method", "destination_details"])),
      has_more: false,
      total_count: refunds.length,
      url: `/v1/charges/${charge.id}/refunds`,
    },
  };
}

function oldPaymentIntent(intent: PaymentIntent, legacy: Legacy, version: string): Thing {
  const linked = { ...without(intent, ["customer_account", "excluded_payment_method_types"]), invoice: legacy.invoice ?? null };
  if (!hasNestedLists(version)) return linked;
  const charges = legacy.charges ?? [];
  return {
    ...without(linked, ["latest_charge", "payment_method_configuration_details"]),
    charges: {
      object: "list",
      data: charges.map((charge) => oldCharge(charge, { invoice: legacy.invoice ?? null }, version)),
      has_more: false,
      total_count: charges.length,
      url: `/v1/charges?payment_intent=${intent.id}`,
    },
  };
}

function oldInvoice(invoice: Invoice, legacy: Legacy): Thing {
  const gone = ["parent", "payments", "total_taxes", "amount_overpaid", "amount_paid_off_stripe", "total_pretax_credit_amounts", "customer_account", "effective_at"];
  return {
    ...without(invoice, gone),
    application_fee_amount: null,
    charge: legacy.payment?.charge ?? null,
    discount: null,
    lines: { ...invoice.lines, data: invoice.lines.data.map(oldLine) },
    paid: invoice.status === "paid",
    paid_out_of_band: invoice.amount_paid_off_stripe > 0,
    payment_intent: legacy.payment?.paymentIntent ?? null,
    quote: null,
    subscription: null,
    tax: null,
    total_tax_amounts: [],
    transfer_data: null,
  };
}

function oldLine(line: LineItem): Thing {
  const item = (line["parent"] as { invoice_item_details?: { invoice_item: string } } | null)?.invoice_item_details?.invoice_item;
  return {
    ...without(line, ["parent", "pricing", "pretax_credit_amounts", "taxes", "subtotal", "quantity_decimal", "invoice"]),
    invoice_item: item ?? null,
    plan: null,
    price: null,
    proration: false,
    proration_details: { credited_items: null },
    tax_amounts: [],
    tax_rates: [],
    type: "invoiceitem",
  };
}

function without(thing: Thing, fields: readonly string[]): Thing {
  const rest = { ...thing };
  for (const field of fields) delete rest[field];
  return rest;
}
