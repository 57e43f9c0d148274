import Stripe from "stripe";
import { asCurrency, type Currency, type Minor, minor } from "../money/index.ts";
import { AppError, type Secret } from "../platform/index.ts";
import { askStripe } from "./ask.ts";
import { invoiceFacts, type InvoiceFacts, OPERATION_KEY, paymentFacts, type PaymentFacts, refundFacts, type RefundFacts, requiredId } from "./facts.ts";
import { readReceipt, type ReceiptFacts } from "./receipt.ts";
import { StripeTrouble } from "./trouble.ts";

/** The shapes that this code reads; pinned, whatever the account's default is. */
export const STRIPE_API_VERSION = "2026-10-28.endive" satisfies Stripe.LatestApiVersion;

export interface StripeSettings {
  readonly secretKey: Secret;
  /** Null: Stripe's own. */
  readonly apiBase: string | null;
  readonly live: boolean;
  /** A call not answered by then is given up; 15 s when left out. */
  readonly timeoutMs?: number;
}

export const REFUND_REASONS = ["duplicate", "fraudulent", "requested_by_customer"] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

export interface RefundWish {
  readonly payment: string;
  readonly amount: Minor;
  readonly reason: RefundReason | null;
  readonly operation: string;
}

export interface InvoiceWish {
  readonly customer: string;
  readonly currency: string;
  readonly daysUntilDue: number;
  readonly description: string;
  readonly operation: string;
}

/**
 * What Tillwatch does at Stripe. Every call that changes something takes its idempotency key; none is repeated by
 * itself, since who calls must have it on record first. A failed call throws StripeTrouble, which says what it may have
 * done.
 */
export interface StripeApi {
  readonly live: boolean;
  /** The official client, for further calls of this room. */
  readonly sdk: Stripe;
  /** @param id `pi_…` or `ch_…`. */
  payment(id: string): Promise<PaymentFacts>;
  refundsOf(id: string): Promise<RefundFacts[]>;
  refund(wish: RefundWish, key: string): Promise<RefundFacts>;
  customerByEmail(email: string): Promise<string | null>;
  createCustomer(email: string, operation: string, key: string): Promise<string>;
  draftInvoice(wish: InvoiceWish, key: string): Promise<InvoiceFacts>;
  addToInvoice(item: { customer: string; invoice: string; amount: Minor; currency: string; description: string }, key: string): Promise<void>;
  finalizeInvoice(id: string, key: string): Promise<InvoiceFacts>;
  sendInvoice(id: string, key: string): Promise<InvoiceFacts>;
  voidInvoice(id: string, key: string): Promise<InvoiceFacts>;
  invoice(id: string): Promise<InvoiceFacts>;
  /** The customer's invoices made at or after, newest first, at most 100. */
  invoicesOf(customer: string, sinceMs: number): Promise<InvoiceFacts[]>;
  /** @param invoice that the charge paid, where known. */
  receipt(charge: string, invoice: string | null): Promise<ReceiptFacts>;
  /** What Stripe took for the charge, which a refund does not give back; null while it is not booked. */
  feeOf(charge: string): Promise<{ amount: Minor; currency: Currency } | null>;
  setReceiptEmail(charge: string, email: string, key: string): Promise<void>;
}

const TIMEOUT_MS = 15_000;
/** Of one payment; real ones have a handful, and more than this is nothing to decide about by machine. */
const MAX_REFUNDS = 500;

function baseOf(apiBase: string | null): Pick<Stripe.StripeConfig, "host" | "port" | "protocol"> {
  if (apiBase === null) return {};
  const { hostname, port, protocol, pathname } = new URL(apiBase);
  // The SDK takes a host alone: calls would go past the path, to an address nobody named.
  if (pathname !== "/") throw new AppError("invalid", "STRIPE_API_BASE has a path; give the scheme, host and port alone, such as http://127.0.0.1:12111", { code: "stripe_api_base_path" });
  const secure = protocol === "https:";
  return { host: hostname.replaceAll(/[[\]]/g, ""), port: port === "" ? (secure ? 443 : 80) : Number(port), protocol: secure ? "https" : "http" };
}

function filterFor(id: string): { payment_intent: string } | { charge: string } {
  return id.startsWith("pi_") ? { payment_intent: id } : { charge: id };
}

/** One time more for what only reads; what changes something is repeated by its operation alone. */
const READ = { maxNetworkRetries: 1 };

async function allRefunds(sdk: Stripe, id: string): Promise<Stripe.Refund[]> {
  const refunds = await askStripe(sdk.refunds.list({ ...filterFor(id), limit: 100 }, READ).autoPagingToArray({ limit: MAX_REFUNDS + 1 }));
  if (refunds.length > MAX_REFUNDS) throw new StripeTrouble("unprocessable", "too_many_refunds", `this payment has more than ${MAX_REFUNDS} refunds; refund it at Stripe`, { effect: "none" });
  return refunds;
}

async function readPayment(sdk: Stripe, id: string): Promise<PaymentFacts> {
  const charge = id.startsWith("pi_") ? await chargeOfIntent(sdk, id) : await askStripe(sdk.charges.retrieve(id, {}, READ));
  const name = typeof charge.payment_intent === "string" ? charge.payment_intent : (charge.payment_intent?.id ?? charge.id);
  return paymentFacts(name, charge, charge.status === "succeeded" ? await allRefunds(sdk, name) : []);
}

