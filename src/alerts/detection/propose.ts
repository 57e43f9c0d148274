// From findings to alerts: which metric, how severe, in which words.

import type { Alert, Metric, Transition } from "./alert.ts";
import {
  explainCardTesting, explainDip, explainFailures, explainSales, explainSilentWebhooks, explainSurge, explainWebhooks, failureEvidence, volumeEvidence,
} from "./explain.ts";
import type { FailureFinding } from "./failing.ts";
import {
  type CountFinding, type JudgeOptions, judgePayments, judgeSales, judgeSlices, judgeSurge, judgeVolume, judgeWebhooks, judgeWebhookSilence,
  looksLikeCardTesting, type Surge,
} from "./judge.ts";
import { dipIsHabit, openAlert, type Proposal, resolveAlert, updateAlert } from "./life.ts";
import { between, endOf, onset } from "./series.ts";
import { CAUSE, type SliceFinding } from "./slices.ts";
import type { DetectorState } from "./state.ts";

export interface VerdictOptions extends JudgeOptions {
  readonly currency: string;
  readonly endpoint: string | null;
  readonly metrics: ReadonlySet<Metric>;
}

/** Error excess of 20 points, deliveries failing by half, less than 40 % of the volume: CRITICAL. DETECTION §6. */
const CRITICAL_EXCESS = 0.2;
const CRITICAL_WEBHOOKS = 0.5;
const CRITICAL_VOLUME = 0.4;

export function proposeAlerts(state: DetectorState, options: VerdictOptions, out: Transition[]): void {
  proposePaymentAlerts(state, options, out);
  const { metrics } = options;
  if (metrics.has("revenue_dip")) proposeDip(state, options, out);
  if (metrics.has("webhook_failure") && state.open.webhook_failure === undefined) proposeWebhooks(state, options, out);
  for (const surge of ["revenue_spike", "refund_surge", "dispute_surge"] as const) {
    if (metrics.has(surge) && state.open[surge] === undefined) proposeSurge(state, surge, options, out);
  }
}

const localEnd = (state: DetectorState): number => endOf(state.series, state.series.count) + (state.span?.offset ?? 0);
const localAt = (state: DetectorState, minute: number): number => endOf(state.series, minute) + (state.span?.offset ?? 0);

// ---- payments -------------------------------------------------------------------------------------------------------

function proposePaymentAlerts(state: DetectorState, options: VerdictOptions, out: Transition[]): void {
  if (state.open.card_testing !== undefined) return;
  const open = state.open.payment_error;
  // While one is open only its turning into card testing, or growing from one slice to all, is news.
  const floor = open === undefined ? undefined : open.from;
  const whole = judgePayments(state, options, floor);
  const slices = whole === undefined || open === undefined ? judgeSlices(state, options, floor) : [];
  const slice = slices[0];
  const finding = whole ?? slice;
  if (finding === undefined) return;
  if (options.metrics.has("card_testing") && looksLikeCardTesting(state, startOfFailures(state, finding, undefined))) {
    if (open !== undefined) resolveAlert(state, "payment_error", "reclassified", out);
    openAlert(state, cardTesting(state, finding, options), out);
    return;
  }
  if (!options.metrics.has("payment_error")) return;
  const leading = slice !== undefined && (whole === undefined || slice.share > 0.6) ? slice : undefined;
  if (open === undefined) openAlert(state, paymentError(state, leading ?? finding, leading, slices, options), out);
  else if (open.alert.kind === "slice_failing" && whole !== undefined && leading === undefined) {
    const proposal = paymentError(state, whole, undefined, [], options);
    if (open.alert.severity === "WARNING" && proposal.severity === "CRITICAL") updateAlert(open, shown(proposal), "worse", out);
  } else if (open.alert.severity === "WARNING") {
    const proposal = paymentError(state, finding, leading, slices, options);
    if (proposal.severity === "CRITICAL") updateAlert(open, shown(proposal), "worse", out);
  }
}

const shown = ({ severity, why, evidence, lossMinor }: Proposal): Partial<Alert> => ({ severity, why, evidence, lossMinor });

