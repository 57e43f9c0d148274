import type { Currency, Minor } from "../money/index.ts";

/**
 * - `raise`, `lower`: another amount for a product; applied as a new Stripe Price, the old one is kept
 * - `annual_plan`: a yearly price beside the monthly one; applied as a new Stripe Price
 * - `test_price`, `round_amount`: another amount, to be tested or set by hand
 * - `retry_schedule`, `add_currency`, `minimum_charge`: notes of what to do by hand
 */
export const SUGGESTION_KINDS = ["raise", "lower", "annual_plan", "retry_schedule", "add_currency", "minimum_charge", "test_price", "round_amount"] as const;
export type SuggestionKind = (typeof SUGGESTION_KINDS)[number];

/**
 * - `open`: waits for an admin
 * - `awaiting_second`: one admin said yes, the step is large: waits for another
 * - `applying`: approved; being carried out at Stripe, or about to be
 * - `applied`: the new price is there, and it is watched what it does
 * - `kept`: watched to the end
 * - `rolling_back`, `rolled_back`: the old price again
 * - `noted`: approved, and to be done by hand
 * - `rejected`, `stale` (the facts changed), `failed` (Stripe refused; nothing was changed)
 */
export const SUGGESTION_STATES = ["open", "awaiting_second", "applying", "applied", "kept", "rolling_back", "rolled_back", "noted", "rejected", "stale", "failed"] as const;
export type SuggestionState = (typeof SUGGESTION_STATES)[number];

/** What a person reads. */
export interface Told {
  readonly title: string;
  readonly why: readonly string[];
  readonly effect: {
    readonly text: string;
    /** Relative change of revenue: middle 90 % and median; null where figures cannot say. */
    readonly low: number | null;
    readonly median: number | null;
    readonly high: number | null;
    /** Of a month's revenue, minor units. */
    readonly monthly: { readonly currency: Currency; readonly low: Minor; readonly high: Minor } | null;
  };
  readonly evidence: readonly { readonly what: string; readonly value: string }[];
  readonly disproof: string;
  readonly risk: string;
  readonly undo: string;
  /** What to do, for what is done by hand. */
  readonly byHand: string | null;
}

/** What it stands on; when this has changed, it is no longer what was approved. */
export interface Basis {
  readonly price: string | null;
  readonly unitAmount: Minor | null;
  readonly recurring: string | null;
  readonly elasticity: { readonly mean: number; readonly sd: number } | null;
  /** Purchases behind it. */
  readonly purchases: number;
}

/** A suggestion before it is stored. Amounts in minor units. */
export interface Draft {
  readonly kind: SuggestionKind;
  readonly product: string | null;
  readonly currency: Currency | null;
  readonly from: Minor | null;
  readonly to: Minor | null;
  readonly told: Told;
  readonly basis: Basis;
}

export interface Progress {
  /** What is asked for beside the amount, as it was before the first call: a repeated call must say the same. */
  readonly asked?: { readonly lookupKey: string | null; readonly recurring: string | null };
  /** Stripe keeps its own failures under a key: after one that was looked up and left nothing, the next round's key is used. */
  readonly round?: number;
  /** When Stripe answered with a failure of its own, ms UTC; null once that is settled. */
  readonly unclearAt?: number | null;
  /** What Stripe made or changed so far. */
  readonly price?: string;
  readonly defaultMoved?: true;
  readonly defaultBack?: true;
  readonly deactivated?: true;
}

export type WatchVerdict = "waiting" | "as_expected" | "better" | "worse" | "unclear";

export interface Watch {
  readonly verdict: WatchVerdict;
  readonly text: string;
  readonly purchases: number;
  /** Relative change of revenue since, middle 90 %; null while too few. */
  readonly low: number | null;
  readonly high: number | null;
  readonly at: number;
}

export interface Suggestion extends Draft {
  readonly id: string;
  readonly no: number;
  readonly state: SuggestionState;
  readonly live: boolean;
  readonly proposer: { readonly keyId: string; readonly name: string };
  readonly first: { readonly keyId: string; readonly name: string } | null;
  readonly second: { readonly keyId: string; readonly name: string } | null;
  readonly reason: string | null;
  readonly progress: Progress;
  readonly newPrice: string | null;
  readonly error: string | null;
  readonly attempts: number;
  readonly sentAt: number | null;
  readonly nextTryAt: number | null;
  readonly createdAt: number;
  readonly decidedAt: number | null;
  readonly appliedAt: number | null;
  readonly watch: Watch | null;
  readonly updatedAt: number;
}

/** A suggestion that nobody decided on in this time is stale: the shop went on. */
export const SUGGESTION_LIFE_MS = 21 * 86_400_000;

/** What may be done with a suggestion; the state machine, whole. */
export type Act = "approve" | "approve_second" | "reject" | "expire" | "applied" | "refused" | "roll_back" | "rolled_back" | "keep";

const MOVES: Readonly<Record<Act, Partial<Record<SuggestionState, SuggestionState>>>> = {
  // Where to is decided by the step's size and kind; see `approve.ts`.
  approve: { open: "applying" },
  approve_second: { awaiting_second: "applying" },
  reject: { open: "rejected", awaiting_second: "rejected" },
  expire: { open: "stale", awaiting_second: "stale" },
  applied: { applying: "applied" },
  refused: { applying: "failed" },
  roll_back: { applied: "rolling_back", kept: "rolling_back" },
  rolled_back: { rolling_back: "rolled_back" },
  keep: { applied: "kept" },
};

/** The state that follows; null when this cannot be done now. */
export function nextState(state: SuggestionState, act: Act): SuggestionState | null {
  return MOVES[act][state] ?? null;
}

/** Stripe Prices are made for these; everything else is a note of what to do by hand. */
export function isCarriedOut(kind: SuggestionKind): boolean {
  return kind === "raise" || kind === "lower" || kind === "annual_plan";
}
