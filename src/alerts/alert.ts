import type { AlertState } from "./lifecycle.ts";

export type AlertSeverity = "WARNING" | "CRITICAL";

/** Whether the rule can judge at all: it does, there is nothing to judge, or it failed. */
export type RuleHealth = "ok" | "no_data" | "error";

/** Revenue at stake: minor units of one currency (ISO 4217, lower case). */
export interface Stake {
  readonly currency: string;
  readonly minor: number;
}

/** What is expected around the moment it fired, so that a page can draw the band. Steps of `stepMs` from `fromMs`, ms UTC. */
export interface EvidenceBand {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly expected: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What the verdict stands on. */
export interface AlertEvidence {
  /** What is counted, e.g. `attempts`, `failed`, `webhooks_failed`, `refunds`. */
  readonly measure: string;
  /** Window judged, `[fromMs, untilMs)`, ms UTC. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly seen: number;
  /** Out of how many payments or deliveries; null for a count on its own. */
  readonly of: number | null;
  readonly expected: number | null;
  /** 5 % and 95 % points of what is usual; null when nothing is learnt yet. */
  readonly low: number | null;
  readonly high: number | null;
  /** How often chance alone gives this; null for a plain threshold. */
  readonly probability: number | null;
  /** The plain limit that was passed, for a literal rule. */
  readonly threshold: number | null;
  /** One currency, brand, …; null for all. */
  readonly scope: { readonly dimension: string; readonly value: string } | null;
  readonly band: EvidenceBand | null;
  /** Ids of Stripe's events that show it, newest first; at most 20. */
  readonly events: readonly string[];
}

/** How it ended. `by_hand`: a person said so. `accepted`: it lasted so long that it is the new normal. `reclassified`: it was something else. */
export const RESOLUTIONS = ["recovered", "by_hand", "accepted", "reclassified", "withdrawn"] as const;
export type AlertResolution = (typeof RESOLUTIONS)[number];

/** A person's word: it was real; it was expected (a promotion, a test: its minutes are not learnt from); it was nothing. */
export const FEEDBACK = ["real", "expected", "noise"] as const;
export type Feedback = (typeof FEEDBACK)[number];

/** What is told of an alert, and may change while it is open. */
export interface Told {
  readonly severity: AlertSeverity;
  /** The literal number. */
  readonly value: number;
  readonly summary: string;
  /** What it is about: webhooks, payments, revenue, ingest, … */
  readonly subject: string;
  /** One line in words. */
  readonly title: string;
  readonly details: readonly string[];
  /** What to do first. */
  readonly todo: readonly string[];
  readonly stake: Stake | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly evidence: AlertEvidence | null;
  /** When the trouble began as far as can be told, ms UTC; null: when it was first seen. */
  readonly startedAt: number | null;
}

/** An alert as it was or is: one incident of one rule. Times in ms UTC. */
export interface Alert extends Told {
  readonly id: number;
  /** Its identity: a rule, or a rule and a scope. At most one of it is open. */
  readonly key: string;
  readonly rule: string;
  readonly state: AlertState;
  readonly openedAt: number;
  readonly firedAt: number | null;
  readonly recoveringAt: number | null;
  readonly resolvedAt: number | null;
  readonly resolution: AlertResolution | null;
  readonly acknowledged: { readonly by: string; readonly at: number; readonly note: string | null } | null;
  readonly health: RuleHealth;
  readonly feedback: Feedback | null;
  /** A drill: made up, and marked so wherever it goes. */
  readonly drill: boolean;
}
