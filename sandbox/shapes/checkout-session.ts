import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface CheckoutSession extends Thing {
  object: "checkout.session";
  amount_total: number;
  created: number;
  currency: string;
  customer: string | null;
  customer_email: string | null;
  expires_at: number;
  livemode: boolean;
  metadata: Metadata;
  payment_intent: string | null;
  payment_status: "unpaid" | "paid";
  status: "open" | "complete" | "expired";
  success_url: string | null;
  cancel_url: string | null;
  url: string | null;
}

export interface CheckoutSessionSpec {
  id: string;
  createdAtMs: number;
  expiresAtMs: number;
  amount: number;
  currency: string;
  customer: string | null;
  email: string | null;
  metadata: Metadata;
  reference: string | null;
  successUrl: string | null;
  cancelUrl: string | null;
}

export function checkoutSessionShape(merchant: Merchant, spec: CheckoutSessionSpec): CheckoutSession {
  return {
    id: spec.id,
    object: "checkout.session",
    allow_promotion_codes: null,
    amount_subtotal: spec.amount,
    amount_total: spec.amount,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: spec.cancelUrl,
    client_reference_id: spec.reference,
    client_secret: null,
    created: seconds(spec.createdAtMs),
    currency: spec.currency,
    custom_fields: [],
    customer: spec.customer,
    customer_creation: spec.customer === null ? "if_required" : null,
    customer_details: spec.email === null ? null : { address: null, email: spec.email, name: null, phone: null, tax_exempt: "none", tax_ids: [] },
    customer_email: spec.email,
    expires_at: seconds(spec.expiresAtMs),
    invoice: null,
    livemode: merchant.livemode,
    locale: null,
    metadata: spec.metadata,
    mode: "payment",
    payment_intent: null,
    payment_method_types: ["card"],
    payment_status: "unpaid",
    setup_intent: null,
    status: "open",
    subscription: null,
    success_url: spec.successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted",
    url: `${merchant.pagesUrl}/c/pay/${spec.id}`,
  };
}
