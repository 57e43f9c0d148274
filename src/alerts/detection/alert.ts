/** The four of the file format first; the rest only where the data or the configuration asks for them. */
export type Metric =
  | "revenue_dip" | "payment_error" | "webhook_failure" | "card_testing"
  | "revenue_spike" | "refund_surge" | "dispute_surge";

export type Kind =
  | "silent_checkout" | "fewer_attempts" | "cheaper_sales"
  | "failure_rate" | "slice_failing" | "card_testing"
  | "webhooks_failing" | "webhooks_silent"
  | "revenue_spike" | "refund_surge" | "dispute_surge";

export type Severity = "CRITICAL" | "WARNING";

/** How it ended: over; held so long that it is taken for the new normal; found to be something else (the other alert is open); the user said so. */
export type Resolution = "recovered" | "accepted" | "reclassified" | "dismissed";

/** The numbers of the test that fired. Counts are of payments, sales or deliveries, as the kind says. */
export interface Evidence {
  readonly windowMinutes: number;
  readonly seen: number;
  /** Out of how many; null for a count on its own. */
  readonly of: number | null;
  readonly expected: number;
  /** 5 % and 95 % points of what is usual. */
  readonly low: number;
  readonly high: number;
  /** How often chance alone gives this in one such window, and how seldom it must be. */
  readonly probability: number;
  readonly alpha: number;
}

export interface Alert {
  /** Metric and time of firing: the same stream gives the same id, also after a restart. */
  readonly id: string;
  readonly metric: Metric;
  readonly kind: Kind;
  readonly severity: Severity;
  /** One brand, country, method or cause; null for all. */
  readonly scope: { readonly dimension: string; readonly value: string } | null;
  /** Milliseconds UTC: when the trouble began, when the alert opened, when it ended. */
  readonly startedAt: number;
  readonly firedAt: number;
  readonly resolvedAt: number | null;
  readonly resolution: Resolution | null;
  readonly why: string;
  /** What to check first. */
  readonly advice: string;
  readonly evidence: Evidence;
  /** Revenue not taken so far, minor units; null where it cannot be said. */
  readonly lossMinor: number | null;
  /** Id of an alert that was open when this one opened: one incident, one thread. */
  readonly thread: string | null;
}

export type Transition =
  | { readonly kind: "opened"; readonly alert: Alert }
  | { readonly kind: "updated"; readonly alert: Alert; readonly reason: "worse" | "scope" }
  | { readonly kind: "resolved"; readonly alert: Alert };

export const ADVICE: Readonly<Record<Kind, string>> = {
  silent_checkout: "Open the checkout and pay once yourself; look at the last deploy, the site's own status and status.stripe.com.",
  fewer_attempts: "Compare devices, countries and payment methods in the checkout funnel; look at the last deploy and at campaigns that ended.",
  cheaper_sales: "Check prices, currency, discounts and coupon rules changed since it began.",
  failure_rate: "Look at the most frequent decline codes and at status.stripe.com; a change of the integration shows as technical failures.",
  slice_failing: "Only this part fails: check its payment method settings and the issuer's or network's status, and offer another method meanwhile.",
  card_testing: "Turn on Radar's card testing rules and a CAPTCHA, rate-limit the checkout, and refund the tests that succeeded.",
  webhooks_failing: "Look at the endpoint's own log since it began. Stripe retries for up to three days; missed events can be replayed.",
  webhooks_silent: "Payments go on but their events do not arrive: check the endpoint in Stripe's dashboard (disabled, wrong URL).",
  revenue_spike: "If this is a promotion, mark it so that it is not learnt; if not, look for double charges.",
  refund_surge: "Look who refunds and which product: a faulty batch, a double charge, or an account taken over.",
  dispute_surge: "Look at the reasons of the newest disputes; a fraud wave needs rules in Radar now, before more arrive.",
};
