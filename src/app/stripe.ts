import { AppError, Secret } from "../platform/index.ts";
import { openStripe, type StripeApi } from "../stripe/index.ts";
import type { Config } from "./config.ts";

/** Stripe, or the sandbox once it has started. */
export interface StripeSource {
  /** Null while there is none yet. */
  known(): StripeApi | null;
  /** @throws AppError `unavailable` while there is none yet. */
  need(): StripeApi;
  /** The sandbox answers there. Has no meaning when there is a Stripe key. */
  useSandbox(url: string): void;
}

/** Any key opens the sandbox; this one says what it is. */
const SANDBOX_KEY = new Secret("sk_test_sandbox");

export function stripeSource(config: Pick<Config, "stripe" | "sandbox">): StripeSource {
  const { secretKey, apiBase, mode } = config.stripe;
  let api = secretKey === null ? null : openStripe({ secretKey, apiBase, live: mode === "live" });
  return {
    known: () => api,
    need: () => {
      if (api === null) throw new AppError("unavailable", "the sandbox is not running; start the service (make run), or set STRIPE_SECRET_KEY to use Stripe", { code: "sandbox_not_running" });
      return api;
    },
    useSandbox: (url) => {
      if (config.sandbox) api = openStripe({ secretKey: SANDBOX_KEY, apiBase: url, live: false });
    },
  };
}
