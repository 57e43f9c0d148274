import type { Decline } from "../cards/decline.ts";
import { docUrl } from "../cards/decline.ts";
import type { PaymentMethod } from "./instrument.ts";
import type { Merchant, Metadata, Thing } from "./thing.ts";
import { seconds } from "./thing.ts";

export type PaymentIntentStatus =
  | "requires_payment_method"
  | "requires_confirmation"
  | "requires_action"
  | "processing"
  | "requires_capture"
  | "canceled"
  | "succeeded";

export interface PaymentIntent extends Thing {
  object: "payment_intent";
  amount: number;
  amount_capturable: number;
  amount_received: number;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: string;
  client_secret: string;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  last_payment_error: PaymentError | null;
  latest_charge: string | null;
  livemode: boolean;
  metadata: Metadata;
  next_action: Record<string, unknown> | null;
  payment_method: string | null;
  payment_method_types: readonly string[];
  receipt_email: string | null;
  setup_future_usage: string | null;
  statement_descriptor: string | null;
  status: PaymentIntentStatus;
}

/** As the API sends it: a key that has no value is left out, so a failed authentication has no `charge`. */
export interface PaymentError {
  advice_code?: string;
  charge?: string;
  code: string;
  decline_code?: string;
  doc_url: string;
  message: string;
  payment_method?: PaymentMethod;
  type: "card_error" | "invalid_request_error";
}

export interface PaymentIntentSpec {
  id: string;
  secret: string;
  amount: number;
  currency: string;
  createdAtMs: number;
  customer: string | null;
  description: string | null;
  metadata: Metadata;
  methodTypes: readonly string[];
  captureMethod: string;
  receiptEmail: string | null;
}

export function paymentIntentShape(merchant: Merchant, spec: PaymentIntentSpec): PaymentIntent {
  return {
    id: spec.id,
    object: "payment_intent",
    amount: spec.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: spec.captureMethod,
    client_secret: `${spec.id}_secret_${spec.secret}`,
    confirmation_method: "automatic",
    created: seconds(spec.createdAtMs),
    currency: spec.currency,
    customer: spec.customer,
    customer_account: null,
    description: spec.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: merchant.livemode,
    metadata: spec.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" } },
    payment_method_types: spec.methodTypes,
    processing: null,
    receipt_email: spec.receiptEmail,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  };
}

export function declineError(decline: Decline, charge: string, method: PaymentMethod): PaymentError {
  const error: PaymentError = { charge, code: decline.code, doc_url: docUrl(decline.code), message: decline.message, payment_method: method, type: "card_error" };
  if (decline.declineCode !== null) error.decline_code = decline.declineCode;
  if (decline.adviceCode !== null) error.advice_code = decline.adviceCode;
  return error;
}

/** Authentication was tried and failed: no charge was ever made. */
export function authenticationError(method: PaymentMethod): PaymentError {
  return {
    code: "payment_intent_authentication_failure",
    doc_url: docUrl("payment_intent_authentication_failure"),
    message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    payment_method: method,
    type: "invalid_request_error",
  };
}

export function redirectAction(merchant: Merchant, intent: string): Record<string, unknown> {
  return {
    type: "use_stripe_sdk",
    use_stripe_sdk: { type: "three_d_secure_redirect", stripe_js: `${merchant.pagesUrl}/authenticate/${intent}` },
  };
}
