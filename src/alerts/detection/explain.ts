// The sentences of DETECTION §7, built from the numbers of the test that fired.

import type { Alert, Evidence } from "./alert.ts";
import { failureQuantile } from "./beta-binomial.ts";
import type { FailureFinding } from "./failing.ts";
import { countQuantile } from "./negative-binomial.ts";
import type { SaleFinding } from "./sale.ts";
import { CAUSE } from "./slices.ts";
import type { VolumeFinding } from "./volume.ts";
import { localClock, weekday } from "./zone.ts";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** "12 minutes", "3 hours", "2 days". */
export function span(minutes: number): string {
  const [value, unit] = minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  const rounded = Math.round(value * 10) / 10;
  return `${rounded} ${unit}${rounded === 1 ? "" : "s"}`;
}

export function money(minor: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code", maximumSignificantDigits: 3 });
    const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(minor / 10 ** digits).replace(/\s+/g, " ");
  } catch {
    return `${currency} ${Math.round(minor / 100)}`;
  }
}

const percent = (share: number): string => (share < 0.095 ? `${Math.round(share * 1000) / 10} %` : `${Math.round(share * 100)} %`);

function usually(local: number, minutes: number): string {
  if (minutes >= 1440) return `last ${span(minutes)}`;
  const from = local - minutes * 60;
  return `usual ${WEEKDAYS[weekday(from)] ?? ""} ${localClock(from)}-${localClock(local)}`;
}

export function volumeEvidence(finding: VolumeFinding): Evidence {
  return {
    windowMinutes: finding.window, seen: finding.seen, of: null, expected: finding.expected,
    low: countQuantile(0.05, finding.expected, finding.phi), high: countQuantile(0.95, finding.expected, finding.phi),
    probability: finding.probability, alpha: finding.alpha,
  };
}

/** `local` is the end of the window in local seconds. */
export function explainDip(evidence: Evidence, local: number, lossMinor: number | null, currency: string): string {
  const below = Math.round((1 - evidence.seen / evidence.expected) * 100);
  const what = evidence.seen === 0 ? `No payment attempt in ${span(evidence.windowMinutes)}` : `${below} % fewer payment attempts than the ${usually(local, evidence.windowMinutes)}`;
  return `${what}: expected ${evidence.low}-${evidence.high}, got ${evidence.seen}.${lossText(lossMinor, currency, "not taken")}`;
}

export function explainSales(finding: SaleFinding, currency: string): string {
  return `The count of sales is normal, the mean sale is ${money(finding.meanSale, currency)} instead of ${money(finding.usualSale, currency)} (last ${finding.sales} sales).`;
}

export function failureEvidence(finding: FailureFinding): Evidence {
  const quantile = (q: number): number => failureQuantile(q, finding.tries, Math.min(0.99, finding.usual), finding.weight);
  return {
    windowMinutes: finding.window, seen: finding.failed, of: finding.tries, expected: finding.usual * finding.tries,
    low: quantile(0.05), high: quantile(0.95), probability: finding.probability, alpha: finding.alpha,
  };
}

/** Why payments fail, in words, and what to do first; the values of the dimension "cause". */
const CAUSES: Readonly<Record<string, { readonly failed: string; readonly advice: string }>> = {
  customer: {
    failed: "were declined by the customer's bank or for wrong card data",
    advice: "Look at the most frequent decline codes and issuers; a form that sends wrong data, or one bank's trouble, shows here.",
  },
  risk: { failed: "were blocked as a risk", advice: "Look at the Radar rules changed since it began, and whether real customers are blocked or an attack is held off." },
  technical: { failed: "failed for technical reasons", advice: "Look at the last deploy, the API errors in Stripe's dashboard and status.stripe.com: customers cannot mend this." },
};
const causeOf = (scope: Alert["scope"]): (typeof CAUSES)[string] | undefined => (scope?.dimension === CAUSE ? CAUSES[scope.value] : undefined);

/** Advice that fits a cause better than its kind's, or undefined. */
export const causeAdvice = (scope: Alert["scope"]): string | undefined => causeOf(scope)?.advice;

function usualShare(evidence: Evidence): string {
  const of = Math.max(1, evidence.of ?? 1);
  const low = evidence.low / of;
  const high = evidence.high / of;
  return low === high ? `usual ${percent(evidence.expected / of)}` : `usual ${percent(low).replace(" %", "")}-${percent(high)}`;
}

export function explainFailures(evidence: Evidence, scope: Alert["scope"], others: string | null, lossMinor: number | null, currency: string): string {
  const rate = percent(evidence.seen / Math.max(1, evidence.of ?? 1));
  const cause = causeOf(scope);
  const head = scope === null || cause !== undefined ? "" : `${scope.dimension.replace(/^card_/, "").replace(/^\w/, (letter) => letter.toUpperCase())} ${scope.value}: `;
  const tail = others === null ? "" : ` ${others}`;
  return `${head}${evidence.seen} of ${evidence.of} payments ${cause?.failed ?? "failed"} in ${span(evidence.windowMinutes)} (${rate}, ${usualShare(evidence)}).${tail}${lossText(lossMinor, currency, "not collected")}`;
}

export function explainCardTesting(evidence: Evidence, attempts: number, expected: number): string {
  return (
    `${attempts} payment attempts in ${span(evidence.windowMinutes)} instead of about ${Math.round(expected)}, and ${evidence.seen} of them failed ` +
    `(${percent(evidence.seen / Math.max(1, evidence.of ?? 1))}, ${usualShare(evidence)}), while the usual sales go on: somebody is testing cards.`
  );
}

export function explainWebhooks(evidence: Evidence, endpoint: string | null, sinceLocal: number): string {
  const where = endpoint === null ? "" : `Endpoint ${endpoint}: `;
  return `${where}${evidence.seen} of ${evidence.of} deliveries failed in ${span(evidence.windowMinutes)} (${usualShare(evidence)}), since ${localClock(sinceLocal)}. Stripe retries for up to 3 days.`;
}

export function explainSilentWebhooks(evidence: Evidence, attempts: number): string {
  return `${evidence.seen === 0 ? "No" : evidence.seen} webhook deliveries in ${span(evidence.windowMinutes)} although ${attempts} payments were attempted; usual are ${evidence.low}-${evidence.high}.`;
}

export function explainSurge(noun: string, evidence: Evidence, lossMinor: number | null, currency: string): string {
  return `${evidence.seen} ${noun} in ${span(evidence.windowMinutes)}; usual are ${evidence.low}-${evidence.high}.${lossText(lossMinor, currency, "more than usual at the mean sale")}`;
}

function lossText(lossMinor: number | null, currency: string, verb: string): string {
  return lossMinor === null || lossMinor < 1 ? "" : ` About ${money(lossMinor, currency)} ${verb} so far.`;
}
