/** How events come in, as far as it bears on whether something that seems missing is missing. Times in ms UTC. */
export interface IngestFacts {
  /** The last authentic delivery; null when none ever came. */
  readonly lastDeliveryAt: number | null;
  /** Until when Stripe was asked for what did not come by itself; null when it is not asked. */
  readonly comparedUntil: number | null;
  /** What keeps it from being asked, in words; null when nothing does. */
  readonly trouble: string | null;
}

export type Gate =
  /** What is missing is missing. */
  | { readonly kind: "open" }
  /** It may have happened, and we were not told. */
  | { readonly kind: "closed"; readonly sinceMs: number; readonly reason: string };

/** Deliveries come within seconds; so long without any, inside a window that seems low, they may be what is missing. */
const SILENT_MS = 2 * 60_000;

/**
 * May a dip that ends at `untilMs` be believed? Only when nothing that belongs into it can still be under way: Stripe was
 * asked beyond its end, or deliveries go on arriving. Else it is our ingest that has an alarm, and the dip is judged again
 * when Stripe was asked (every five minutes).
 */
export function gateOf(facts: IngestFacts, untilMs: number, nowMs: number): Gate {
  const { lastDeliveryAt, comparedUntil, trouble } = facts;
  if (comparedUntil !== null && comparedUntil >= untilMs) return { kind: "open" };
  const silentFor = nowMs - (lastDeliveryAt ?? 0);
  if (lastDeliveryAt !== null && silentFor < SILENT_MS) return { kind: "open" };
  const heard = lastDeliveryAt === null ? "no delivery ever came" : `the last delivery came at ${clock(lastDeliveryAt)}`;
  const asked = comparedUntil === null ? "and Stripe is not asked for what is missing (ingest.sweep is off)" : `and Stripe was asked for what is missing only until ${clock(comparedUntil)}`;
  return { kind: "closed", sinceMs: lastDeliveryAt ?? untilMs, reason: `${heard}, ${asked}${trouble === null ? "" : ` (${trouble})`}` };
}

const clock = (ms: number): string => `${new Date(ms).toISOString().slice(11, 16)} UTC`;
