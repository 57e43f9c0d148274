/**
 * What became of one HTTP delivery to the webhook endpoint:
 * - `accepted`: authentic, a new event, committed;
 * - `duplicate`: authentic, an event we had, with the same content;
 * - `variant`: authentic, an id we had with another content: kept beside the first and flagged;
 * - `malformed`: authentic, but no event (not JSON, no id);
 * - `failed`: authentic, but our database did not take it: answered 5xx, so Stripe sends it again;
 * - `rejected`: not authentic (no, wrong or stale signature), or too large to look at.
 */
export type DeliveryOutcome = "accepted" | "duplicate" | "variant" | "malformed" | "failed" | "rejected";

/** Authentic deliveries that were not processed: the webhook failures of the production-alerts record. */
export const FAILURE_OUTCOMES = ["malformed", "failed"] as const satisfies readonly DeliveryOutcome[];

/** A delivery that carried no event into the ledger. */
export interface Refusal {
  readonly outcome: "malformed" | "failed" | "rejected";
  readonly receivedAt: number;
  /** Which of our endpoints (the name of its secret), as far as known. */
  readonly endpoint: string;
  /** The HTTP status answered. */
  readonly status: number;
  /** In words, without content of the request. */
  readonly reason: string;
  /** Where the body could be read, even when it was not trusted. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** One row may stand for many rejected requests, when somebody floods the endpoint. */
  readonly count: number;
}

export interface DeliveryRecord {
  readonly seq: number;
  readonly receivedAt: number;
  readonly outcome: DeliveryOutcome;
  readonly endpoint: string;
  readonly status: number;
  readonly reason: string | null;
  readonly count: number;
  readonly eventSeq: number | null;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly live: boolean | null;
}
