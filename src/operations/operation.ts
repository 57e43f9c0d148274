import type { Currency, Minor } from "../money/index.ts";
import type { ErrorKind } from "../platform/index.ts";
import type { RefundReason, StripeEffect } from "../stripe/index.ts";

export const OPERATION_KINDS = ["refund", "invoice", "invoice_void", "invoice_send"] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/**
 * - `awaiting_approval`: stored; nothing was sent; a second person decides
 * - `rejected`, `expired`: will never be sent
 * - `sending`: stored, and sent or about to be; what Stripe did is not on record yet
 * - `submitted`: Stripe has it, by its answer or by a look-up
 * - `confirmed`: an event told of it
 * - `failed`: nothing moved (refused, or never carried out), or what moved came back (a refund that failed later)
 */
export const OPERATION_STATES = ["awaiting_approval", "rejected", "expired", "sending", "submitted", "confirmed", "failed"] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What is to be done, as it was checked; enough to do it again after a crash. */
export type OperationRequest =
  | { readonly kind: "refund"; readonly payment: string; readonly amount: Minor; readonly currency: Currency; readonly reason: RefundReason | null }
  | { readonly kind: "invoice"; readonly amount: Minor; readonly currency: Currency; readonly email: string; readonly description: string; readonly daysUntilDue: number; readonly send: boolean }
  | { readonly kind: "invoice_void"; readonly invoice: string }
  | { readonly kind: "invoice_send"; readonly invoice: string };

/** Objects that were made on the way, so that another try goes on with them. */
export interface Progress {
  readonly customer?: string;
  readonly invoice?: string;
  /** The invoice can be paid, and its mail is being asked for. */
  readonly open?: true;
}

export interface Operation {
  readonly id: string;
  /** Grows with every operation; the order of the list. */
  readonly no: number;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly live: boolean;
  readonly payment: string | null;
  readonly amount: Minor | null;
  readonly currency: Currency | null;
  readonly request: OperationRequest;
  readonly progress: Progress;
  readonly stripeKey: string;
  readonly requestKey: string | null;
  readonly requestDigest: string;
  /** `re_…` or `in_…`. */
  readonly objectId: string | null;
  readonly objectStatus: string | null;
  /** What the client was or will be answered, beyond the columns. */
  readonly answer: Readonly<Record<string, unknown>> | null;
  readonly error: { readonly kind: ErrorKind; readonly code: string; readonly text: string } | null;
  readonly reason: string | null;
  readonly note: string | null;
  readonly actor: { readonly keyId: string; readonly name: string };
  readonly requestId: string | null;
  /** Who approved or rejected. */
  readonly second: { readonly keyId: string; readonly name: string } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the first call was about to be made: Stripe keeps its key's result for 24 h from then. */
  readonly sentAt: number | null;
  readonly attempts: number;
  readonly lastEffect: StripeEffect | null;
  /** Of the last call, or of what settled it. */
  readonly lastTryAt: number | null;
  /** Nobody else touches it before; also the lease of who is at it. */
  readonly nextTryAt: number | null;
  readonly confirmedAt: number | null;
  readonly missedAt: number | null;
}

/** What can happen to an operation. */
export type Happening =
  | { readonly kind: "approved" }
  | { readonly kind: "rejected" }
  | { readonly kind: "expired" }
  /** Stripe answered, or a look-up found it. */
  | { readonly kind: "accepted"; readonly status: string }
  /** Stripe refused, and did nothing. */
  | { readonly kind: "refused" }
  /** No answer, or one that says nothing. */
  | { readonly kind: "silent" }
  /** Looked up when no call can be under way any more: Stripe has no such object. */
  | { readonly kind: "absent" }
  /** An event told of it. */
  | { readonly kind: "told"; readonly status: string };

export type Move = { readonly kind: "move"; readonly to: OperationState } | { readonly kind: "stay" } | { readonly kind: "impossible"; readonly reason: string };

/** Stripe's words for an object that will not do what was asked. */
export function isGone(status: string): boolean {
  return status === "failed" || status === "canceled";
}

function move(to: OperationState, from: OperationState): Move {
  return to === from ? { kind: "stay" } : { kind: "move", to };
}

/**
 * The state machine, whole: what follows from each happening in each state.
 *
 * @param objectId that is on record.
 */
export function next(state: OperationState, happening: Happening, objectId: string | null = null): Move {
  const impossible: Move = { kind: "impossible", reason: `"${happening.kind}" cannot happen to an operation that is ${state}` };
  switch (happening.kind) {
    case "approved":
      return state === "awaiting_approval" ? { kind: "move", to: "sending" } : impossible;
    case "rejected":
    case "expired":
      return state === "awaiting_approval" ? { kind: "move", to: happening.kind } : impossible;
    case "accepted":
      // An event may have been quicker than the answer: then there is nothing left to say.
      if (state === "submitted" || state === "confirmed" || (state === "failed" && objectId !== null)) return { kind: "stay" };
      // Given up for not done, and then an answer comes after all: it was done.
      if (state === "failed") return move(isGone(happening.status) ? "failed" : "submitted", state);
      return state === "sending" ? { kind: "move", to: isGone(happening.status) ? "failed" : "submitted" } : impossible;
    case "refused":
    case "absent":
      if (state === "submitted" || state === "confirmed") return { kind: "stay" };
      return state === "sending" ? { kind: "move", to: "failed" } : impossible;
    case "silent":
      return state === "sending" || state === "submitted" || state === "confirmed" ? { kind: "stay" } : impossible;
    case "told":
      // What was never sent cannot be told of; anything else yields to the event, which is the truth.
      if (state === "awaiting_approval" || state === "rejected" || state === "expired") return impossible;
      return move(isGone(happening.status) ? "failed" : "confirmed", state);
  }
}

export type Resolution =
  | { readonly kind: "repeat" }
  /** `final`: when it is not there, it never will be. */
  | { readonly kind: "look_up"; readonly final: boolean };

/** Stripe keeps the result of a key for at least 24 h; an hour less, for clocks that differ. */
export const KEY_LIFE_MS = 23 * 3_600_000;
/** After an answer that was Stripe's own failure, before a look-up that finds nothing is believed. */
export const SETTLE_MS = 60_000;

/** How an operation is resolved whose outcome is not on record. Pure; `now` and all times in ms UTC. */
export function planResolution(operation: Pick<Operation, "sentAt" | "lastEffect" | "lastTryAt">, now: number): Resolution {
  const { sentAt, lastEffect, lastTryAt } = operation;
  // The clock was put back: how long ago it was sent, nobody can say. Nothing is sent until time has caught up.
  if (sentAt !== null && sentAt > now) return { kind: "look_up", final: false };
  // Past the key's life the same key would be a new request: it is never sent again.
  if (sentAt !== null && now - sentAt >= KEY_LIFE_MS) return { kind: "look_up", final: true };
  // Stripe keeps its own 500s under the key: repeating would repeat the 500.
  if (lastEffect === "unclear") return { kind: "look_up", final: lastTryAt !== null && now - lastTryAt >= SETTLE_MS };
  return { kind: "repeat" };
}

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 300_000;

/** Waits between tries: 2 s, doubling, at most 5 min. */
export function waitMs(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(Math.max(0, attempts - 1), 20));
}

/** While someone is at an operation, others keep off: longer than a call may take. Only manners: the key keeps it safe. */
export const LEASE_MS = 20_000;
/** What nobody approved by then is not done any more. */
export const APPROVAL_LIFE_MS = 7 * 86_400_000;
/** A confirmation that has not come by then is missed. */
export const CONFIRMATION_MS = 10 * 60_000;
