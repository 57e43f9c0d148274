import type { Kind, Sensitivity, SpecialDay } from "./detection/index.ts";

/** Which of the two parts of a rule decide: what was learnt, the plain threshold, or both at once. */
export const MODES = ["adaptive", "threshold", "both_must_agree"] as const;
export type Mode = (typeof MODES)[number];

/** What a mode is chosen for: the three literal rules, and the adaptive ones about the same thing. */
export type RuleGroup = "webhooks" | "payments" | "revenue";

export interface QuietHours {
  /** Minutes of the local day; `untilMinute` not included. From later than until passes midnight. */
  readonly fromMinute: number;
  readonly untilMinute: number;
}

/** A stretch of planned work: nothing is judged, nothing learnt. ms UTC, half-open. */
export interface Maintenance {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface AlertSettings {
  readonly modes: Readonly<Record<RuleGroup, Mode>>;
  readonly sensitivity: Sensitivity;
  /** Share of the expected volume missing that counts as a dip. */
  readonly drop: number;
  /** A rate of failed payments says nothing below so many attempts. */
  readonly minimumAttempts: number;
  /** In them a WARNING does not begin; what still holds afterwards does then. */
  readonly quietHours: readonly QuietHours[];
  /** Rules by name that are switched off. */
  readonly off: ReadonlySet<string>;
  /** Countries (`DE`, `US`, `DE-BY`) whose public holidays are expected to be quiet. */
  readonly holidays: readonly string[];
  readonly days: readonly SpecialDay[];
  readonly maintenance: readonly Maintenance[];
}

export const DEFAULT_SETTINGS: AlertSettings = {
  modes: { webhooks: "adaptive", payments: "adaptive", revenue: "adaptive" },
  sensitivity: "normal",
  drop: 0.3,
  minimumAttempts: 0,
  quietHours: [],
  off: new Set(),
  holidays: [],
  days: [],
  maintenance: [],
};

/** Kinds of adaptive alerts, and the group whose mode decides over them; null: always adaptive, for no literal rule is about them. */
export const KIND_GROUPS: Readonly<Record<Kind, RuleGroup | null>> = {
  silent_checkout: "revenue",
  fewer_attempts: "revenue",
  cheaper_sales: "revenue",
  failure_rate: "payments",
  slice_failing: "payments",
  card_testing: null,
  webhooks_failing: "webhooks",
  webhooks_silent: null,
  revenue_spike: null,
  refund_surge: null,
  dispute_surge: null,
};

export const LITERAL_RULES = ["webhook_failures", "payment_errors", "revenue_dip"] as const;
export const INGEST_RULE = "ingest_silent";
/** How the keys of what detectors tell of begin. */
export const ADAPTIVE = "adaptive:";
/** Every rule that can be switched off by name. */
export const RULE_NAMES: readonly string[] = [...LITERAL_RULES, ...Object.keys(KIND_GROUPS), INGEST_RULE];

/** @param local minutes since local midnight. */
export function isQuiet(hours: readonly QuietHours[], local: number): boolean {
  return hours.some(({ fromMinute, untilMinute }) => (fromMinute <= untilMinute ? local >= fromMinute && local < untilMinute : local >= fromMinute || local < untilMinute));
}

/** Minutes since midnight by the merchant's clock. @param timeZone IANA name. */
export function localMinute(nowMs: number, timeZone: string): number {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
  return hour * 60 + minute;
}
