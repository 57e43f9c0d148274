import type { LedgerEntry } from "../ledger/index.ts";
import { errorText } from "../platform/index.ts";
import { readCharge, type ChargeReading } from "./charge.ts";
import { readDispute } from "./dispute.ts";
import { type Fields, MAX_TIME_MS, record, Unreadable } from "./fields.ts";
import { readIntent } from "./intent.ts";
import { type InvoiceReading, readInvoice, readInvoicePayment } from "./invoice.ts";
import { readRefund } from "./refund.ts";
import { emptyCharge, emptyIntent, join, type PaymentState } from "./state.ts";

export type Digested =
  | { readonly kind: "ignored" }
  /** What the event tells, as a state of its own per payment; to be joined with what is known. */
  | { readonly kind: "told"; readonly states: readonly PaymentState[] }
  | { readonly kind: "indigestible"; readonly error: string };

/** Payments that one event may tell of (an invoice paid in parts); the number keeps their `no` apart. */
const STATES_PER_EVENT = 64;

type Part = Partial<Pick<PaymentState, "intents" | "charges" | "refunds" | "disputes" | "invoice" | "billed">>;

const KINDS = ["charge", "payment_intent", "refund", "dispute", "invoice", "invoice_payment"] as const;
type Kind = (typeof KINDS)[number];

/** What to read the object as: what it says it is, if the type is of that family at all; else what the type says. */
function kindOf(type: string, object: Fields | null): Kind | null {
  const family = /^(charge|payment_intent|refund|invoice|invoice_payment)\.[a-z]/.exec(type)?.[1];
  if (family === undefined) return null;
  const said = KINDS.find((kind) => kind === object?.["object"]);
  if (said !== undefined) return said;
  if (type.startsWith("charge.dispute.")) return "dispute";
  if (type.startsWith("charge.refund.")) return "refund";
  return KINDS.find((kind) => kind === family) ?? null;
}

function intents(id: string | null): PaymentState["intents"] {
  return id === null ? [] : [emptyIntent(id)];
}

function charges(id: string | null): PaymentState["charges"] {
  return id === null ? [] : [emptyCharge(id)];
}

/** @param entry gives the place, time, mode and account. */
function stateOf(entry: LedgerEntry, index: number, part: Part): PaymentState {
  return {
    no: entry.seq * STATES_PER_EVENT + index,
    live: entry.live,
    account: entry.account,
    firstAt: entry.createdAt,
    lastAt: entry.createdAt,
    cut: false,
    intents: part.intents ?? [],
    charges: part.charges ?? [],
    refunds: part.refunds ?? [],
    disputes: part.disputes ?? [],
    invoice: part.invoice ?? null,
    billed: part.billed ?? null,
  };
}

function invoiceOf(entry: LedgerEntry, id: string | null): PaymentState["invoice"] {
  return id === null ? null : { at: entry.createdAt, rank: 0, ev: entry.eventId, id };
}

/** A list with one refund each keeps the lists sorted and free of repeats, whatever the sender put in them. */
function chargeState(entry: LedgerEntry, { charge, refunds, intent, invoice, standsFor }: ChargeReading): PaymentState {
  const state = stateOf(entry, 0, { charges: [...charges(standsFor), charge].sort((one, other) => (one.id < other.id ? -1 : 1)), intents: intents(intent), invoice: invoiceOf(entry, invoice) });
  return refunds.reduce((known, refund) => join(known, stateOf(entry, 0, { refunds: [refund] })), state);
}

function invoiceStates(entry: LedgerEntry, reading: InvoiceReading | null): PaymentState[] {
  if (reading === null) return [];
  const { invoice, billed } = reading;
  return reading.payments
    .slice(0, STATES_PER_EVENT)
    .map((payment, index) => stateOf(entry, index, { intents: intents(payment.intent), charges: charges(payment.charge), invoice, billed }));
}

type Read = (entry: LedgerEntry, object: Fields) => PaymentState[];

function stampOf(entry: LedgerEntry): { at: number; ev: string } {
  return { at: entry.createdAt, ev: entry.eventId };
}

const READ: Record<Kind, Read> = {
  charge: (entry, object) => [chargeState(entry, readCharge(object, stampOf(entry), entry.type))],
  payment_intent: (entry, object) => {
    const { intent, charges: named, embedded, invoice } = readIntent(object, stampOf(entry), entry.type);
    const state = stateOf(entry, 0, { intents: [intent], charges: named, invoice: invoiceOf(entry, invoice) });
    return [embedded.reduce((known, reading) => join(known, chargeState(entry, reading)), state)];
  },
  refund: (entry, object) => {
    const { refund, charge, intent } = readRefund(object, stampOf(entry), entry.type);
    return [stateOf(entry, 0, { refunds: [refund], charges: charges(charge), intents: intents(intent) })];
  },
  dispute: (entry, object) => {
    const { dispute, charge, intent } = readDispute(object, stampOf(entry), entry.type);
    return [stateOf(entry, 0, { disputes: [dispute], charges: charges(charge), intents: intents(intent) })];
  },
  invoice: (entry, object) => invoiceStates(entry, readInvoice(object, stampOf(entry))),
  invoice_payment: (entry, object) => invoiceStates(entry, readInvoicePayment(object, stampOf(entry))),
};

/**
 * What one event tells of payments. Never throws: whatever the JSON, the answer is one of the three. Thin events carry
 * no object and are ignored here.
 */
export function digest(entry: LedgerEntry): Digested {
  if (entry.thin) return { kind: "ignored" };
  const object = record(record(entry.body["data"])?.["object"]);
  const kind = kindOf(entry.type, object);
  if (kind === null) return { kind: "ignored" };
  if (object === null) return { kind: "indigestible", error: `${entry.type} carries no \`data.object\`` };
  if (!Number.isSafeInteger(entry.createdAt) || Math.abs(entry.createdAt) > MAX_TIME_MS) {
    return { kind: "indigestible", error: `${entry.type} has no usable \`created\`` };
  }
  try {
    const states = READ[kind](entry, object);
    return states.length === 0 ? { kind: "ignored" } : { kind: "told", states };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: "indigestible", error: `${entry.type}: ${error.message}` };
    // A fault of ours; the event is set aside too, so that the ones behind it do not wait for the mending.
    return { kind: "indigestible", error: `${entry.type} could not be read: ${errorText(error)}` };
  }
}
