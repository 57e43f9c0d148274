import type { CheckResult, HealthCheck } from "../health/index.ts";
import { judgeClock, sweepStatus } from "../ingest/index.ts";
import { AppError, type Clock, type Database } from "../platform/index.ts";
import { reachStripe, type StripeApi } from "../stripe/index.ts";
import type { Config } from "./config.ts";

/** What came of asking Stripe. */
type Look =
  | { readonly kind: "reached"; readonly at: number; readonly tookMs: number; readonly skewMs: number | null }
  | { readonly kind: "failed"; readonly at: number; readonly sinceMs: number; readonly code: string; readonly text: string };

/** Stripe's allowance of reads is for the sweep; who asks for health oftener gets the last answer. */
const GOOD_MS = 5 * 60_000;
const BAD_MS = 60_000;
/** The next sweep is late by so much before anybody else asks. */
const SWEPT_MS = 60_000;
/** Shorter troubles of Stripe's or the network's pass. */
const LONG_MS = 10 * 60_000;

export interface StripeLook {
  look(): Promise<Look>;
}

/** Asks Stripe at most every five minutes (every minute while it fails), one question at a time. */
export function stripeLook(api: () => Promise<StripeApi>, clock: Clock): StripeLook {
  let last: Look | null = null;
  let asking: Promise<Look> | null = null;
  const ask = async (): Promise<Look> => {
    try {
      const { tookMs, serverTimeMs } = await reachStripe(await api(), () => performance.now());
      return { kind: "reached", at: clock.now(), tookMs, skewMs: serverTimeMs === null ? null : serverTimeMs - clock.now() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { kind: "failed", at: clock.now(), sinceMs: last?.kind === "failed" ? last.sinceMs : clock.now(), code: error.code, text: error.message };
    }
  };
  return {
    look: async () => {
      const age = last === null ? Number.POSITIVE_INFINITY : clock.now() - last.at;
      if (last !== null && age >= 0 && age < (last.kind === "reached" ? GOOD_MS : BAD_MS)) return last;
      asking ??= ask().finally(() => {
        asking = null;
      });
      last = await asking;
      return last;
    },
  };
}

/** These do not pass by themselves. */
const REFUSED = new Set(["stripe_key_refused", "stripe_key_expired"]);

export interface StripeCheckParts {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  /** Left out by who only wants what is written down. */
  readonly stripe?: StripeLook;
}

function judged(look: Look, about: string, nowMs: number): CheckResult {
  if (look.kind === "reached") return { state: "ok", figure: `answered within ${look.tookMs} ms, ${Math.round((nowMs - look.at) / 1000)} s ago; ${about}` };
  const long = REFUSED.has(look.code) || nowMs - look.sinceMs > LONG_MS;
  return { state: long ? "down" : "degraded", figure: `not answered since ${new Date(look.sinceMs).toISOString().slice(0, 19)}Z; ${about}`, sinceMs: look.sinceMs, todo: look.text };
}

/** Check `stripe`: that it answers the key. What the sweep heard within minutes is answer enough. */
export function stripeCheck({ db, config, clock, stripe }: StripeCheckParts): HealthCheck {
  return {
    name: "stripe",
    timeoutMs: 5000,
    run: async () => {
      if (!config.sandbox && config.stripe.webhookSecrets.length === 0) return { state: "down", figure: "no webhook secret", todo: "set STRIPE_WEBHOOK_SECRET to the whsec_… of the endpoint; until then every delivery is refused" };
      const about = config.sandbox ? "sandbox: the built-in stand-in, not Stripe" : `${config.stripe.mode} mode, ${config.stripe.webhookSecrets.length} webhook secret(s)`;
      const swept = config.ingest.sweep ? await sweepStatus(db.read, null) : null;
      const last = swept?.trouble === null ? swept.last : null;
      const age = last === null ? null : clock.now() - last.at;
      if (age !== null && age >= 0 && age < (swept?.everyMs ?? 0) + SWEPT_MS) return { state: "ok", figure: `answered the sweep ${Math.round(age / 1000)} s ago; ${about}` };
      return stripe === undefined ? { state: "unknown", figure: about, todo: "not asked; the running service asks" } : judged(await stripe.look(), about, clock.now());
    },
  };
}

/** Check `clock`: ours against Stripe's, whose signatures are refused when they are five minutes apart. */
export function clockCheck({ db, config, stripe }: StripeCheckParts): HealthCheck {
  return {
    name: "clock",
    timeoutMs: 5000,
    run: async () => {
      const swept = config.ingest.sweep ? ((await sweepStatus(db.read, null))?.skewMs ?? null) : null;
      const look = swept === null && stripe !== undefined ? await stripe.look() : null;
      const skewMs = swept ?? (look?.kind === "reached" ? look.skewMs : null);
      if (skewMs === null) return { state: "unknown", figure: "not yet compared with Stripe's", todo: "the next answer of Stripe's says it" };
      const { state, todo } = judgeClock(skewMs);
      return { state, figure: `${Math.round(skewMs / 1000)} s from Stripe's`, ...(todo === null ? {} : { todo }) };
    },
  };
}
