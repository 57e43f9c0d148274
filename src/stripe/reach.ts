import type { StripeApi } from "./client.ts";
import { askStripe } from "./ask.ts";

/** That Stripe answered the key. */
export interface Reached {
  /** How long the answer took, ms. */
  readonly tookMs: number;
  /** Stripe's clock, ms UTC, to the second; null when it did not say. */
  readonly serverTimeMs: number | null;
}

const TIMEOUT_MS = 4000;

/**
 * The cheapest question that tells whether Stripe can be reached and knows the key: one event of its list, which every
 * key of ours may read. Never repeated by itself.
 *
 * @throws StripeTrouble
 */
export async function reachStripe({ sdk }: Pick<StripeApi, "sdk">, monotonicMs: () => number): Promise<Reached> {
  const began = monotonicMs();
  const page = await askStripe(sdk.events.list({ limit: 1 }, { maxNetworkRetries: 0, timeout: TIMEOUT_MS }));
  const date = Date.parse(page.lastResponse.headers["date"] ?? "");
  return { tookMs: Math.round(monotonicMs() - began), serverTimeMs: Number.isFinite(date) ? date : null };
}
