import { sumBy } from "../../metrics/index.ts";
import { asCurrency, minor, moneyText } from "../../money/index.ts";
import { MINUTE_MS, type Tx } from "../../platform/index.ts";
import type { AlertEvidence, EvidenceBand, Stake } from "../alert.ts";
import type { Case } from "../case.ts";
import type { Alert as Detected, Detector, Metric, Resolution } from "../detection/index.ts";
import type { LifeRule } from "../lifecycle.ts";
import { ADAPTIVE } from "../settings.ts";
import type { Judged } from "../production.ts";
import type { Stream } from "./stream.ts";
import { KIND_WORDS, oddsText, titleOf } from "./words.ts";

/** The detector itself sees to it that one incident is one alert; a second hysteresis would only be late. */
const LIFE: LifeRule = { pendingMs: 0, recoveryMs: 0 };

/** Identity of the alert of one metric of one stream. */
export function keyOf(stream: Stream, metric: Metric): string {
  return `${ADAPTIVE}${metric}${stream.name === "all" ? "" : `:${stream.name}`}`;
}

export interface Drawn {
  readonly tx: Tx;
  readonly live: boolean;
  readonly timeZone: string;
}

const STEPS = 60;

/** What was expected around the moment it fired, for as long after it as before. */
function bandOf(alert: Detected, detector: Detector): EvidenceBand | null {
  const measure = KIND_WORDS[alert.kind].measure;
  if (measure !== "attempts" && measure !== "failed") return null;
  const windowMinutes = Math.min(1440, Math.max(30, alert.evidence.windowMinutes));
  const stepMinutes = Math.max(1, Math.ceil((4 * windowMinutes) / STEPS));
  const fromMs = Math.floor((alert.firedAt - 2 * windowMinutes * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  const steps = detector.expected(fromMs, stepMinutes, STEPS);
  if (steps === null || alert.scope !== null) return null;
  const failed = measure === "failed";
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    fromMs,
    stepMs: stepMinutes * MINUTE_MS,
    expected: steps.map((step) => round(failed ? step.failed : step.attempts)),
    low: steps.map(({ low }) => (failed ? 0 : low)),
    high: steps.map((step) => (failed ? round(step.failed + 1.645 * Math.sqrt(step.failed + 0.02 * step.failed * step.failed)) : step.high)),
  };
}

function evidenceOf(alert: Detected, stream: Stream, detector: Detector): AlertEvidence {
  const { windowMinutes, seen, of, expected, low, high, probability } = alert.evidence;
  return {
    measure: KIND_WORDS[alert.kind].measure,
    fromMs: alert.firedAt - windowMinutes * MINUTE_MS,
    untilMs: alert.firedAt,
    seen,
    of,
    expected,
    low,
    high,
    probability,
    threshold: null,
    scope: alert.scope ?? (stream.name === "all" ? null : { dimension: "currency", value: stream.name }),
    band: bandOf(alert, detector),
    events: [],
  };
}

/** Most frequent decline codes in the window, e.g. `processing_error 31, do_not_honor 4`. */
async function declineCodes({ tx, live }: Drawn, fromMs: number, untilMs: number): Promise<string | null> {
  const codes = [...(await sumBy(tx, "cause", { fromMs, toMs: untilMs, live }))].map(([code, { attempts }]) => ({ code, attempts })).filter(({ attempts }) => attempts > 0);
  if (codes.length === 0) return null;
  codes.sort((a, b) => b.attempts - a.attempts);
  return codes.slice(0, 3).map(({ code, attempts }) => `${code} ${attempts}`).join(", ");
}

const MEAN_SALE_DAYS_MS = 7 * 24 * 60 * MINUTE_MS;

/** What was not collected, per currency: failures above the usual, each worth the usual sale of the last week. Amounts of different currencies are never added. */
async function notCollected({ tx, live }: Drawn, alert: Detected, untilMs: number): Promise<Stake[]> {
  const failures = await sumBy(tx, "currency", { fromMs: alert.startedAt, toMs: untilMs, live });
  const usual = alert.evidence.of === null ? 0 : alert.evidence.expected / Math.max(1, alert.evidence.of);
  const week = await sumBy(tx, "currency", { fromMs: alert.startedAt - MEAN_SALE_DAYS_MS, toMs: alert.startedAt, live });
  const stakes: Stake[] = [];
  for (const [currency, { failed, attempts }] of failures) {
    const sales = week.get(currency);
    if (sales === undefined || sales.captures === 0) continue;
    const missing = Math.round(Math.max(0, failed - usual * attempts) * (sales.gross / sales.captures));
    if (missing > 0) stakes.push({ currency, minor: missing });
  }
  return stakes.sort((a, b) => b.minor - a.minor);
}

/** What is at stake: in a shop of one currency the detector knows it; where payments of several are counted together it is told per currency. */
async function stakesOf(drawn: Drawn, alert: Detected, stream: Stream, untilMs: number): Promise<Stake[]> {
  if (stream.currency !== null) return alert.lossMinor === null || alert.lossMinor < 1 ? [] : [{ currency: stream.currency, minor: Math.round(alert.lossMinor) }];
  return alert.metric === "payment_error" ? await notCollected(drawn, alert, untilMs) : [];
}

function money({ currency, minor: amount }: Stake): string {
  const code = asCurrency(currency);
  return code === null ? `${amount} ${currency}` : moneyText(minor(amount), code);
}

function localTime(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }).format(ms);
}

