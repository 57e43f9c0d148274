/** Stripe as it is: client, errors in words, signatures; and the only place that may name its SDK. */
export { type Allowance, readAllowance, ReadsSpent } from "./allowance.ts";
export { type BookedCharge, type BookedDispute, type BookedPayout, type BookedRefund, type Booking, type BookPage, type BookQuery, type Books, openBooks } from "./books.ts";
export { openStripe, REFUND_REASONS, type RefundReason, STRIPE_API_VERSION, type StripeApi, type StripeSettings } from "./client.ts";
export { type EndpointChange, type EndpointFacts, type WebhookEndpoints, webhookEndpoints } from "./endpoints.ts";
export { type EventList, eventLister, type EventQuery, type ListEvents, objectReader } from "./events.ts";
export { type InvoiceFacts, OPERATION_KEY, type PaymentFacts, type RefundFacts, type RefundState } from "./facts.ts";
export { type PriceFacts, type Prices, type PriceWish, stripePrices } from "./prices.ts";
export type { ReceiptFacts, ReceiptItem } from "./receipt.ts";
export { PERMISSIONS, type Permission, type Probed, probePermission } from "./probe.ts";
export { type Reached, reachStripe } from "./reach.ts";
export { type EndpointSecret, signatureHeader, signatureTime, type Verdict, verifySignature } from "./signature.ts";
export { type StripeEffect, StripeTrouble } from "./trouble.ts";
