import type { Alert as Detected, Kind } from "../detection/index.ts";

/** What adaptive rules are about, and what to do first; the sentence with the numbers comes from the detector. */
interface KindWords {
  readonly subject: "payments" | "revenue" | "webhooks" | "refunds" | "disputes";
  /** What is counted in the evidence. */
  readonly measure: string;
  readonly title: string;
  readonly todo: readonly string[];
}

const CHECKOUT = "Open the checkout and pay once yourself.";
const STRIPE_STATUS = "Look at status.stripe.com and at the last deploy.";

export const KIND_WORDS: Readonly<Record<Kind, KindWords>> = {
  silent_checkout: { subject: "revenue", measure: "attempts", title: "No payments come in", todo: [CHECKOUT, STRIPE_STATUS, "Look whether the site itself answers."] },
  fewer_attempts: { subject: "revenue", measure: "attempts", title: "Fewer payments than usual", todo: [CHECKOUT, "Compare devices, countries and payment methods: one of them may be missing.", "Look at the last deploy, and at campaigns that ended."] },
  cheaper_sales: { subject: "revenue", measure: "mean_sale", title: "Sales are smaller than usual", todo: ["Check prices, currency, discounts and coupons changed since it began.", "Look at the newest payments: GET /api/payments?status=succeeded."] },
  failure_rate: { subject: "payments", measure: "failed", title: "Payments fail more than usual", todo: ["Look at the most frequent decline codes: GET /api/payments?status=failed.", STRIPE_STATUS] },
  slice_failing: { subject: "payments", measure: "failed", title: "Some payments fail", todo: ["Only this part fails: check its payment method settings, and the status of its network or bank.", "Offer another method meanwhile."] },
  card_testing: { subject: "payments", measure: "failed", title: "Somebody is testing cards", todo: ["Turn on Radar's rules against card testing and a CAPTCHA, and limit the rate of the checkout.", "Refund the tests that succeeded before they become disputes."] },
  webhooks_failing: { subject: "webhooks", measure: "webhooks_failed", title: "Webhook deliveries fail", todo: ["See which and why: GET /api/deliveries?outcome=failed, and the service's log.", "Stripe tries again for up to three days; what does not come is recovered by the sweep."] },
  webhooks_silent: { subject: "webhooks", measure: "webhooks", title: "Webhooks have gone silent", todo: ["Payments go on, but their events do not arrive: see at Stripe whether the endpoint is disabled or its address changed.", "`tillwatch setup webhook` makes or mends it; the sweep recovers what was missed."] },
  revenue_spike: { subject: "revenue", measure: "attempts", title: "Far more payments than usual", todo: ["If it is a promotion, mark the alert as expected, so that it is not learnt.", "If it is not, look for double charges."] },
  refund_surge: { subject: "refunds", measure: "refunds", title: "Far more refunds than usual", todo: ["See who refunds and what: GET /api/operations and GET /api/payments/events?type=charge.refunded.", "A faulty product, a double charge, or an account taken over look like this."] },
  dispute_surge: { subject: "disputes", measure: "disputes", title: "Far more disputes than usual", todo: ["Look at the reasons of the newest disputes: GET /api/payments/events?type=charge.dispute.created.", "A wave of fraud needs rules in Radar now, before more arrive."] },
};

const NAMES: Readonly<Record<string, (value: string) => string>> = {
  card_brand: (value) => `${value.charAt(0).toUpperCase()}${value.slice(1)} cards`,
  card_country: (value) => `cards from ${value}`,
  payment_method: (value) => `payments by ${value.replaceAll("_", " ")}`,
  currency: (value) => `payments in ${value.toUpperCase()}`,
  cause: (value) => ({ customer: "declines by the banks", risk: "payments blocked as too risky", technical: "technical failures" })[value] ?? value,
};

/** One line in words. @param currency of a stream that is one currency among several. */
export function titleOf({ kind, scope }: Pick<Detected, "kind" | "scope">, currency: string | null): string {
  const { title } = KIND_WORDS[kind];
  const where = currency === null ? "" : ` in ${currency.toUpperCase()}`;
  if (scope === null) return `${title}${where}`;
  const what = NAMES[scope.dimension]?.(scope.value) ?? `${scope.dimension} ${scope.value}`;
  return scope.dimension === "cause" ? `More ${what} than usual${where}` : `${what.charAt(0).toUpperCase()}${what.slice(1)} fail${where}`;
}

/** "once in about 4,000,000 such windows"; probabilities smaller than any history are not written out. */
export function oddsText(probability: number): string {
  if (probability <= 0 || probability < 1e-12) return "by chance practically never";
  const times = 10 ** Math.round(Math.log10(1 / probability));
  return `by chance about once in ${times.toLocaleString("en-US")} such windows`;
}