function startOfFailures(state: DetectorState, finding: FailureFinding, slice: SliceFinding | undefined): number {
  const { sums, count: now } = state.series;
  const share = finding.usual + 0.5 * (finding.failed / finding.tries - finding.usual);
  if (slice === undefined) return onset(sums.failed, sums.attempts, share, Math.max(0, finding.from), now);
  const { tries, failed, wrap } = slice.slice;
  let best = -Infinity;
  let start = finding.from;
  for (let from = now - 1; from >= finding.from; from--) {
    const excess = (failed[now & wrap] ?? 0) - (failed[from & wrap] ?? 0) - share * ((tries[now & wrap] ?? 0) - (tries[from & wrap] ?? 0));
    if (excess > best) [best, start] = [excess, from];
  }
  return start;
}

function paymentError(state: DetectorState, finding: FailureFinding, slice: SliceFinding | undefined, slices: readonly SliceFinding[], options: VerdictOptions): Proposal {
  const evidence = failureEvidence(finding);
  const excess = finding.failed / finding.tries - finding.usual;
  const scope = slice === undefined ? null : { dimension: slice.slice.dimension, value: slice.slice.value };
  const lossMinor = Math.round((finding.failed - evidence.expected) * state.sales.store);
  const others = slice === undefined ? null : othersText(slice, slices);
  return {
    metric: "payment_error", kind: slice === undefined ? "failure_rate" : "slice_failing", severity: excess >= CRITICAL_EXCESS ? "CRITICAL" : "WARNING",
    scope, from: startOfFailures(state, finding, slice), evidence, lossMinor, usual: finding.usual, excess,
    why: explainFailures(evidence, scope, others, lossMinor, options.currency),
    sliceKey: slice === undefined ? null : `${slice.slice.dimension}.${slice.slice.value}`,
  };
}

function othersText(slice: SliceFinding, slices: readonly SliceFinding[]): string {
  const also = slices.slice(1, 4).filter((other) => other.slice.dimension === slice.slice.dimension).map((other) => other.slice.value);
  const normal = slice.slice.dimension === CAUSE ? "Other causes are normal." : "The others are normal.";
  return also.length === 0 ? normal : `Also ${also.join(", ")}.`;
}

function cardTesting(state: DetectorState, finding: FailureFinding, options: VerdictOptions): Proposal {
  const from = startOfFailures(state, finding, undefined);
  const { sums, count: now } = state.series;
  const attempts = between(sums.attempts, from, now);
  const failed = between(sums.failed, from, now);
  const usual = between(sums.expectedFailed, from, now) / Math.max(1, attempts);
  const evidence = failureEvidence({ ...finding, from, window: now - from, tries: attempts, failed, usual: Math.max(1e-5, usual) });
  return {
    metric: "card_testing", kind: "card_testing", severity: "CRITICAL", scope: null, from, evidence, lossMinor: null, usual,
    excess: failed / Math.max(1, attempts) - usual, sliceKey: null,
    why: explainCardTesting({ ...evidence, probability: finding.probability, alpha: options.budget }, attempts, between(sums.expected, from, now)),
  };
}

// ---- volume and amounts ---------------------------------------------------------------------------------------------

