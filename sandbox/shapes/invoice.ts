import type { Customer } from "./customer.ts";
import type { LineItem } from "./invoice-item.ts";
import type { ListShape, Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export type InvoiceStatus = "draft" | "open" | "paid" | "uncollectible" | "void";

export interface Invoice extends Thing {
  object: "invoice";
  amount_due: number;
  amount_paid: number;
  amount_paid_off_stripe: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  collection_method: "charge_automatically" | "send_invoice";
  created: number;
  currency: string;
  customer: string;
  customer_email: string | null;
  description: string | null;
  due_date: number | null;
  ending_balance: number | null;
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  lines: ListShape<LineItem>;
  livemode: boolean;
  metadata: Metadata;
  number: string | null;
  status: InvoiceStatus;
  status_transitions: { finalized_at: number | null; marked_uncollectible_at: number | null; paid_at: number | null; voided_at: number | null };
  subtotal: number;
  total: number;
}

export interface InvoiceSpec {
  id: string;
  createdAtMs: number;
  currency: string;
  customer: Customer;
  collectionMethod: "charge_automatically" | "send_invoice";
  dueAtMs: number | null;
  autoAdvance: boolean;
  description: string | null;
  metadata: Metadata;
  footer?: string | null;
}

export function invoiceShape(merchant: Merchant, spec: InvoiceSpec): Invoice {
  const created = seconds(spec.createdAtMs);
  return {
    id: spec.id,
    object: "invoice",
    account_country: merchant.country,
    account_name: merchant.name,
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_paid_off_stripe: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: spec.autoAdvance,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: "manual",
    collection_method: spec.collectionMethod,
    created,
    currency: spec.currency,
    custom_fields: null,
    customer: spec.customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: spec.customer.email,
    customer_name: spec.customer.name,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: spec.description,
    discounts: [],
    due_date: spec.dueAtMs === null ? null : seconds(spec.dueAtMs),
    effective_at: null,
    ending_balance: null,
    footer: spec.footer ?? null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: "list", data: [], has_more: false, total_count: 0, url: `/v1/invoices/${spec.id}/lines` },
    livemode: merchant.livemode,
    metadata: spec.metadata,
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: created,
    period_start: created,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: "draft",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: null,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}

/** The draft with its lines and the sums that follow from them. */
export function withLines(invoice: Invoice, lines: readonly LineItem[]): Invoice {
  let total = 0;
  for (const line of lines) total += line.amount;
  const due = Math.max(0, total);
  return {
    ...invoice,
    lines: { ...invoice.lines, data: lines, total_count: lines.length },
    amount_due: due,
    amount_remaining: due - invoice.amount_paid,
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
  };
}

/** `token` makes the hosted page's address unguessable: it is a bearer link. */
export function finalized(merchant: Merchant, invoice: Invoice, spec: { atMs: number; number: string; token: string }): Invoice {
  const url = `${merchant.pagesUrl}/i/${merchant.account}/${merchant.livemode ? "live" : "test"}_${spec.token}`;
  return {
    ...invoice,
    status: "open",
    number: spec.number,
    effective_at: seconds(spec.atMs),
    ending_balance: 0,
    hosted_invoice_url: url,
    invoice_pdf: `${url}/pdf`,
    status_transitions: { ...invoice.status_transitions, finalized_at: seconds(spec.atMs) },
  };
}

/** @param offStripe paid outside Stripe: no charge was made for it. */
export function paid(invoice: Invoice, atMs: number, offStripe: boolean): Invoice {
  return {
    ...invoice,
    status: "paid",
    amount_paid: invoice.amount_due,
    amount_paid_off_stripe: offStripe ? invoice.amount_due : 0,
    amount_remaining: 0,
    attempted: true,
    attempt_count: offStripe ? invoice.attempt_count : invoice.attempt_count + 1,
    auto_advance: false,
    status_transitions: { ...invoice.status_transitions, paid_at: seconds(atMs) },
  };
}
