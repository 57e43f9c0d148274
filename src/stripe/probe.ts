import type Stripe from "stripe";
import { AppError } from "../platform/index.ts";
import { askStripe } from "./ask.ts";
import type { StripeApi } from "./client.ts";

/** A permission of the key, by the name of its box at Stripe (Developers, API keys). */
export interface Permission {
  /** `events_read`. */
  readonly id: string;
  readonly box: string;
  readonly access: "Read" | "Write";
  /** What does not work without it. */
  readonly without: string;
  /** Without it Tillwatch cannot do what it is for; the others are for what a team may not use. */
  readonly essential: boolean;
  probe(sdk: Stripe, options: Stripe.RequestOptions): Promise<unknown>;
}

/** No object has this id, so that a call to change it changes nothing: it is answered 404 where it is allowed, 403 where not. */
const NOBODY = "tillwatch_permission_probe";

const ONE = { limit: 1 };

export const PERMISSIONS: readonly Permission[] = [
  { id: "events_read", box: "Events", access: "Read", essential: true, without: "what does not arrive by itself cannot be found", probe: (sdk, options) => sdk.events.list(ONE, options) },
  { id: "webhook_endpoints_read", box: "Webhook Endpoints", access: "Read", essential: true, without: "nobody notices when Stripe disables the endpoint", probe: (sdk, options) => sdk.webhookEndpoints.list(ONE, options) },
  { id: "charges_read", box: "Charges and Refunds", access: "Read", essential: true, without: "what is left of a payment is not known before a refund", probe: (sdk, options) => sdk.charges.list(ONE, options) },
  { id: "payment_intents_read", box: "PaymentIntents", access: "Read", essential: true, without: "payments cannot be looked up", probe: (sdk, options) => sdk.paymentIntents.list(ONE, options) },
  { id: "disputes_read", box: "Disputes", access: "Read", essential: false, without: "disputes cannot be looked up", probe: (sdk, options) => sdk.disputes.list(ONE, options) },
  { id: "payouts_read", box: "Payouts", access: "Read", essential: false, without: "`tillwatch verify` cannot compare payouts", probe: (sdk, options) => sdk.payouts.list(ONE, options) },
  { id: "balance_read", box: "Balance", access: "Read", essential: false, without: "the fee that a refund does not give back is not shown", probe: (sdk, options) => sdk.balance.retrieve({}, options) },
  { id: "charges_write", box: "Charges and Refunds", access: "Write", essential: false, without: "no refund can be made here", probe: (sdk, options) => sdk.refunds.create({ charge: `ch_${NOBODY}`, amount: 1 }, options) },
  { id: "customers_write", box: "Customers", access: "Write", essential: false, without: "no invoice can be made here", probe: (sdk, options) => sdk.customers.update(`cus_${NOBODY}`, {}, options) },
  { id: "invoices_write", box: "Invoices", access: "Write", essential: false, without: "no invoice can be made here", probe: (sdk, options) => sdk.invoices.finalizeInvoice(`in_${NOBODY}`, {}, options) },
  { id: "webhook_endpoints_write", box: "Webhook Endpoints", access: "Write", essential: false, without: "`tillwatch setup webhook` cannot make or mend the endpoint; it can be done at Stripe", probe: (sdk, options) => sdk.webhookEndpoints.update(`we_${NOBODY}`, {}, options) },
];

export type Probed =
  | { readonly kind: "allowed" }
  /** Stripe's 403; `text` names the box to tick. */
  | { readonly kind: "denied"; readonly text: string }
  /** Stripe could not be asked, or answered something that says nothing of permissions. */
  | { readonly kind: "unknown"; readonly text: string };

const TIMEOUT_MS = 8000;

/** Asks Stripe whether the key may. Changes nothing: what would write names an object that does not exist. */
export async function probePermission({ sdk }: Pick<StripeApi, "sdk">, permission: Permission): Promise<Probed> {
  try {
    await askStripe(permission.probe(sdk, { maxNetworkRetries: 0, timeout: TIMEOUT_MS }));
    return { kind: "allowed" };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "stripe_permission") return { kind: "denied", text: error.message };
    // "No such object" is what an allowed call is answered.
    if (permission.access === "Write" && (error.code === "not_at_stripe" || error.code === "stripe_refused")) return { kind: "allowed" };
    return { kind: "unknown", text: error.message };
  }
}