function proposeDip(state: DetectorState, options: VerdictOptions, out: Transition[]): void {
  const { sums, count: now } = state.series;
  const open = state.open.revenue_dip;
  if (open !== undefined && open.alert.severity === "CRITICAL") return;
  const finding = judgeVolume(state, options);
  if (finding !== undefined) {
    if (open === undefined && dipIsHabit(state)) return;
    const from = onset(sums.edge, sums.attempts, 1 / 0.75, finding.from, now);
    const evidence = volumeEvidence(finding);
    const missing = between(sums.edge, from, now) - between(sums.attempts, from, now);
    const lossMinor = Math.round(Math.max(0, missing) * (1 - (state.rates?.store ?? 0)) * state.sales.store);
    const why = explainDip(evidence, localEnd(state), lossMinor, options.currency);
    const severity = finding.seen < CRITICAL_VOLUME * finding.expected ? "CRITICAL" : "WARNING";
    const kind = finding.seen === 0 ? "silent_checkout" : "fewer_attempts";
    if (open === undefined) openAlert(state, { metric: "revenue_dip", kind, severity, scope: null, from, why, evidence, lossMinor, usual: seenShare(state, from), excess: 0, sliceKey: null }, out);
    else if (severity === "CRITICAL" && open.alert.kind !== "cheaper_sales") updateAlert(open, { severity, why, evidence, lossMinor }, "worse", out);
    return;
  }
  // Tests with stolen cards are small sales.
  if (open !== undefined || state.open.card_testing !== undefined) return;
  const cheap = judgeSales(state, options);
  if (cheap === undefined) return;
  const { from, sales, meanSale, usualSale } = cheap;
  openAlert(state, {
    metric: "revenue_dip", kind: "cheaper_sales", severity: meanSale < CRITICAL_VOLUME * usualSale ? "CRITICAL" : "WARNING", scope: null,
    from: onset(sums.expectedRevenue, sums.revenue, 1 / 0.75, from, now), why: explainSales(cheap, options.currency),
    evidence: { windowMinutes: now - from, seen: Math.round(meanSale), of: sales, expected: usualSale, low: usualSale * Math.exp(-1.645 * cheap.spread), high: usualSale * Math.exp(1.645 * cheap.spread), probability: cheap.probability, alpha: cheap.alpha },
    lossMinor: Math.round((usualSale - meanSale) * sales), usual: 1, excess: 0, sliceKey: null,
  }, out);
}

/** Share of the expected volume that is left. What fires is the worst moment of a dip: something is added, unless hardly anything is left. */
function seenShare(state: DetectorState, from: number): number {
  const { sums, count: now } = state.series;
  const share = between(sums.attempts, from, now) / Math.max(1, between(sums.edge, from, now));
  return Math.min(0.8, share < 0.15 ? share : share + 0.08);
}

// ---- deliveries and counts ------------------------------------------------------------------------------------------

function proposeWebhooks(state: DetectorState, options: VerdictOptions, out: Transition[]): void {
  const { sums, count: now } = state.series;
  const finding = judgeWebhooks(state, options);
  if (finding !== undefined) {
    const evidence = failureEvidence(finding);
    const rate = finding.failed / finding.tries;
    const from = onset(sums.webhooksFailed, sums.webhooks, rate / 2, finding.from, now);
    openAlert(state, {
      metric: "webhook_failure", kind: "webhooks_failing", severity: rate >= CRITICAL_WEBHOOKS ? "CRITICAL" : "WARNING", scope: null, from, evidence,
      why: explainWebhooks(evidence, options.endpoint, localAt(state, from)), lossMinor: null, usual: finding.usual, excess: rate - finding.usual, sliceKey: null,
    }, out);
    return;
  }
  // An attack's attempts, or an outage's, bring other events than sales do.
  if (state.open.card_testing !== undefined || state.open.payment_error !== undefined) return;
  const silence = judgeWebhookSilence(state, options);
  if (silence === undefined) return;
  const evidence = volumeEvidence(silence);
  openAlert(state, {
    metric: "webhook_failure", kind: "webhooks_silent", severity: "CRITICAL", scope: null, from: silence.from, evidence,
    why: explainSilentWebhooks(evidence, between(sums.attempts, silence.from, now)), lossMinor: null, usual: 0, excess: 1, sliceKey: null,
  }, out);
}

const SURGE_NOUNS: Readonly<Record<Surge, string>> = { revenue_spike: "payment attempts", refund_surge: "refunds", dispute_surge: "disputes" };

function proposeSurge(state: DetectorState, surge: Surge, options: VerdictOptions, out: Transition[]): void {
  const finding: CountFinding | undefined = judgeSurge(state, surge, options);
  if (finding === undefined) return;
  const evidence = volumeEvidence(finding);
  // Only counts are known: each refund and dispute is taken for a mean sale.
  const lossMinor = surge === "revenue_spike" ? null : Math.round((finding.seen - finding.expected) * state.sales.store);
  openAlert(state, {
    metric: surge, kind: surge, severity: "WARNING", scope: null, from: finding.from, evidence, why: explainSurge(SURGE_NOUNS[surge], evidence, lossMinor, options.currency),
    lossMinor, usual: 0, excess: 0, sliceKey: null,
  }, out);
}
