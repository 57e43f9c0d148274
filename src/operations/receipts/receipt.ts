import type { LedgerEntry } from "../../ledger/index.ts";
import type { MailOutcome } from "../../platform/index.ts";
import type { ReceiptFacts, RefundFacts } from "../../stripe/index.ts";

/** Who mails receipts: nobody, Stripe, or we. */
export type ReceiptMode = "off" | "stripe" | "self";

/**
 * - `due`: to be sent
 * - `sending`: given to the mail server, or about to be; a crash leaves it so
 * - `sent`
 * - `skipped`: not to be sent, `why` says it
 * - `failed`: the mail server refused it for good
 * - `uncertain`: the mail server may have taken it; it is not sent again by itself, since nobody wants two
 */
export const RECEIPT_STATES = ["due", "sending", "sent", "skipped", "failed", "uncertain"] as const;
export type ReceiptState = (typeof RECEIPT_STATES)[number];

export interface Receipt {
  /** The charge's id, or the refund's: one receipt each. */
  readonly id: string;
  readonly kind: "payment" | "refund";
  readonly state: ReceiptState;
  readonly via: "stripe" | "self";
  readonly live: boolean;
  readonly charge: string;
  readonly refund: string | null;
  readonly email: string | null;
  /** How many were asked for: 1, and one more per resend. */
  readonly copies: number;
  readonly attempts: number;
  readonly nextTryAt: number;
  readonly why: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly sentAt: number | null;
}

export interface Occasion {
  readonly id: string;
  readonly kind: "payment" | "refund";
  readonly charge: string;
  readonly live: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function idOf(value: unknown, prefix: RegExp): string | null {
  const id = fields(value)?.["id"] ?? value;
  return typeof id === "string" && id.length <= 255 && prefix.test(id) ? id : null;
}

/** News older than this is no occasion for mail: an import or a long outage must not surprise old customers. */
const FRESH_MS = 86_400_000;

/** What an event gives occasion for: a captured charge, or a refund that went out. Null for all else. */
export function occasionOf(entry: LedgerEntry, now: number): Occasion | null {
  if (entry.account !== null || now - entry.createdAt > FRESH_MS || entry.source === "import" || entry.source === "tail") return null;
  const object = fields(fields(entry.body["data"])?.["object"]);
  if (object === null) return null;
  if ((entry.type === "charge.succeeded" && object["captured"] === true) || entry.type === "charge.captured") {
    const id = idOf(object, /^(ch|py)_/);
    return id === null ? null : { id, kind: "payment", charge: id, live: entry.live };
  }
  if ((entry.type === "refund.created" || entry.type === "refund.updated") && object["status"] === "succeeded") {
    const [id, charge] = [idOf(object, /^(re|pyr)_/), idOf(object["charge"], /^(ch|py)_/)];
    return id === null || charge === null ? null : { id, kind: "refund", charge, live: entry.live };
  }
  return null;
}

export type SendPlan = { readonly kind: "mail"; readonly to: string } | { readonly kind: "ask_stripe"; readonly to: string } | { readonly kind: "skip"; readonly why: string } | { readonly kind: "done"; readonly why: string };

/** What to do about a receipt that is due. Pure. */
export function planReceipt(receipt: Pick<Receipt, "kind" | "via" | "copies" | "email">, facts: Pick<ReceiptFacts, "live" | "stripeSendsTo" | "email">, known: string | null, inTestMode: boolean): SendPlan {
  const to = receipt.email ?? facts.email ?? known;
  const again = receipt.copies > 1;
  if (!facts.live && !inTestMode) return { kind: "skip", why: "test mode: nothing is mailed unless receipts.in_test_mode says so" };
  if (receipt.via === "stripe") {
    if (receipt.kind === "refund") return { kind: "skip", why: "Stripe mails receipts of refunds by its own settings" };
    // Setting it again sends again.
    if (facts.stripeSendsTo !== null && !again) return { kind: "done", why: "the charge had its receipt_email already: Stripe sends the receipt" };
    return to === null ? { kind: "skip", why: "no e-mail address is known" } : { kind: "ask_stripe", to };
  }
  if (facts.live && facts.stripeSendsTo !== null && receipt.kind === "payment" && !again) return { kind: "skip", why: "Stripe sends one already (the charge has a receipt_email)" };
  if (to === null) return { kind: "skip", why: "no e-mail address is known" };
  // One line, one address: nothing that could add a header or a second recipient.
  return /^[^\s@<>,;"']+@[^\s@<>,;"']+$/.test(to) && to.length <= 320 ? { kind: "mail", to } : { kind: "skip", why: "the customer's e-mail address is none" };
}

/** Why a refund's receipt must not go out: there is no refund to tell of. Null when there is. Pure. */
export function whyNoRefund(receipt: Pick<Receipt, "kind">, refund: Pick<RefundFacts, "status"> | null): string | null {
  if (receipt.kind !== "refund") return null;
  if (refund === null) return "Stripe does not list this refund";
  return refund.status === "failed" || refund.status === "canceled" ? `the refund ${refund.status === "failed" ? "failed" : "was canceled"}: the customer has no money back` : null;
}

const LONGEST_WAIT_MS = 3_600_000;
const MAX_ATTEMPTS = 12;

export type AfterMail = { readonly state: "sent" | "failed" | "uncertain" } | { readonly state: "due"; readonly waitMs: number };

/** What follows from the mail server's answer. */
export function afterMail(outcome: MailOutcome, attempts: number): AfterMail {
  switch (outcome.kind) {
    case "sent":
      return { state: "sent" };
    case "unclear":
      return { state: "uncertain" };
    case "refused":
      if (!outcome.passing || attempts >= MAX_ATTEMPTS) return { state: "failed" };
      return { state: "due", waitMs: Math.min(LONGEST_WAIT_MS, 30_000 * 2 ** Math.min(attempts, 20)) };
  }
}
