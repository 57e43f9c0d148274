import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export interface Customer extends Thing {
  object: "customer";
  balance: number;
  created: number;
  currency: string | null;
  email: string | null;
  invoice_prefix: string;
  invoice_settings: { custom_fields: null; default_payment_method: string | null; footer: null; rendering_options: null };
  metadata: Metadata;
  name: string | null;
  next_invoice_sequence: number;
}

export function customerShape(
  merchant: Merchant,
  spec: { id: string; createdAtMs: number; email: string | null; name: string | null; metadata: Metadata; invoicePrefix: string },
): Customer {
  return {
    id: spec.id,
    object: "customer",
    address: null,
    balance: 0,
    created: seconds(spec.createdAtMs),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: spec.email,
    invoice_prefix: spec.invoicePrefix,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: merchant.livemode,
    metadata: spec.metadata,
    name: spec.name,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
}