/** The case of an alert that a detector holds open. */
export async function caseOfDetected(drawn: Drawn, alert: Detected, stream: Stream, detector: Detector, untilMs: number): Promise<Case> {
  const words = KIND_WORDS[alert.kind];
  const own = stream.name === "all" ? null : stream.name;
  const evidence = evidenceOf(alert, stream, detector);
  const stakes = await stakesOf(drawn, alert, stream, untilMs);
  const codes = words.subject === "payments" ? await declineCodes(drawn, alert.startedAt, untilMs) : null;
  const { of, seen, low, high, windowMinutes, probability } = alert.evidence;
  const round = (value: number): number => Math.round(value * 10) / 10;
  const details = [
    `Began about ${localTime(alert.startedAt, drawn.timeZone)}; judged over ${windowMinutes} minutes until ${localTime(alert.firedAt, drawn.timeZone)}.`,
    words.measure === "mean_sale" ? `Seen in ${of ?? 0} sales.` : `Seen ${seen}${of === null ? "" : ` of ${of}`}; usual are ${round(low)} to ${round(high)}; ${oddsText(probability)}.`,
    ...(codes === null ? [] : [`Most frequent: ${codes}.`]),
    ...(stakes.length === 0 ? [] : [`Not collected so far: about ${stakes.map(money).join(" and ")}.`]),
  ];
  const judged: Judged = {
    value: of === null || words.measure === "mean_sale" ? seen : seen / Math.max(1, of),
    summary: alert.why,
    verdict: { kind: "breach", severity: alert.severity },
    subject: words.subject,
    title: titleOf(alert, own),
    details,
    todo: words.todo,
    stake: stakes[0] ?? null,
    labels: { kind: alert.kind, ...(stream.currency === null ? {} : { currency: stream.currency }), ...(alert.scope === null ? {} : { [alert.scope.dimension]: alert.scope.value }) },
    evidence,
    startedAt: alert.startedAt,
  };
  return { key: keyOf(stream, alert.metric), rule: alert.kind, life: LIFE, judged, finding: "breach", health: "ok", words: {} };
}

const ENDED: Readonly<Record<Resolution, string>> = {
  recovered: "back to what is usual",
  accepted: "it has been so for six days and is taken for the new normal",
  reclassified: "it is something else: see the alert that opened beside it",
  dismissed: "dismissed",
};

/** The case of a metric that is well, or is judged no more. */
export function wellCase(key: string, ended: Resolution | "withdrawn" | undefined): Case {
  const summary = ended === "withdrawn" ? "this is not judged any more, or looks different with all events in" : ENDED[ended ?? "recovered"];
  const rule = key.slice(ADAPTIVE.length);
  const one: Case = { key, rule, life: LIFE, judged: { value: 0, summary, verdict: { kind: "ok" } }, finding: "well", health: "ok", words: {} };
  return ended === "withdrawn" || ended === "accepted" || ended === "reclassified" ? { ...one, resolution: ended } : one;
}