/** The charge that succeeded. `latest_charge` is not asked: it may point elsewhere. */
async function chargeOfIntent(sdk: Stripe, id: string): Promise<Stripe.Charge> {
  const { data } = await askStripe(sdk.charges.list({ payment_intent: id, limit: 100 }, READ));
  const charge = data.find((one) => one.status === "succeeded") ?? data[0];
  if (charge !== undefined) return charge;
  // Says that it is missing, when it is.
  await askStripe(sdk.paymentIntents.retrieve(id, {}, READ));
  throw new StripeTrouble("conflict", "not_refundable", "nothing was ever charged for this payment, so there is nothing to refund", { effect: "none" });
}

function invoiceCalls(sdk: Stripe): Pick<StripeApi, "draftInvoice" | "addToInvoice" | "finalizeInvoice" | "sendInvoice" | "voidInvoice" | "invoice" | "invoicesOf"> {
  return {
    draftInvoice: async ({ customer, currency, daysUntilDue, description, operation }, idempotencyKey) =>
      invoiceFacts(
        await askStripe(
          sdk.invoices.create(
            { customer, currency, collection_method: "send_invoice", days_until_due: daysUntilDue, description, auto_advance: false, pending_invoice_items_behavior: "exclude", metadata: { [OPERATION_KEY]: operation } },
            { idempotencyKey },
          ),
        ),
      ),
    addToInvoice: async ({ customer, invoice, amount, currency, description }, idempotencyKey) => {
      requiredId(await askStripe(sdk.invoiceItems.create({ customer, invoice, amount, currency, description }, { idempotencyKey })));
    },
    finalizeInvoice: async (id, idempotencyKey) => invoiceFacts(await askStripe(sdk.invoices.finalizeInvoice(id, { auto_advance: false }, { idempotencyKey }))),
    sendInvoice: async (id, idempotencyKey) => invoiceFacts(await askStripe(sdk.invoices.sendInvoice(id, {}, { idempotencyKey }))),
    voidInvoice: async (id, idempotencyKey) => invoiceFacts(await askStripe(sdk.invoices.voidInvoice(id, {}, { idempotencyKey }))),
    invoice: async (id) => invoiceFacts(await askStripe(sdk.invoices.retrieve(id, {}, READ))),
    invoicesOf: async (customer, sinceMs) => {
      const { data } = await askStripe(sdk.invoices.list({ customer, created: { gte: Math.floor(sinceMs / 1000) }, limit: 100 }, READ));
      return data.map(invoiceFacts);
    },
  };
}

/**
 * The SDK sends once more by itself when a connection was closed, whatever it is told. Then a refusal of the second
 * sending (too many requests, say) would hide that the first one did its work; so the reason is taken off the error.
 */
function sendingOnce(): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  const makeRequest: Stripe.HttpClient["makeRequest"] = async (...request) => {
    try {
      return await client.makeRequest(...request);
    } catch (error) {
      throw error instanceof Error && "code" in error && error.code !== "ETIMEDOUT" ? new Error(error.message) : error;
    }
  };
  return { getClientName: () => client.getClientName(), makeRequest };
}

export function openStripe(settings: StripeSettings): StripeApi {
  const sdk = new Stripe(settings.secretKey.reveal(), {
    ...baseOf(settings.apiBase),
    apiVersion: STRIPE_API_VERSION,
    timeout: settings.timeoutMs ?? TIMEOUT_MS,
    maxNetworkRetries: 0,
    httpClient: sendingOnce(),
    telemetry: false,
  });
  return {
    live: settings.live,
    sdk,
    payment: (id) => readPayment(sdk, id),
    refundsOf: async (id) => (await allRefunds(sdk, id)).map(refundFacts),
    refund: async ({ payment, amount, reason, operation }, idempotencyKey) =>
      refundFacts(
        await askStripe(
          // The amount is always said: left out would mean "all", and a bug that loses it must not give everything back.
          sdk.refunds.create({ ...filterFor(payment), amount, ...(reason === null ? {} : { reason }), metadata: { [OPERATION_KEY]: operation } }, { idempotencyKey }),
        ),
      ),
    customerByEmail: async (email) => {
      const { data } = await askStripe(sdk.customers.list({ email, limit: 1 }, READ));
      return data[0] === undefined ? null : requiredId(data[0]);
    },
    createCustomer: async (email, operation, idempotencyKey) => requiredId(await askStripe(sdk.customers.create({ email, metadata: { [OPERATION_KEY]: operation } }, { idempotencyKey }))),
    ...invoiceCalls(sdk),
    receipt: (charge, invoice) => readReceipt(sdk, charge, invoice),
    feeOf: async (id) => {
      const { balance_transaction: booked } = await askStripe(sdk.charges.retrieve(id, { expand: ["balance_transaction"] }, READ));
      const currency = typeof booked === "object" ? asCurrency(booked?.currency) : null;
      return typeof booked === "object" && booked !== null && currency !== null ? { amount: minor(booked.fee), currency } : null;
    },
    setReceiptEmail: async (charge, email, idempotencyKey) => {
      requiredId(await askStripe(sdk.charges.update(charge, { receipt_email: email }, { idempotencyKey })));
    },
  };
}
