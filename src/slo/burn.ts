import { badOf, burnRate, type BurnLimit, type BurnSeverity, type Counts, type Slo } from "./objective.ts";

/** Counts of one look-back window, ms long. */
export interface WindowCounts extends Counts {
  readonly ms: number;
}

/** What one limit says. `held`: over the limit, on too few events to wake somebody. */
export interface BurnVerdict {
  readonly limit: BurnLimit;
  readonly long: WindowCounts;
  readonly short: WindowCounts;
  readonly longBurn: number | null;
  readonly shortBurn: number | null;
  readonly kind: "fires" | "held" | "quiet" | "no_data";
}

/** All windows that a set of limits looks at, shortest first, each once. */
export function windowsOf(limits: readonly BurnLimit[]): number[] {
  return [...new Set(limits.flatMap(({ longMs, shortMs }) => [shortMs, longMs]))].sort((one, other) => one - other);
}

function windowOf(windows: readonly WindowCounts[], ms: number): WindowCounts {
  return windows.find((window) => window.ms === ms) ?? { ms, good: 0, total: 0 };
}

/**
 * Pure. Both windows must reach the limit: the long one says that it matters, the short one that it still goes on. A
 * burn is proven by a least number of bad events, not by a least number of events: five payments of five that fail are
 * worth a page, one of one is not.
 */
export function judgeBurn({ objectivePpm, minBad }: Pick<Slo, "objectivePpm" | "minBad">, limit: BurnLimit, windows: readonly WindowCounts[]): BurnVerdict {
  const [long, short] = [windowOf(windows, limit.longMs), windowOf(windows, limit.shortMs)];
  const [longBurn, shortBurn] = [burnRate(long, objectivePpm), burnRate(short, objectivePpm)];
  const found = { limit, long, short, longBurn, shortBurn };
  if (longBurn === null) return { ...found, kind: "no_data" };
  // Nothing in the short window is no sign that it goes on.
  if (longBurn < limit.burn || shortBurn === null || shortBurn < limit.burn) return { ...found, kind: "quiet" };
  return { ...found, kind: badOf(long) < minBad ? "held" : "fires" };
}

const RANK = { fires: 3, held: 2, quiet: 1, no_data: 0 } as const;

/** The worst that the limits of a severity say; null when there is no such limit. */
export function worstBurn(slo: Pick<Slo, "objectivePpm" | "minBad" | "limits">, severity: BurnSeverity, windows: readonly WindowCounts[]): BurnVerdict | null {
  const verdicts = slo.limits.filter((limit) => limit.severity === severity).map((limit) => judgeBurn(slo, limit, windows));
  return verdicts.reduce<BurnVerdict | null>((worst, one) => (worst === null || RANK[one.kind] > RANK[worst.kind] ? one : worst), null);
}
