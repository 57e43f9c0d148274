import { localDays, series, sumBy, sumWindow } from "../metrics/index.ts";
import { MINUTE_MS, type Tx } from "../platform/index.ts";
import type { ExpectedStep, Outlook } from "./detection/index.ts";
import type { Scope } from "./inputs.ts";
import { readUsualDays, readUsualNow, type UsualNow } from "./usual.ts";

export const METRICS = ["revenue", "attempts", "success_rate"] as const;
export type ExpectedMetric = (typeof METRICS)[number];

/** `learning`: too little is known; `unfollowed`: nobody has followed the minutes for a while (a node is starting). */
export const POSITIONS = ["usual", "below", "above", "learning", "unfollowed"] as const;
export type Position = (typeof POSITIONS)[number];

/** What a band rests on: the shop's own weeks; the first days (or hours) alone, which is a guess; nothing. */
export const BASES = ["learnt", "guess", "none"] as const;
export type Basis = (typeof BASES)[number];

/** Something seen beside what is usual. Amounts in minor units, rates as fractions. Null: not known (to come, or not learnt). */
export interface Beside {
  readonly seen: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface ExpectationStep extends Beside {
  readonly at: number;
}

export interface Expectation {
  readonly metric: ExpectedMetric;
  /** Null for all currencies together (attempts and rates alone). */
  readonly currency: string | null;
  readonly timeZone: string;
  readonly stepMs: number;
  readonly learningDaysLeft: number | null;
  readonly basis: Basis;
  /** Until when minutes are counted here. */
  readonly untilMs: number;
  /** Today so far. */
  readonly now: Beside & { readonly position: Position };
  readonly today: readonly ExpectationStep[];
  readonly yesterday: readonly ExpectationStep[];
}

interface Counted {
  readonly seen: number;
  readonly of: number;
}

const STEP_MS = 10 * MINUTE_MS;
const LEARNING_DAYS = 14;

/** Which followed stream tells of a currency; `all` for none. Null when it is not followed. */
function streamOf(usual: UsualNow | null, currency: string | null): string | null {
  if (usual === null) return null;
  if (currency === null) return "all" in usual.currencies ? "all" : null;
  return Object.entries(usual.currencies).find(([, of]) => of === currency)?.[0] ?? null;
}

function countOf(metric: ExpectedMetric, measures: { readonly attempts: number; readonly succeeded: number; readonly gross: number }): Counted {
  switch (metric) {
    case "revenue":
      return { seen: measures.gross, of: 0 };
    case "attempts":
      return { seen: measures.attempts, of: 0 };
    case "success_rate":
      return { seen: measures.succeeded, of: measures.attempts };
  }
}

/** A rate has no value where nothing was tried. */
function valueOf(metric: ExpectedMetric, { seen, of }: Counted): number | null {
  return metric === "success_rate" ? (of === 0 ? null : seen / of) : seen;
}

/** Declines of a step vary as a share of that many attempts do: 5 % and 95 % points by the normal approximation, within 0 and 1. */
function rateBand({ attempts, failed }: ExpectedStep): Omit<Beside, "seen"> {
  if (attempts <= 0) return { expected: null, low: null, high: null };
  const rate = 1 - failed / attempts;
  const spread = 1.645 * Math.sqrt((rate * (1 - rate)) / attempts + 0.0004);
  return { expected: rate, low: Math.max(0, rate - spread), high: Math.min(1, rate + spread) };
}

function bandOf(metric: ExpectedMetric, step: ExpectedStep | undefined): Omit<Beside, "seen"> {
  if (step === undefined) return { expected: null, low: null, high: null };
  switch (metric) {
    case "revenue":
      return { expected: step.takings, low: step.takingsLow, high: step.takingsHigh };
    case "attempts":
      return { expected: Math.round(step.attempts * 10) / 10, low: step.low, high: step.high };
    case "success_rate":
      return rateBand(step);
  }
}

async function stepsSeen(tx: Tx, scope: Scope, metric: ExpectedMetric, currency: string | null, fromMs: number, untilMs: number): Promise<Map<number, Counted>> {
  const found = new Map<number, Counted>();
  const buckets = await series(tx, "minute", currency === null ? "all" : "currency", { fromMs, toMs: untilMs, live: scope.live }, currency ?? undefined);
  for (const { startMs, measures } of buckets) {
    const step = Math.floor((startMs - fromMs) / STEP_MS);
    const before = found.get(step) ?? { seen: 0, of: 0 };
    const counted = countOf(metric, measures);
    found.set(step, { seen: before.seen + counted.seen, of: before.of + counted.of });
  }
  return found;
}

function positionOf({ seen, low, high }: Beside, usual: UsualNow | null): Position {
  if (usual === null) return "unfollowed";
  if (usual.learningDaysLeft > 0 || low === null || high === null) return "learning";
  return seen === null ? "usual" : seen < low ? "below" : seen > high ? "above" : "usual";
}

/**
 * What was seen today and yesterday beside what is usual, in steps of ten minutes.
 *
 * @param currency lower case; null for all payments together, which revenue cannot be asked for.
 */
export async function expectation(tx: Tx, scope: Scope, metric: ExpectedMetric, currency: string | null, nowMs: number): Promise<Expectation> {
  const usual = await readUsualNow(tx, nowMs);
  const stream = streamOf(usual, currency);
  const dayOf = localDays(scope.timeZone);
  const today = dayOf(nowMs);
  const yesterday = dayOf(today.startMs - 1);
  const days = stream === null ? null : await readUsualDays(tx, stream, nowMs);
  const known = new Map((days?.steps ?? []).map((step) => [step.fromMs, step]));
  const untilMs = usual?.judgedUntil ?? Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const seen = await stepsSeen(tx, scope, metric, currency, yesterday.startMs, nowMs);
  const steps = ({ startMs, endMs }: { startMs: number; endMs: number }): ExpectationStep[] => {
    const out: ExpectationStep[] = [];
    for (let at = startMs; at < endMs; at += STEP_MS) {
      const counted = at > nowMs ? null : (seen.get(Math.floor((at - yesterday.startMs) / STEP_MS)) ?? { seen: 0, of: 0 });
      out.push({ at, seen: counted === null ? null : valueOf(metric, counted), ...bandOf(metric, known.get(at)) });
    }
    return out;
  };
  const window = { fromMs: today.startMs, toMs: untilMs, live: scope.live };
  const measures = currency === null ? await sumWindow(tx, window) : (await sumBy(tx, "currency", window)).get(currency);
  const soFar: Beside = {
    seen: valueOf(metric, measures === undefined ? { seen: 0, of: 0 } : countOf(metric, measures)),
    ...bandOf(metric, stream === null ? undefined : usual?.today[stream]),
  };
  return {
    metric,
    currency,
    timeZone: scope.timeZone,
    stepMs: STEP_MS,
    learningDaysLeft: usual?.learningDaysLeft ?? null,
    basis: usual === null || soFar.high === null ? "none" : usual.learningDaysLeft > 0 ? "guess" : "learnt",
    untilMs,
    now: { ...soFar, position: positionOf(soFar, usual) },
    today: steps(today),
    yesterday: steps(yesterday),
  };
}

export interface OutlookNow {
  readonly learningDaysLeft: number | null;
  readonly judgedUntil: number | null;
  readonly streams: readonly (Outlook & { readonly name: string; readonly currency: string | null; readonly text: string })[];
  readonly text: string;
}

/** "12 minutes", "3 hours", "2 days". */
function spanText(minutes: number): string {
  const [value, unit] = minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  const rounded = Math.round(value * 10) / 10;
  return `${rounded} ${unit}${rounded === 1 ? "" : "s"}`;
}

/** What can be seen at this volume, in words. */
export function outlookText({ attemptsADay, learningDaysLeft, deadMinutes, halvedMinutes }: Outlook): string {
  const learning = learningDaysLeft > 0 ? `Learning: ${learningDaysLeft} day${learningDaysLeft === 1 ? "" : "s"} left. ` : "";
  if (attemptsADay < 1) return `${learning}Too few payments yet to say how soon trouble would be noticed.`;
  const volume = `${Math.round(attemptsADay).toLocaleString("en-US")} payment attempts a day`;
  const dead = deadMinutes === null ? "a dead checkout cannot be told from chance" : `a dead checkout is noticed in about ${spanText(deadMinutes)}`;
  const halved = halvedMinutes === null ? "a halved one cannot be told from chance within days" : `a halved one in about ${spanText(halvedMinutes)}`;
  return `${learning}At ${volume} ${dead}, ${halved}.`;
}

export async function outlookNow(tx: Tx, nowMs: number): Promise<OutlookNow> {
  const usual = await readUsualNow(tx, nowMs);
  if (usual === null) return { learningDaysLeft: null, judgedUntil: null, streams: [], text: `Nobody follows the minutes just now: the service is starting, or learns from the history. At most ${LEARNING_DAYS} days of history are needed.` };
  const streams = Object.entries(usual.outlook).map(([name, outlook]) => ({ ...outlook, name, currency: usual.currencies[name] ?? null, text: outlookText(outlook) }));
  return { learningDaysLeft: usual.learningDaysLeft, judgedUntil: usual.judgedUntil, streams, text: streams[0]?.text ?? "" };
}
