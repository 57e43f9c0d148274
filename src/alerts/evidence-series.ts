import { deliverySeries, type Measures, series, type SliceKind } from "../metrics/index.ts";
import { DAY_MS, MINUTE_MS, type Tx } from "../platform/index.ts";
import type { Alert, AlertEvidence } from "./alert.ts";

/** One step of what a page draws. `of` where a share is meant; the band where something is learnt. */
export interface SeriesPoint {
  readonly at: number;
  readonly seen: number;
  readonly of: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface EvidenceSeries {
  readonly stepMs: number;
  readonly points: readonly SeriesPoint[];
}

const MOST_POINTS = 120;

type Counted = { readonly at: number; readonly seen: number; readonly of: number | null };

/** Slice kinds of the buckets by the names that detection gives them. */
const SLICES: Readonly<Record<string, SliceKind>> = { currency: "currency", card_brand: "brand", card_country: "country", payment_method: "method" };

function countOf(measure: string, measures: Measures): { seen: number; of: number | null } {
  switch (measure) {
    case "failed":
      return { seen: measures.failed, of: measures.attempts };
    case "revenue":
      return { seen: measures.gross, of: null };
    case "mean_sale":
      return { seen: measures.gross, of: measures.captures };
    case "refunds":
      return { seen: measures.refunds, of: null };
    case "disputes":
      return { seen: measures.disputes, of: null };
    default:
      return { seen: measures.attempts, of: null };
  }
}

async function counts(tx: Tx, { measure, scope }: AlertEvidence, live: boolean, fromMs: number, untilMs: number, grain: "minute" | "hour"): Promise<Counted[]> {
  if (measure === "webhooks" || measure === "webhooks_failed") {
    return (await deliverySeries(tx, grain, fromMs, untilMs)).map(({ startMs, counts: { accepted, duplicate, variant, failed, malformed } }) => {
      const bad = failed + malformed;
      const all = accepted + duplicate + variant + bad;
      return { at: startMs, seen: measure === "webhooks" ? all : bad, of: measure === "webhooks" ? null : all };
    });
  }
  const kind = scope === null ? "all" : (SLICES[scope.dimension] ?? "all");
  const buckets = await series(tx, grain, kind, { fromMs, toMs: untilMs, live }, kind === "all" ? undefined : scope?.value);
  return buckets.map(({ startMs, measures }) => ({ at: startMs, ...countOf(measure, measures) }));
}

/**
 * What was seen around the moment an alert fired, in at most 120 steps, with the band of what was expected where it was
 * kept. Null for an alert without evidence in figures.
 */
export async function evidenceSeries(tx: Tx, alert: Alert, live: boolean, nowMs: number): Promise<EvidenceSeries | null> {
  const { evidence } = alert;
  if (evidence === null) return null;
  const { band } = evidence;
  const window = Math.max(30 * MINUTE_MS, evidence.untilMs - evidence.fromMs);
  const fromMs = Math.floor((band?.fromMs ?? evidence.fromMs - window) / MINUTE_MS) * MINUTE_MS;
  const wanted = band === null ? Math.max(evidence.untilMs, alert.resolvedAt ?? nowMs) + window : band.fromMs + band.stepMs * band.expected.length;
  const untilMs = Math.min(nowMs, wanted, fromMs + 14 * DAY_MS);
  const grain = untilMs - fromMs > 2 * DAY_MS ? "hour" : "minute";
  const unit = grain === "hour" ? 60 * MINUTE_MS : MINUTE_MS;
  const stepMs = band?.stepMs ?? Math.max(1, Math.ceil((untilMs - fromMs) / unit / MOST_POINTS)) * unit;
  const steps = Math.max(0, Math.min(MOST_POINTS * 2, Math.ceil((untilMs - fromMs) / stepMs)));
  const sums = Array.from({ length: steps }, () => ({ seen: 0, of: 0, share: false }));
  for (const { at, seen, of } of await counts(tx, evidence, live, fromMs, untilMs, grain)) {
    const sum = sums[Math.floor((at - fromMs) / stepMs)];
    if (sum === undefined) continue;
    sum.seen += seen;
    sum.of += of ?? 0;
    sum.share ||= of !== null;
  }
  const points = sums.map(({ seen, of, share }, index) => ({
    at: fromMs + index * stepMs,
    seen,
    of: share ? of : null,
    expected: band?.expected[index] ?? null,
    low: band?.low[index] ?? null,
    high: band?.high[index] ?? null,
  }));
  return { stepMs, points };
}
