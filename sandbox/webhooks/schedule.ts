/** Waits between the attempts of one delivery. Stripe publishes no schedule, only that gaps grow. */
const LIVE_GAPS_MS = [5_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 5 * 3_600_000, 10 * 3_600_000, 10 * 3_600_000, 12 * 3_600_000, 12 * 3_600_000, 12 * 3_600_000];
/** In test mode three more attempts over a few hours. */
const TEST_GAPS_MS = [60_000, 20 * 60_000, 2 * 3_600_000];

export type AttemptResult = { kind: "status"; status: number } | { kind: "unreachable"; reason: string };

export type DeliveryVerdict = { kind: "delivered" } | { kind: "retry"; atMs: number; reason: string } | { kind: "given_up"; reason: string };

/**
 * What follows from one attempt.
 * @param attempt 1 for the first
 * @param haste divides the waits; 1 is Stripe's pace
 */
export function verdictOn(result: AttemptResult, attempt: number, nowMs: number, livemode: boolean, haste: number): DeliveryVerdict {
  // Any 2xx is success; a redirect is not followed and counts as failure.
  if (result.kind === "status" && result.status >= 200 && result.status < 300) return { kind: "delivered" };
  const reason = result.kind === "status" ? `answered ${result.status}` : result.reason;
  const gap = (livemode ? LIVE_GAPS_MS : TEST_GAPS_MS)[attempt - 1];
  if (gap === undefined) return { kind: "given_up", reason };
  return { kind: "retry", atMs: nowMs + Math.max(1, Math.round(gap / haste)), reason };
}

/** Users report that an endpoint that only fails is switched off after nine days. */
export const DISABLE_AFTER_MS = 9 * 86_400_000;
