import type Stripe from "stripe";
import { asCurrency, asMinor, type Currency, type Minor } from "../money/index.ts";
import { askStripe } from "./ask.ts";
import { StripeTrouble } from "./trouble.ts";

export interface ReceiptItem {
  readonly text: string;
  readonly amount: Minor;
}

/** What a receipt over a charge says, as Stripe has it. */
export interface ReceiptFacts {
  readonly charge: string;
  readonly payment: string | null;
  readonly live: boolean;
  readonly currency: Currency;
  /** Captured. */
  readonly amount: Minor;
  readonly paidAt: number;
  /** Where Stripe itself sends a receipt (in live mode); null: nowhere. */
  readonly stripeSendsTo: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly card: { readonly brand: string; readonly last4: string } | null;
  readonly number: string | null;
  readonly items: readonly ReceiptItem[];
}

const MAX_AMOUNT = 999_999_999_999;
const MAX_ITEMS = 100;

function amountOf(value: unknown): Minor {
  const amount = asMinor(value, { min: -MAX_AMOUNT, max: MAX_AMOUNT });
  if (amount === null) throw new StripeTrouble("upstream", "stripe_unreadable", "Stripe's answer has no usable amount", { effect: "none" });
  return amount;
}

/** The lines of the invoice that the charge paid; what the charge itself says where there is none. */
async function itemsOf(sdk: Stripe, charge: Stripe.Charge, invoice: string | null): Promise<ReceiptItem[]> {
  const whole = [{ text: charge.description ?? "Payment", amount: amountOf(charge.amount_captured) }];
  if (invoice === null) return whole;
  const { data } = await askStripe(sdk.invoices.listLineItems(invoice, { limit: MAX_ITEMS }, { maxNetworkRetries: 1 }));
  return data.length === 0 ? whole : data.map((line) => ({ text: line.description ?? "Item", amount: amountOf(line.amount) }));
}

/** @param invoice the invoice that the charge paid, where known. */
export async function readReceipt(sdk: Stripe, id: string, invoice: string | null): Promise<ReceiptFacts> {
  const charge = await askStripe(sdk.charges.retrieve(id, {}, { maxNetworkRetries: 1 }));
  const currency = asCurrency(charge.currency);
  if (currency === null) throw new StripeTrouble("upstream", "stripe_unreadable", "Stripe's answer has no usable currency", { effect: "none" });
  const card = charge.payment_method_details?.card;
  return {
    charge: charge.id,
    payment: typeof charge.payment_intent === "string" ? charge.payment_intent : (charge.payment_intent?.id ?? null),
    live: charge.livemode,
    currency,
    amount: amountOf(charge.amount_captured),
    paidAt: charge.created * 1000,
    stripeSendsTo: charge.receipt_email ?? null,
    email: charge.receipt_email ?? charge.billing_details?.email ?? null,
    name: charge.billing_details?.name ?? null,
    card: card === undefined || card === null ? null : { brand: card.brand ?? "card", last4: card.last4 ?? "····" },
    number: charge.receipt_number ?? null,
    items: await itemsOf(sdk, charge, invoice),
  };
}
